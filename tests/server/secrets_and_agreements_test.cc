// SPDX-License-Identifier: Apache-2.0
#include <absl/strings/str_cat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "protos/sha256.h"
#include "server/agreements.h"
#include "server/errors.h"
#include "server/log.h"
#include "server/secret_key.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

// A fresh folder that is removed with everything in it.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "closure-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    REQUIRE(chmod(file.c_str(), mode) == 0);
    return file.string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST_CASE("a secret key file that others can read, that is short, or that is a symlink is refused", "[secret]") {
  const Folder folder;
  CHECK(SecretKey::Load(folder.Write("good", std::string(32, 'k'))).ok());
  CHECK(SecretKey::Load(folder.Write("read-only", std::string(32, 'k'), 0400)).ok());
  for (const mode_t mode : {0640, 0604, 0660, 0610}) {
    const absl::Status refused = SecretKey::Load(folder.Write("open", std::string(32, 'k'), mode)).status();
    CHECK(absl::IsFailedPrecondition(refused));
    CHECK(refused.ToString().find("chmod 600") != std::string::npos);
  }
  CHECK(absl::IsFailedPrecondition(SecretKey::Load(folder.Write("short", std::string(31, 'k'))).status()));
  CHECK(absl::IsFailedPrecondition(SecretKey::Load(folder.Write("long", std::string(5000, 'k'))).status()));
  REQUIRE(symlink((folder / "good").c_str(), (folder / "link").c_str()) == 0);
  CHECK(absl::IsFailedPrecondition(SecretKey::Load(folder / "link").status()));
  CHECK(absl::IsFailedPrecondition(SecretKey::Load(folder.path()).status()));
  CHECK(absl::IsNotFound(SecretKey::Load(folder / "absent").status()));
}

TEST_CASE("a secret key is made once, for its owner alone", "[secret]") {
  const Folder folder;
  const std::string path = folder / "secret.key";
  const absl::StatusOr<SecretKey> made = SecretKey::LoadOrCreate(path);
  REQUIRE(made.ok());
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK(info.st_size == 32);
  const absl::StatusOr<SecretKey> again = SecretKey::LoadOrCreate(path);
  REQUIRE(again.ok());
  CHECK(again->Tombstone("1") == made->Tombstone("1"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a code is six digits that follow from key and challenge", "[secret][R44]") {
  const SecretKey key = SecretKey::FromBytes(std::string(32, 'k'));
  const SecretKey other = SecretKey::FromBytes(std::string(32, 'o'));
  std::set<std::string> codes;
  for (int i = 0; i < 100; ++i) {
    const std::string challenge = RandomId();
    const std::string code = key.IdentityCode(challenge);
    REQUIRE(code.size() == 6);
    CHECK(code.find_first_not_of("0123456789") == std::string::npos);
    CHECK(key.IsIdentityCode(challenge, code));
    codes.insert(code);
  }
  CHECK(codes.size() > 90);
  const std::string code = key.IdentityCode("challenge");
  CHECK_FALSE(key.IsIdentityCode("challenge", ""));
  CHECK_FALSE(key.IsIdentityCode("challenge", code + "0"));
  CHECK_FALSE(key.IsIdentityCode("challenge", code.substr(0, 5)));
  CHECK_FALSE(key.IsIdentityCode("challenge2", code));
  CHECK_FALSE(other.IsIdentityCode("challenge", code));
}

TEST_CASE("tombstones and hashes of personal data are keyed and apart from each other", "[secret][D12][D13]") {
  const SecretKey key = SecretKey::FromBytes(std::string(32, 'k'));
  CHECK(key.Tombstone("1").size() == 64);
  CHECK(key.Tombstone("1") != key.Tombstone("2"));
  CHECK(key.Tombstone("1") != SecretKey::FromBytes(std::string(32, 'o')).Tombstone("1"));
  CHECK(key.PersonalDataHash("c", "a@b") != key.PersonalDataHash("d", "a@b"));
  CHECK(key.PersonalDataHash("c", "1") != key.Tombstone("c"));
  CHECK(key.PersonalDataHash("ab", "c") != key.PersonalDataHash("a", "bc"));
}

TEST_CASE("random ids are 32 hexadecimal digits and differ; SHA-256 is the known one", "[secret]") {
  CHECK(RandomId().size() == 32);
  CHECK(RandomId().find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(RandomId() != RandomId());
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("the highest agreement version is the current one, and languages fall back", "[R45]") {
  const absl::StatusOr<Agreements> agreements = Agreements::FromTexts({{{"2025-12", "en"}, "old"},
                                                                       {{"2026-01", "en"}, "new"},
                                                                       {{"2026-01", "zh"}, "新"},
                                                                       {{"2026-01", "zh-Hant"}, "新的"}});
  REQUIRE(agreements.ok());
  CHECK(agreements->current_version() == "2026-01");
  CHECK(agreements->Find("", "")->text() == "new");
  CHECK(agreements->Find("", "zh-Hans")->text() == "新");
  CHECK(agreements->Find("", "zh-Hant")->text() == "新的");
  CHECK(agreements->Find("", "fr")->language_code() == "en");
  CHECK(agreements->Find("2025-12", "zh")->text() == "old");
  CHECK_FALSE(agreements->Find("2025-12", "en")->current());
  CHECK(agreements->Find("2026-01", "en")->current());
  CHECK(agreements->Find("2026-01", "en")->digest() == Sha256Hex("new"));
  CHECK(ReasonOf(agreements->Find("2024-01", "en").status()) == v1::AGREEMENT_NOT_FOUND);
}

TEST_CASE("the shipped agreements load from their folder and are those in the program", "[R45]") {
  const absl::StatusOr<Agreements> loaded = Agreements::Load(absl::StrCat(CLOSURE_SOURCE_DIR, "/agreements"));
  INFO(loaded.status().ToString());
  REQUIRE(loaded.ok());
  const absl::StatusOr<Agreements> embedded = Agreements::FromTexts(EmbeddedAgreementTexts());
  REQUIRE(embedded.ok());
  for (const std::string language : {"en", "zh"})
    CHECK(loaded->Find("", language)->digest() == embedded->Find("", language)->digest());
  CHECK(loaded->Find("", "en")->digest() != loaded->Find("", "zh")->digest());
}

TEST_CASE("the shipped agreement says what closing means", "[R2][R3][R4][R5][R6][R7][R18][R57][R59][R60][R63]") {
  const absl::StatusOr<Agreements> agreements = Agreements::FromTexts(EmbeddedAgreementTexts());
  REQUIRE(agreements.ok());
  const std::string en = agreements->Find("", "en")->text();
  for (const std::string phrase :
       {"permanent and irreversible", "cannot be recovered", "cannot sign in", "create a new account",
        "invoices cannot be", "Other accounts are not affected", "third-party accounts are deleted",
        "neither revoked nor shortened", "1,000 USD or less", "10 USD or less", "cannot be withdrawn",
        "logged out of every session", "AliyunServiceRoleForAccountDeletion", "start again from the beginning",
        "by text message and by mail"}) {
    INFO(phrase);
    CHECK(en.find(phrase) != std::string::npos);
  }
  const std::string zh = agreements->Find("", "zh")->text();
  for (const std::string phrase :
       {"不可逆转", "无法恢复", "无法登录", "其他账号不受", "既不能撤销，也不能缩短", "1,000 美元", "10 美元",
        "无法提现", "退出所有会话", "AliyunServiceRoleForAccountDeletion", "从头重新开始", "短信和邮件"}) {
    INFO(phrase);
    CHECK(zh.find(phrase) != std::string::npos);
  }
}

TEST_CASE("an agreement without English, empty, too long or not UTF-8 is refused with its file", "[R45]") {
  const auto refusal = [](const std::vector<std::pair<std::string, std::string>>& files) {
    const Folder folder;
    for (const auto& [name, text] : files) folder.Write(name, text);
    return Agreements::Load(folder.path()).status();
  };
  CHECK(refusal({{"v1/en.txt", "text"}, {"v1/notes.md", "no text"}, {"README", "x"}}).ok());
  CHECK(absl::IsFailedPrecondition(refusal({{"v1/zh.txt", "text"}})));
  CHECK(absl::IsFailedPrecondition(refusal({{"v1/en.txt", "text"}, {"v2/notes.md", "x"}})));
  CHECK(absl::IsFailedPrecondition(refusal({{"v1/en.txt", " \n"}})));
  CHECK(absl::IsFailedPrecondition(refusal({{"v1/en.txt", "\xff"}})));
  CHECK(absl::IsFailedPrecondition(refusal({{"v1/en.txt", std::string(200'001, 'x')}})));
  CHECK(absl::IsFailedPrecondition(refusal({{"v1/en.txt", "x"}, {"v1/e_n.txt", "x"}})));
  CHECK(refusal({{"v1/en.txt", ""}}).ToString().find("v1/en.txt") != std::string::npos);
  CHECK(absl::IsNotFound(refusal({})));
  CHECK(absl::IsNotFound(Agreements::Load("/nowhere/agreements").status()));
}

TEST_CASE("a log line is one line of JSON whatever is in it", "[log]") {
  const absl::Time time = absl::FromUnixMicros(1782896400123456);
  CHECK(FormatLogLine(time, LogLevel::kInfo, "serving", {{"address", "127.0.0.1:1"}}) ==
        R"({"time":"2026-07-01T09:00:00.123456Z","level":"info","msg":"serving","address":"127.0.0.1:1"})");
  CHECK(FormatLogLine(time, LogLevel::kError, "a \"b\"\n\\", {{"k", "\x01\xff账"}}) ==
        "{\"time\":\"2026-07-01T09:00:00.123456Z\",\"level\":\"error\",\"msg\":\"a "
        "\\\"b\\\"\\u000a\\\\\",\"k\":\"\\u0001\\ufffd账\"}");
  CHECK(FormatLogLine(time, LogLevel::kWarning, std::string(10'000, 'x'), {}).size() < 2200);
  CHECK(FormatLogLine(time, LogLevel::kInfo, "m", {{"yes", true}, {"no", false}, {"text", std::string("true")}}) ==
        R"({"time":"2026-07-01T09:00:00.123456Z","level":"info","msg":"m","yes":true,"no":false,"text":"true"})");
}

}  // namespace
}  // namespace closure
