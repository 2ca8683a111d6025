// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/damage.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/conformance.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/open_store.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using sqlite::Connection;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};

unsigned ModeOf(const std::string& path) {
  struct stat facts = {};
  REQUIRE(lstat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

// What the test does to a file, past the store.
std::unique_ptr<Connection> OpenRaw(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Access::kReadWrite);
  REQUIRE(connection.ok());
  return *std::move(connection);
}

using Catch::Matchers::Contains;

TEST_CASE("a database is readable by its owner only", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  const mode_t before = umask(0);
  const auto store = MustOpen({.path = path});
  umask(before);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) CHECK(ModeOf(path + suffix) == 0600);
}

TEST_CASE("a database that others can read, a link and a missing directory are refused", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});
  CHECK_THAT(Refusal({.path = directory.Path("none/closure.db")}), Contains("none does not exist; make it"));
  std::filesystem::create_symlink(path, directory.Path("link.db"));
  CHECK_THAT(Refusal({.path = directory.Path("link.db")}), Contains("is a symbolic link"));
  CHECK_THAT(Refusal({.path = directory.Path("")}), Contains("is not a plain file"));
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    CHECK_THAT(Refusal({.path = path}), Contains("is open to group or others") && Contains("chmod 600"));
  }
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  CHECK(Refusal({.path = path}).empty());
}

TEST_CASE("a dev database is never opened in production, nor a production database by dev", "[sqlite][R18]") {
  const TemporaryDirectory directory;
  const std::string dev = directory.Path("dev.db");
  const std::string production = directory.Path("production.db");
  MustOpen({.path = dev, .deployment = Deployment::kDev});
  MustOpen({.path = production, .deployment = Deployment::kProduction});
  CHECK_THAT(Refusal({.path = dev, .deployment = Deployment::kProduction}),
             Contains(dev) && Contains("made by `closured dev`") && Contains("give production a path of its own"));
  CHECK_THAT(Refusal({.path = production, .deployment = Deployment::kDev}),
             Contains(production) && Contains("is a production database"));
  CHECK(Refusal({.path = dev, .deployment = Deployment::kDev}).empty());
  CHECK(Refusal({.path = production, .deployment = Deployment::kProduction}).empty());
  SECTION("one of the two marks alone does not turn it") {
    {
      const auto raw = OpenRaw(dev);
      REQUIRE(raw->SetApplicationId(0x434c5350).ok());
    }
    CHECK_THAT(Refusal({.path = dev, .deployment = Deployment::kProduction}), Contains("contradicting marks"));
  }
}

TEST_CASE("a database is bound to the secret key of its first closure", "[sqlite][secret][D13]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});  // made before there was a check
  // While it is empty every key is as good as the one before.
  MustOpen({.path = path, .key_check = "another"});
  {
    const auto store = MustOpen({.path = path, .key_check = "first"});
    absl::Status applied;
    store->Apply(Creation(kKey), [&applied](absl::Status status) { applied = std::move(status); });
    store->Drain();
    REQUIRE(applied.ok());
  }
  CHECK_FALSE(Refusal({.path = path, .key_check = "another"}).empty());
  CHECK_THAT(Refusal({.path = path, .key_check = "second"}),
             Contains(path) && Contains("was made with another secret key") && Contains("from the backup"));
  CHECK(Refusal({.path = path, .key_check = "first"}).empty());
}

TEST_CASE("a newer schema and a foreign database are refused and not changed", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});
  REQUIRE(OpenRaw(path)->SetSchemaVersion(99).ok());
  CHECK_THAT(Refusal({.path = path}), Contains("has schema version 99, this program knows up to 1"));
  const std::string foreign = directory.Path("foreign.db");
  { std::ofstream(foreign).close(); }
  REQUIRE(chmod(foreign.c_str(), 0600) == 0);
  REQUIRE(OpenRaw(foreign)->RunScript("CREATE TABLE diary (day TEXT)").ok());
  const auto size = std::filesystem::file_size(foreign);
  CHECK_THAT(Refusal({.path = foreign}), Contains("is not a database of closured"));
  CHECK(std::filesystem::file_size(foreign) == size);
}

void Damage(const std::string& path, std::size_t from, std::size_t size) {
  Overwrite(path, from, std::vector<unsigned char>(size, 0xa5));
}

TEST_CASE("a file that is no database, or damaged where a start reads it, is refused as data corruption", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});
  SECTION("no database") { Damage(path, 0, 64); }
  SECTION("damaged") { Damage(path, 4096, std::filesystem::file_size(path) - 4096); }
  SECTION("cut off") { std::filesystem::resize_file(path, std::filesystem::file_size(path) - 4096); }
  const auto store = SqliteClosureStore::Open({.path = path});
  CHECK(absl::IsUnavailable(store.status()));
  CHECK(IsDamage(store.status()));
  CHECK_THAT(std::string(store.status().message()), Contains(path + ": data corruption"));
}

TEST_CASE("after data corruption was met nothing is written any more", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});
  const auto store = MustOpen({.path = path});
  const auto apply = [&store](const ClosureKey& key) {
    absl::Status answer;
    store->Apply(Creation(key), [&answer](absl::Status status) { answer = std::move(status); });
    store->Drain();
    return answer;
  };
  Damage(path, 4096, std::filesystem::file_size(path) - 4096);
  const MarkWatch mark(Mark::kWriteRefusedForDamage);
  const auto met = store->FindOpenClosure("1001");
  CHECK(absl::IsUnavailable(met.status()));
  const absl::Status refused = apply(kKey);
  CHECK(absl::IsUnavailable(refused));
  CHECK_THAT(std::string(refused.message()), Contains("data corruption"));
  CHECK(mark.reached());
}

TEST_CASE("what a process had leased is taken back by the next start, or when the lease runs out", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  const auto lease = [](SqliteClosureStore& store, absl::Duration later = absl::ZeroDuration()) {
    std::size_t leased = 0;
    store.LeaseDueTasks(kNow + later, kNow + later + absl::Minutes(2), 10,
                        [&leased](auto tasks) { leased = tasks.ok() ? tasks->size() : 0; });
    store.Drain();
    return leased;
  };
  {
    const auto store = MustOpen({.path = path});
    Commit commit = Creation(kKey);
    commit.add_tasks.push_back(NewTask(kKey, "a"));
    store->Apply(std::move(commit), [](const absl::Status&) {});
    store->Drain();
    REQUIRE(lease(*store) == 1);
    REQUIRE(lease(*store) == 0);
  }
  const MarkWatch mark(Mark::kLeasesTakenBack);
  const auto store = MustOpen({.path = path});
  CHECK(mark.reached());
  CHECK(lease(*store) == 1);
  const MarkWatch run_out(Mark::kLeaseRanOut);
  CHECK(lease(*store, absl::Minutes(1)) == 0);
  CHECK_FALSE(run_out.reached());
  CHECK(lease(*store, absl::Minutes(2)) == 1);
  CHECK(run_out.reached());
}

TEST_CASE("what a commit erases is soon gone from the log too, however busily others read", "[sqlite][D12]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  const auto store = MustOpen({.path = path});
  const auto apply = [&store](Commit commit) {
    absl::Status answer;
    store->Apply(std::move(commit), [&answer](absl::Status status) { answer = std::move(status); });
    store->Drain();
    REQUIRE(answer.ok());
  };
  const std::string address = "somebody@personal.example";
  Commit creation = Creation(kKey);
  creation.closure->add_contacts()->set_address(address);
  apply(std::move(creation));
  // The log first: what it holds may move into the file meanwhile, and never back.
  const auto holds = [&] {
    const auto is_in = [&address](const std::vector<unsigned char>& bytes) {
      return std::search(bytes.begin(), bytes.end(), address.begin(), address.end()) != bytes.end();
    };
    return is_in(ReadBytes(path + "-wal")) || is_in(ReadBytes(path));
  };
  CHECK(holds());
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) store->LoadClosure(kKey).IgnoreError();
    });
  }
  Commit erasure = Decision(*store->LoadClosure(kKey));
  erasure.closure->clear_contacts();
  erasure.erase_responses = true;
  apply(std::move(erasure));
  // The log is cut by a thread of the store, as soon as nobody is in the way.
  constexpr int kLooksMax = 100'000;
  bool held = true;
  for (int look = 0; held && look < kLooksMax; ++look) held = holds();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK_FALSE(held);
  CHECK(store->LoadClosure(kKey).ok());
}

TEST_CASE("a store that is closed leaves one file and its lock", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK_FALSE(std::filesystem::exists(path + "-shm"));
  CHECK(std::filesystem::exists(path + ".lock"));
}

TEST_CASE("two processes never use one database", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  auto store = MustOpen({.path = path});
  // The other one may be ending, so trying again may help.
  const absl::Status taken = SqliteClosureStore::Open({.path = path}).status();
  CHECK(absl::IsUnavailable(taken));
  CHECK_THAT(std::string(taken.message()),
             Contains("is in use by the process " + std::to_string(getpid())) && Contains(path + ".lock"));
  store.reset();
  CHECK(Refusal({.path = path}).empty());
}

TEST_CASE("what was acknowledged is there after the process was killed", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  int answers[2];
  REQUIRE(pipe(answers) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(answers[0]);
    auto store = SqliteClosureStore::Open({.path = path});
    if (!store.ok()) _exit(1);
    for (int number = 0;; ++number) {
      (*store)->Apply(Creation({.account_id = std::to_string(number), .closure_id = "c"}),
                      [number, &answers](absl::Status status) {
                        if (status.ok() && write(answers[1], &number, sizeof(number)) < 0) _exit(2);
                      });
      if (number % 512 == 511) (*store)->Drain();
    }
  }
  close(answers[1]);
  int last = -1;
  while (last < 1000) REQUIRE(read(answers[0], &last, sizeof(last)) == sizeof(last));
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  // What it had answered before it died.
  for (int number = 0; read(answers[0], &number, sizeof(number)) == sizeof(number);) last = number;
  close(answers[0]);
  const auto store = MustOpen({.path = path});
  int missing = 0;
  for (int number = 0; number <= last; ++number)
    missing += store->FindOpenClosure(std::to_string(number))->has_value() ? 0 : 1;
  CHECK(missing == 0);
}

TEST_CASE("a full database refuses writes, and keeps and reads what it has", "[sqlite]") {
  const TemporaryDirectory directory;
  const auto store = MustOpen({.path = directory.Path("closure.db"), .size_max_bytes = 1 << 20});
  std::vector<absl::StatusCode> codes;
  for (int number = 0; number < 40; ++number) {
    Commit commit = Creation({.account_id = std::to_string(number), .closure_id = "c"});
    commit.closure->mutable_closure()->set_cause_detail(std::string(50'000, 'x'));
    store->Apply(std::move(commit), [&codes](absl::Status status) { codes.push_back(status.code()); });
    store->Drain();
  }
  CHECK(codes.front() == absl::StatusCode::kOk);
  CHECK(codes.back() == absl::StatusCode::kUnavailable);
  for (size_t number = 0; number < codes.size(); ++number) {
    const auto open = store->FindOpenClosure(std::to_string(number));
    REQUIRE(open.ok());
    CHECK(open->has_value() == (codes[number] == absl::StatusCode::kOk));
  }
}

TEST_CASE("a meta value is kept, and the mark is no such value", "[sqlite]") {
  const TemporaryDirectory directory;
  const SqliteOptions options{.path = directory.Path("closure.db"), .deployment = Deployment::kDev};
  {
    const auto store = MustOpen(options);
    CHECK(absl::IsNotFound(store->ReadMeta("clock_offset").status()));
    CHECK(store->WriteMeta("clock_offset", "5").ok());
    CHECK(store->WriteMeta("clock_offset", "7").ok());
    CHECK(*store->ReadMeta("clock_offset") == "7");
    CHECK(absl::IsInvalidArgument(store->WriteMeta("deployment", "production")));
    CHECK(absl::IsInvalidArgument(store->WriteMeta("secret_key_check", "another")));
  }
  CHECK(*MustOpen(options)->ReadMeta("clock_offset") == "7");
}

}  // namespace
}  // namespace closure
