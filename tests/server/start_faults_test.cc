// SPDX-License-Identifier: Apache-2.0
// What keeps a server from starting, and what is said about it.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "server/closured_server.h"
#include "server/config.h"
#include "server/die.h"
#include "server/log.h"
#include "server/named_files.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/support/last_words.h"
#include "tests/support/manual_clock.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

// A folder with everything that a production configuration names, removed with everything in it.
class Machine {
 public:
  Machine() {
    std::string pattern = (fs::temp_directory_path() / "closure-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    Write("secret.key", std::string(32, 'k'));
    Write("agreements/2026-01/en.txt", "text");
    config_ = WithDefaults({});
    config_.set_listen_address("unix:" + Path("closured.sock"));
    config_.set_database_path(Path("closures.db"));
    config_.set_secret_key_file(Path("secret.key"));
    config_.set_agreements_path(Path("agreements"));
  }
  ~Machine() { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
    REQUIRE(chmod(Path(name).c_str(), mode) == 0);
  }
  config::v1::ServerConfig& config() { return config_; }
  std::string Faults() const { return std::string(CheckNamedFiles(config_).message()); }

 private:
  fs::path folder_;
  config::v1::ServerConfig config_;
};

TEST_CASE("a configuration whose files are there and safe is right, and looking changes nothing", "[config]") {
  Machine machine;
  CHECK(machine.Faults().empty());
  CHECK_FALSE(fs::exists(machine.Path("closures.db")));
  machine.Write("closures.db", "a database");
  CHECK(machine.Faults().empty());
}

TEST_CASE("every file that is missing is told on a line of its own with its key, its path and what to do", "[config]") {
  Machine machine;
  machine.config().set_listen_address("unix:" + machine.Path("run/closured.sock"));
  machine.config().set_database_path(machine.Path("lib/closures.db"));
  machine.config().set_secret_key_file(machine.Path("etc/secret.key"));
  machine.config().set_agreements_path(machine.Path("share/agreements"));
  const std::string faults = machine.Faults();
  INFO(faults);
  CHECK(faults.starts_with("listen_address: " + machine.Path("run") + ": the folder cannot be used: "));
  CHECK(faults.find("\ndatabase_path: " + machine.Path("lib") + ": the folder cannot be used: ") != std::string::npos);
  CHECK(faults.find("install -d -o USER -g GROUP -m 0700 " + machine.Path("lib")) != std::string::npos);
  CHECK(faults.find("\nsecret_key_file: " + machine.Path("etc/secret.key") + ": not there; ") != std::string::npos);
  CHECK(faults.find("install -d -o root -g GROUP -m 0750 " + machine.Path("etc") + "; (umask 077; head -c 32") !=
        std::string::npos);
  CHECK(faults.find("; chown USER:GROUP " + machine.Path("etc/secret.key")) != std::string::npos);
  CHECK(faults.find("\nagreements_path: " + machine.Path("share/agreements") + ": ") != std::string::npos);
  CHECK(std::count(faults.begin(), faults.end(), '\n') == 3);
}

TEST_CASE("files and folders that others can get at are refused with the command that mends it", "[config][secret]") {
  Machine machine;
  machine.Write("secret.key", std::string(32, 'k'), 0640);
  CHECK(machine.Faults().find("chmod 600 " + machine.Path("secret.key")) != std::string::npos);
  machine.Write("secret.key", std::string(32, 'k'));
  for (const mode_t mode : {0604U, 0640U, 0660U}) {
    machine.Write("closures.db", "a database", mode);
    CHECK(
        machine.Faults().starts_with("database_path: " + machine.Path("closures.db") + ": is open to group or others"));
    CHECK(machine.Faults().find("chmod 600 " + machine.Path("closures.db")) != std::string::npos);
  }
  machine.Write("closures.db", "a database", 0600);
  REQUIRE(chmod(machine.Path("").c_str(), 0777) == 0);
  CHECK(machine.Faults().find("lets everybody replace the database") != std::string::npos);
  REQUIRE(chmod(machine.Path("").c_str(), 01777) == 0);
  CHECK(machine.Faults().empty());
}

TEST_CASE("what has the name of the database or the socket and is something else is refused", "[config]") {
  Machine machine;
  fs::create_directories(machine.Path("closures.db"));
  machine.Write("closured.sock", "no socket");
  const std::string faults = machine.Faults();
  CHECK(faults.find("listen_address: " + machine.Path("closured.sock") + ": is there and is no socket") !=
        std::string::npos);
  CHECK(faults.find("database_path: " + machine.Path("closures.db") + ": is not a plain file") != std::string::npos);
}

TEST_CASE("a database that the start refuses is refused by the check of the configuration in the same words",
          "[config]") {
  Machine machine;
  machine.Write("closures.db", "a database");
  std::string words;
  SECTION("a symbolic link") {
    fs::create_symlink(machine.Path("closures.db"), machine.Path("link.db"));
    machine.config().set_database_path(machine.Path("link.db"));
    words = ": is a symbolic link; name the file itself";
  }
  SECTION("open to the group") {
    machine.Write("closures.db", "a database", 0640);
    words = ": is open to group or others (mode 0640); run: chmod 600 ";
  }
  if (geteuid() == 0) {
    SECTION("another user's") {
      constexpr uid_t kNobody = 65534;
      REQUIRE(chown(machine.Path("closures.db").c_str(), kNobody, kNobody) == 0);
      words = ": belongs to nobody, and closured runs as root: run it as nobody (runuser -u nobody -- ...), or give ";
    }
  }
  if (words.empty()) return;  // a section that only root can walk
  const std::string& path = machine.config().database_path();
  const absl::Status start = SqliteClosureStore::Open({.path = path}).status();
  CHECK(std::string(start.message()).starts_with("database " + path + words));
  CHECK(machine.Faults().starts_with("database_path: " + path + words));
}

TEST_CASE("every fault of the agreements is told, each with its file", "[config][R45]") {
  Machine machine;
  machine.Write("agreements/2026-01/en.txt", " ");
  machine.Write("agreements/2026-02/zh.txt", "text");
  machine.Write("agreements/2026-03/e_n.txt", "text");
  const std::string faults = machine.Faults();
  INFO(faults);
  for (const char* part : {"2026-01/en.txt: the text is empty", "2026-02: there is no en.txt", "2026-03/e_n.txt: "})
    CHECK(faults.find(part) != std::string::npos);
  CHECK(std::count(faults.begin(), faults.end(), '\n') == 2);
}

// A clock on a machine that does not tell the name of its boot.
class NamelessBoot final : public Clock {
 public:
  ClockReading Read() const override {
    ClockReading reading = clock_.Read();
    reading.boot_id.clear();
    return reading;
  }
  void OnMoved(std::function<void()>) override {}

 private:
  ManualClock clock_;
};

TEST_CASE("a server whose machine does not name its boot does not start: no time could be trusted", "[time][R18]") {
  CHECK(CheckClock(ManualClock()).ok());
  NamelessBoot clock;
  const absl::Status refused = ClosuredServer::Make({.config = WithDefaults({}),
                                                     .clock = &clock,
                                                     .secret_key = SecretKey::FromBytes(std::string(32, 'k')),
                                                     .agreements = *Agreements::FromTexts(EmbeddedAgreementTexts())})
                                   .status();
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(
      std::string(refused.message()).starts_with("clock: /proc/sys/kernel/random/boot_id cannot be read or is empty"));
}

TEST_CASE("what cannot be ends the process with an event of the log, or in plain text before there is one", "[log]") {
  CHECK(LastWordsOf([] { Impossible("two moons"); }) == "closured: impossible: two moons\n");
  const std::string line = LastWordsOf([] {
    const ManualClock clock;
    Log log(&clock);
    const DyingWords dying_words(log);
    Impossible("two moons");
  });
  CHECK(line ==
        "{\"time\":\"2026-07-01T09:00:00.000000Z\",\"level\":\"error\",\"msg\":\"the process ends: this cannot be, and "
        "going on would do harm\",\"error\":\"impossible: two moons\"}\n");
}

}  // namespace
}  // namespace closure
