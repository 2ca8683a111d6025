// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_SQLITE_CLOSURE_STORE_H_
#define CLOSURE_STORAGE_SQLITE_SQLITE_CLOSURE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/commit_queue.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/reader_pool.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/scrubber.h"

namespace closure {

struct SqliteOptions {
  // The database file; made when it is missing, in a directory that exists. Beside it stand PATH.lock, PATH-wal and
  // PATH-shm.
  std::string path;
  Deployment deployment = Deployment::kProduction;
  // By what the secret key is known again whose hashes the database holds (SecretKey::Check); from the first closure
  // on no other is accepted. Empty for no check.
  std::string key_check;
  // How many reads run at the same time.
  int readers = 4;
  // What the database may grow to, in bytes, so that the disk is never full; a write beyond it is UNAVAILABLE. 0 for no
  // limit.
  int64_t size_max_bytes = 0;
  // Whether a thread compares all pages of the file with their checksums, at about ten megabytes a second, from the
  // start on and a day after each time (ADR 26). What is read for somebody is compared without it.
  bool scrub = true;
  // Told what operators should know and no caller is told: that erased data is not out of the log yet, that a page
  // cannot be read, or is damaged and free. Called on threads of the store; empty to tell nobody.
  std::function<void(std::string_view)> warn;
  // Told once after which damage, or failed sync, nothing is written any more, by the next commit at the latest; on a
  // thread that uses the store, or the one that destroys it. Empty to tell nobody.
  std::function<void(std::string_view)> tell_damage;
};

// The store in one SQLite file, for one process:
//
//   absl::StatusOr<std::unique_ptr<SqliteClosureStore>> store = SqliteClosureStore::Open({.path =
//   "/var/lib/closured/closure.db"});
//
// A commit is durable (fsync) before its `done` is called. A text or blob above 1,000,000 bytes is INVALID_ARGUMENT.
// After corruption or a failed fsync every write is UNAVAILABLE, naming it, until the file was restored and opened
// again. What still queues when the store is destroyed gets UNAVAILABLE; nothing that was answered OK is lost.
// docs/storage.md has the tables.
class SqliteClosureStore final : public ClosureStore {
 public:
  // Opens or makes the database, brings its schema up to date and takes away the leases of the process before.
  // Errors: FAILED_PRECONDITION saying what to do when the directory is missing, the file is not this user's alone
  // (mode 0600, no symbolic link), it was made for the other deployment, with another secret key, by a newer program
  // or by another one; UNAVAILABLE when another process has it, it cannot be read, or what a start reads is damaged
  // (then IsDamage of storage/damage.h).
  static absl::StatusOr<std::unique_ptr<SqliteClosureStore>> Open(SqliteOptions options);
  ~SqliteClosureStore() override;

  // A value that `closured dev` keeps beside the closures, such as its clock's offset. Synchronous; not to be called
  // from a `done`. Errors: NOT_FOUND; INVALID_ARGUMENT for a key that is one of the database's marks;
  // UNAVAILABLE.
  absl::StatusOr<std::string> ReadMeta(std::string_view key);
  absl::Status WriteMeta(std::string_view key, std::string_view value);

  void Apply(Commit commit, Done done) override;
  void RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) override;
  void LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) override;

  absl::StatusOr<internal::v1::ClosureData> LoadClosure(const ClosureKey& key) override;
  absl::StatusOr<std::string> LoadClosureBytes(const ClosureKey& key) override;
  absl::StatusOr<std::optional<internal::v1::ClosureData>> FindOpenClosure(std::string_view account_id) override;
  absl::StatusOr<std::vector<ClosureRow>> ListClosures(const ClosureFilter& filter) override;
  absl::StatusOr<int64_t> LoadFence(std::string_view account_id) override;
  absl::StatusOr<int> CountCodes(std::string_view account_id, absl::Time since) override;
  absl::StatusOr<bool> HasTombstone(std::string_view tombstone) override;
  absl::StatusOr<std::vector<v1::BlockingItem>> ListItems(const ClosureKey& key, const ItemFilter& filter) override;
  absl::StatusOr<std::vector<v1::BlockingItem>> LoadItems(const ClosureKey& key,
                                                          const std::vector<std::string>& item_ids) override;
  absl::StatusOr<ItemChangeCounts> CountItemChanges(const ClosureKey& key) override;
  absl::StatusOr<std::vector<v1::Transition>> ListTransitions(const ClosureKey& key, int64_t after, int limit) override;
  absl::StatusOr<std::vector<v1::Consent>> ListConsents(const ClosureKey& key) override;
  absl::StatusOr<StoredRecord> LoadRecord(const ClosureKey& key) override;
  absl::StatusOr<std::optional<RequestRecord>> FindRequest(std::string_view account_id,
                                                           std::string_view request_id) override;
  absl::StatusOr<GateRow> LoadGate(std::string_view account_id) override;
  absl::StatusOr<std::vector<GateRow>> ListGates(int64_t after_revision, int limit) override;
  absl::StatusOr<internal::v1::TaskData> LoadTask(int64_t id) override;
  absl::StatusOr<std::vector<internal::v1::TaskData>> ListTasks(const TaskFilter& filter) override;
  absl::StatusOr<absl::Time> NextDueTime() override;
  absl::StatusOr<TaskCounts> CountTasks(absl::Time now, absl::Time stuck_since) override;
  absl::StatusOr<internal::v1::SystemData> LoadSystem() override;
  absl::StatusOr<int64_t> CountAdmissions(std::string_view organization_id, absl::Time since) override;
  absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> CountClosures() override;

  void SetObserver(std::function<void(const StoreChange&)> observer) override {
    commits_.SetObserver(std::move(observer));
  }
  void Drain() override { commits_.Drain(); }

 private:
  SqliteClosureStore(std::unique_ptr<sqlite::DatabaseFile> file, std::unique_ptr<sqlite::ReaderPool> readers,
                     std::unique_ptr<sqlite::Connection> checkpoints, std::unique_ptr<sqlite::Connection> writer,
                     std::unique_ptr<sqlite::Connection> scrubs, SqliteOptions options);

  // Calls a reading function of storage/sqlite with a connection of the pool.
  template <typename Function, typename... Arguments>
  auto Read(Function function, const Arguments&... arguments) {
    sqlite::ReaderPool::Reader reader = readers_->Take();
    auto answer = function(*reader, arguments...);
    if (!reader->damage().ok()) commits_.RefuseWrites(reader->damage());
    return answer;
  }

  void TellDamage(const absl::Status& damage) const;

  // The last of these goes first, after the threads of scrubber and checkpointer. The lock is given up last; before it
  // the checkpointer's connection, which as the last one removes the log at an orderly stop; and a `done` may still
  // read.
  const std::unique_ptr<sqlite::DatabaseFile> file_;
  const std::string lease_owner_;
  const std::function<void(std::string_view)> tell_damage_;
  sqlite::Checkpointer checkpointer_;
  const std::unique_ptr<sqlite::ReaderPool> readers_;
  sqlite::CommitQueue commits_;
  // Null without it.
  std::unique_ptr<sqlite::Scrubber> scrubber_;
};

}  // namespace closure

#endif  // CLOSURE_STORAGE_SQLITE_SQLITE_CLOSURE_STORE_H_
