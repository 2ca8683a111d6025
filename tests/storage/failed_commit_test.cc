// SPDX-License-Identifier: Apache-2.0
// A COMMIT that fails after every write of its batch was done: a foreign key that is checked only then is broken.
#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"
#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/commit_queue.h"
#include "storage/sqlite/reader_pool.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/conformance.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using sqlite::Connection;

const ClosureKey kGood{.account_id = "1001", .closure_id = "c1"};
const ClosureKey kBad{.account_id = "666", .closure_id = "c2"};

// A closure of the account 666 breaks a promise that is looked at when its transaction ends, and not before.
constexpr char kTrap[] =
    "CREATE TABLE trap_owners (id INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE traps (owner INTEGER NOT NULL REFERENCES trap_owners (id) DEFERRABLE INITIALLY DEFERRED) STRICT;"
    "CREATE TRIGGER trap AFTER INSERT ON closures WHEN NEW.account_id = '666' "
    "BEGIN INSERT INTO traps (owner) VALUES (1); END;";

std::unique_ptr<Connection> OpenRaw(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Access::kReadWrite);
  REQUIRE(connection.ok());
  return *std::move(connection);
}

std::unique_ptr<SqliteClosureStore> MustOpen(const std::string& path) {
  auto store = SqliteClosureStore::Open({.path = path});
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

TEST_CASE("a commit that fails at its end is refused whole, and the next one is made", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen(path);
  REQUIRE(OpenRaw(path)->RunScript(kTrap).ok());
  auto store = MustOpen(path);
  int changes = 0;
  store->SetObserver([&changes](const StoreChange&) { ++changes; });
  const auto apply = [&store](Commit commit) {
    absl::Status answer;
    store->Apply(std::move(commit), [&answer](absl::Status status) { answer = std::move(status); });
    store->Drain();
    return answer;
  };
  Commit bad = Creation(kBad);
  bad.add_tasks.push_back(NewTask(kBad, "code/1"));
  const absl::Status refused = apply(std::move(bad));
  INFO(refused.ToString());
  CHECK(absl::IsUnavailable(refused));
  CHECK(changes == 0);
  CHECK(absl::IsNotFound(store->LoadClosure(kBad).status()));
  CHECK(*store->LoadFence(kBad.account_id) == 0);
  CHECK(store->CountTasks(kNow, kNow)->open == 0);
  CHECK(apply(Creation(kGood)).ok());
  CHECK(changes == 1);
  store = nullptr;
  store = MustOpen(path);
  CHECK(absl::IsNotFound(store->LoadClosure(kBad).status()));
  CHECK(store->LoadClosure(kGood).ok());
}

TEST_CASE("a commit that was decided on another state of the system is refused before it changes anything",
          "[sqlite]") {
  const TemporaryDirectory directory;
  const auto store = MustOpen(directory.Path("closure.db"));
  const MarkWatch run_again(Mark::kBatchRunAgain);
  Commit commit = Creation(kGood);
  SECTION("with its next version") { commit.system.emplace().set_version(8); }
  SECTION("with the version that it saw") { commit.expected_system_version = 7; }
  SECTION("with an admission too many") { commit.admission = {kNow, 0}; }
  absl::Status answer;
  store->Apply(std::move(commit), [&answer](absl::Status status) { answer = std::move(status); });
  store->Drain();
  CHECK(absl::IsAborted(answer));
  CHECK_FALSE(run_again.reached());
}

// A queue of writes over a file of the test's own, and what each write came to.
class Queue {
 public:
  Queue() {
    MustOpen(path_);
    REQUIRE(OpenRaw(path_)
                ->RunScript("CREATE TABLE written (number INTEGER PRIMARY KEY) STRICT;"
                            "CREATE TABLE promised (number INTEGER NOT NULL REFERENCES written (number)"
                            " DEFERRABLE INITIALLY DEFERRED) STRICT;")
                .ok());
    auto readers = sqlite::ReaderPool::Open(path_, 1);
    REQUIRE(readers.ok());
    readers_ = *std::move(readers);
    checkpointer_ = std::make_unique<sqlite::Checkpointer>(OpenRaw(path_), *readers_, sqlite::Checkpointer::Options());
    commits_ = std::make_unique<sqlite::CommitQueue>(OpenRaw(path_), *checkpointer_);
    commits_->SetObserver([this](const StoreChange&) { ++told_; });
  }

  // Writes a number that is told to the observer.
  void Add(int64_t number) {
    AddWrite([number](Connection& connection) { return connection.Run("INSERT INTO written VALUES (?1)", number); });
  }
  // Promises a number that nobody writes.
  void Promise(int64_t number) {
    AddWrite([number](Connection& connection) { return connection.Run("INSERT INTO promised VALUES (?1)", number); });
  }
  // Writes a number and is then refused.
  void AddInVain(int64_t number) {
    AddWrite([number](Connection& connection) {
      const absl::Status written = connection.Run("INSERT INTO written VALUES (?1)", number);
      return written.ok() ? absl::AbortedError("in vain") : written;
    });
  }
  // Keeps the writer busy while `add` adds writes, which become one batch behind that; what all of them came to.
  std::vector<absl::StatusCode> AnswersOfBatch(const std::function<void()>& add) {
    absl::Notification held;
    absl::Notification release;
    AddWrite([&held, &release](Connection&) {
      held.Notify();
      release.WaitForNotification();
      return absl::OkStatus();
    });
    held.WaitForNotification();
    add();
    release.Notify();
    return Answers();
  }
  // What the writes since the last call came to, in order.
  std::vector<absl::StatusCode> Answers() {
    commits_->Drain();
    return std::exchange(answers_, {});
  }
  std::vector<int64_t> Written() {
    const auto connection = OpenRaw(path_);
    std::vector<int64_t> numbers;
    sqlite::Statement rows = connection->Select("SELECT number FROM written ORDER BY number");
    while (*rows.Step()) numbers.push_back(rows.Int(0));
    return numbers;
  }
  int told() const { return told_; }
  // How often the observer was told of a write before each answer.
  const std::vector<int>& told_before_answer() const { return told_before_answer_; }

 private:
  void AddWrite(std::function<absl::Status(Connection&)> write) {
    commits_->Add({.run = [write = std::move(write)](Connection& connection) -> sqlite::CommitQueue::Result {
                     if (absl::Status status = write(connection); !status.ok()) return status;
                     return std::optional<StoreChange>(StoreChange());
                   },
                   .done =
                       [this](const absl::Status& status) {
                         answers_.push_back(status.code());
                         told_before_answer_.push_back(told_);
                       }});
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("queue.db");
  std::unique_ptr<sqlite::ReaderPool> readers_;
  std::unique_ptr<sqlite::Checkpointer> checkpointer_;
  // Written by the queue's thread, read after Drain.
  std::vector<absl::StatusCode> answers_;
  std::vector<int> told_before_answer_;
  int told_ = 0;
  std::unique_ptr<sqlite::CommitQueue> commits_;
};

TEST_CASE("a COMMIT that fails refuses every write of its batch, and the batches before and after it are made",
          "[sqlite]") {
  using absl::StatusCode;
  Queue queue;
  const auto answers = queue.AnswersOfBatch([&queue] {
    queue.Add(1);
    queue.Promise(7);
    queue.Add(2);
    // One that is refused for its own reason gets the same: what it was compared with is not durable.
    queue.Add(1);
  });
  CHECK(answers == std::vector<StatusCode>{StatusCode::kOk, StatusCode::kUnavailable, StatusCode::kUnavailable,
                                           StatusCode::kUnavailable, StatusCode::kUnavailable});
  CHECK(queue.told() == 1);
  CHECK(queue.Written().empty());
  queue.Add(1);
  queue.Add(2);
  CHECK(queue.Answers() == std::vector<StatusCode>{StatusCode::kOk, StatusCode::kOk});
  CHECK(queue.told() == 3);
  CHECK(queue.Written() == std::vector<int64_t>{1, 2});
}

TEST_CASE("what a refused write changed is undone, and the other writes of its batch are made", "[sqlite]") {
  using absl::StatusCode;
  const MarkWatch run_again(Mark::kBatchRunAgain);
  Queue queue;
  const auto answers = queue.AnswersOfBatch([&queue] {
    queue.Add(1);
    queue.AddInVain(7);
    queue.Add(7);
    queue.Add(1);
    queue.Add(2);
  });
  CHECK(answers == std::vector<StatusCode>{StatusCode::kOk, StatusCode::kOk, StatusCode::kAborted, StatusCode::kOk,
                                           StatusCode::kAlreadyExists, StatusCode::kOk});
  CHECK(run_again.times() == 1);
  CHECK(queue.told() == 4);
  CHECK(queue.Written() == std::vector<int64_t>{1, 2, 7});
}

TEST_CASE("the observer hears of all that became durable together before anybody is told of any", "[sqlite]") {
  Queue queue;
  const auto answers = queue.AnswersOfBatch([&queue] {
    queue.Add(1);
    queue.Add(2);
  });
  REQUIRE(answers.size() == 3);
  CHECK(queue.told_before_answer()[1] == 3);
}

TEST_CASE("a write that is refused before it changed anything costs its batch nothing", "[sqlite]") {
  using absl::StatusCode;
  const MarkWatch run_again(Mark::kBatchRunAgain);
  Queue queue;
  const auto answers = queue.AnswersOfBatch([&queue] {
    queue.Add(1);
    queue.Add(1);
    queue.Add(2);
  });
  CHECK(answers ==
        std::vector<StatusCode>{StatusCode::kOk, StatusCode::kOk, StatusCode::kAlreadyExists, StatusCode::kOk});
  CHECK_FALSE(run_again.reached());
  CHECK(queue.Written() == std::vector<int64_t>{1, 2});
}

}  // namespace
}  // namespace closure
