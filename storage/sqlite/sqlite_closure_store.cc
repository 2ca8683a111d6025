// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_closure_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <limits>

#include "absl/synchronization/notification.h"
#include "protos/failpoint.h"
#include "storage/damage.h"
#include "storage/sqlite/apply_commit.h"
#include "storage/sqlite/closure_rows.h"
#include "storage/sqlite/history_rows.h"
#include "storage/sqlite/item_rows.h"
#include "storage/sqlite/system_rows.h"
#include "storage/sqlite/task_rows.h"
#include "storage/status_macros.h"

namespace closure {

using sqlite::CommitQueue;
using sqlite::Connection;

namespace {

// A transition changes a dozen pages, and each that is not kept is read and compared while everybody who writes waits.
constexpr int64_t kWriterCacheBytes = 16 << 20;

absl::StatusOr<StoredRecord> ReadRecord(Connection& connection, const ClosureKey& key) {
  CLOSURE_ASSIGN_OR_RETURN(const sqlite::Transaction one_state, sqlite::Transaction::BeginRead(connection));
  StoredRecord record;
  CLOSURE_ASSIGN_OR_RETURN(record.data, sqlite::LoadClosure(connection, key));
  CLOSURE_ASSIGN_OR_RETURN(record.items, sqlite::ListItems(connection, key, {.show_resolved = true, .limit = 0}));
  CLOSURE_ASSIGN_OR_RETURN(record.transitions,
                           sqlite::ListTransitions(connection, key, 0, std::numeric_limits<int>::max()));
  CLOSURE_ASSIGN_OR_RETURN(record.consents, sqlite::ListConsents(connection, key));
  return record;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteClosureStore>> SqliteClosureStore::Open(SqliteOptions options) {
  if (options.readers < 1) return absl::InvalidArgumentError("store(sqlite): at least one reader is needed");
  CLOSURE_ASSIGN_OR_RETURN(auto file, sqlite::DatabaseFile::Claim(options.path));
  CLOSURE_ASSIGN_OR_RETURN(auto writer, Connection::Open(options.path, Connection::Access::kReadWrite));
  CLOSURE_RETURN_IF_ERROR(writer->CachePages(kWriterCacheBytes));
  CLOSURE_RETURN_IF_ERROR(sqlite::PrepareSchema(*writer, options.path, options.deployment));
  CLOSURE_RETURN_IF_ERROR(writer->CheckSealed());
  if (!options.key_check.empty()) CLOSURE_RETURN_IF_ERROR(sqlite::BindToKey(*writer, options.path, options.key_check));
  Failpoint("start.key_bound");
  if (options.size_max_bytes > 0) CLOSURE_RETURN_IF_ERROR(writer->LimitSize(options.size_max_bytes));
  CLOSURE_RETURN_IF_ERROR(sqlite::ClearLeases(*writer));
  Failpoint("start.leases_cleared");
  writer->AllowRowsOnly();
  CLOSURE_ASSIGN_OR_RETURN(auto readers, sqlite::ReaderPool::Open(options.path, options.readers));
  CLOSURE_ASSIGN_OR_RETURN(auto checkpoints, Connection::Open(options.path, Connection::Access::kReadWrite));
  // A checkpoint does nothing on a connection that has not read yet.
  CLOSURE_RETURN_IF_ERROR(checkpoints->ReadSchemaVersion().status());
  CLOSURE_RETURN_IF_ERROR(checkpoints->CheckSealed());
  checkpoints->AllowRowsOnly();
  std::unique_ptr<Connection> scrubs;
  if (options.scrub) {
    CLOSURE_ASSIGN_OR_RETURN(scrubs, Connection::OpenSealed(options.path, Connection::Access::kReadOnly));
  }
  return std::unique_ptr<SqliteClosureStore>(new SqliteClosureStore(std::move(file), std::move(readers),
                                                                    std::move(checkpoints), std::move(writer),
                                                                    std::move(scrubs), std::move(options)));
}

SqliteClosureStore::SqliteClosureStore(std::unique_ptr<sqlite::DatabaseFile> file,
                                       std::unique_ptr<sqlite::ReaderPool> readers,
                                       std::unique_ptr<Connection> checkpoints, std::unique_ptr<Connection> writer,
                                       std::unique_ptr<Connection> scrubs, SqliteOptions options)
    : file_(std::move(file)),
      lease_owner_(fmt::format("process {}", getpid())),
      tell_damage_(std::move(options.tell_damage)),
      checkpointer_(std::move(checkpoints), *readers, {.warn = options.warn}),
      readers_(std::move(readers)),
      commits_(std::move(writer), checkpointer_, [this](const absl::Status& damage) { TellDamage(damage); }) {
  // The process before this one may have been killed between an erasure and the emptying of its log (D12).
  checkpointer_.RequestEmptyLog();
  if (scrubs == nullptr) return;
  const auto found = [this, warn = std::move(options.warn)](const absl::Status& status) {
    if (IsDamage(status)) return commits_.RefuseWrites(status);
    if (warn) warn(std::string(status.message()));
  };
  scrubber_ = std::make_unique<sqlite::Scrubber>(std::move(scrubs), sqlite::Scrubber::Options{.found = found});
}

SqliteClosureStore::~SqliteClosureStore() {
  scrubber_ = nullptr;
  checkpointer_.Stop();
  if (!commits_.Close().ok()) return;
  // What the disk wrote wrong last is met now, and told. The next start would take it for torn by a crash.
  const absl::Status damage = checkpointer_.MoveLog();
  if (damage.ok())
    checkpointer_.RemoveLogAtClose();  // its connection is the last one to be closed
  else
    TellDamage(damage);
}

void SqliteClosureStore::TellDamage(const absl::Status& damage) const {
  if (tell_damage_) tell_damage_(std::string(damage.message()));
}

// ---- the dev entry's values ----

absl::StatusOr<std::string> SqliteClosureStore::ReadMeta(std::string_view key) { return Read(&sqlite::ReadMeta, key); }

absl::Status SqliteClosureStore::WriteMeta(std::string_view key, std::string_view value) {
  if (sqlite::IsMark(key))
    return absl::InvalidArgumentError("store(sqlite): the marks of a database are never changed");
  absl::Notification done;
  absl::Status answer;
  commits_.Add({.run = [key, value](Connection& connection) -> CommitQueue::Result {
                  CLOSURE_RETURN_IF_ERROR(sqlite::WriteMeta(connection, key, value));
                  return std::nullopt;
                },
                .done =
                    [&](absl::Status status) {
                      answer = std::move(status);
                      done.Notify();
                    }});
  done.WaitForNotification();
  return answer;
}

// ---- writes ----

void SqliteClosureStore::Apply(Commit commit, Done done) {
  size_t bytes = 0;
  for (const v1::BlockingItem& item : commit.items) bytes += item.ByteSizeLong();
  commits_.Add({.run = [prepared = sqlite::PrepareCommit(std::move(commit))](
                           Connection& connection) mutable -> CommitQueue::Result {
                  if (!prepared.ok()) return prepared.status();
                  CLOSURE_ASSIGN_OR_RETURN(StoreChange change, sqlite::ApplyCommit(connection, *prepared));
                  return change;
                },
                .done = std::move(done),
                .bytes = bytes});
}

void SqliteClosureStore::RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) {
  commits_.Add({.run = [key = std::move(key), scan_number,
                        result = std::move(result)](Connection& connection) -> CommitQueue::Result {
                  CLOSURE_ASSIGN_OR_RETURN(const bool changed,
                                           sqlite::AddProgress(connection, key, scan_number, result));
                  if (!changed) return std::nullopt;
                  return StoreChange{.closure = key};
                },
                .done = std::move(done)});
}

void SqliteClosureStore::LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) {
  // Filled by the writer, read after the commit.
  auto leased = std::make_shared<std::vector<internal::v1::TaskData>>();
  commits_.Add({.run = [this, now, lease_end, limit, leased](Connection& connection) -> CommitQueue::Result {
                  CLOSURE_ASSIGN_OR_RETURN(*leased,
                                           sqlite::LeaseDueTasks(connection, lease_owner_, now, lease_end, limit));
                  return std::nullopt;
                },
                .done =
                    [leased, done = std::move(done)](absl::Status status) mutable {
                      if (status.ok()) {
                        std::move(done)(std::move(*leased));
                      } else {
                        std::move(done)(std::move(status));
                      }
                    }});
}

// ---- reads ----

absl::StatusOr<internal::v1::ClosureData> SqliteClosureStore::LoadClosure(const ClosureKey& key) {
  return Read(&sqlite::LoadClosure, key);
}

absl::StatusOr<std::string> SqliteClosureStore::LoadClosureBytes(const ClosureKey& key) {
  return Read(&sqlite::LoadClosureBytes, key);
}

absl::StatusOr<std::optional<internal::v1::ClosureData>> SqliteClosureStore::FindOpenClosure(
    std::string_view account_id) {
  return Read(&sqlite::FindOpenClosure, account_id);
}

absl::StatusOr<std::vector<ClosureRow>> SqliteClosureStore::ListClosures(const ClosureFilter& filter) {
  return Read(&sqlite::ListClosures, filter);
}

absl::StatusOr<int64_t> SqliteClosureStore::LoadFence(std::string_view account_id) {
  return Read(&sqlite::LoadFence, account_id);
}

absl::StatusOr<int> SqliteClosureStore::CountCodes(std::string_view account_id, absl::Time since) {
  return Read(&sqlite::CountCodes, account_id, since);
}

absl::StatusOr<bool> SqliteClosureStore::HasTombstone(std::string_view tombstone) {
  return Read(&sqlite::HasTombstone, tombstone);
}

absl::StatusOr<std::vector<v1::BlockingItem>> SqliteClosureStore::ListItems(const ClosureKey& key,
                                                                            const ItemFilter& filter) {
  return Read(&sqlite::ListItems, key, filter);
}

absl::StatusOr<std::vector<v1::BlockingItem>> SqliteClosureStore::LoadItems(const ClosureKey& key,
                                                                            const std::vector<std::string>& item_ids) {
  return Read(&sqlite::LoadItems, key, item_ids);
}

absl::StatusOr<ItemChangeCounts> SqliteClosureStore::CountItemChanges(const ClosureKey& key) {
  return Read(&sqlite::CountItemChanges, key);
}

absl::StatusOr<std::vector<v1::Transition>> SqliteClosureStore::ListTransitions(const ClosureKey& key, int64_t after,
                                                                                int limit) {
  return Read(&sqlite::ListTransitions, key, after, limit);
}

absl::StatusOr<std::vector<v1::Consent>> SqliteClosureStore::ListConsents(const ClosureKey& key) {
  return Read(&sqlite::ListConsents, key);
}

absl::StatusOr<StoredRecord> SqliteClosureStore::LoadRecord(const ClosureKey& key) { return Read(&ReadRecord, key); }

absl::StatusOr<std::optional<RequestRecord>> SqliteClosureStore::FindRequest(std::string_view account_id,
                                                                             std::string_view request_id) {
  return Read(&sqlite::FindRequest, account_id, request_id);
}

absl::StatusOr<GateRow> SqliteClosureStore::LoadGate(std::string_view account_id) {
  return Read(&sqlite::LoadGate, account_id);
}

absl::StatusOr<std::vector<GateRow>> SqliteClosureStore::ListGates(int64_t after_revision, int limit) {
  return Read(&sqlite::ListGates, after_revision, limit);
}

absl::StatusOr<internal::v1::TaskData> SqliteClosureStore::LoadTask(int64_t id) { return Read(&sqlite::LoadTask, id); }

absl::StatusOr<std::vector<internal::v1::TaskData>> SqliteClosureStore::ListTasks(const TaskFilter& filter) {
  return Read(&sqlite::ListTasks, filter);
}

absl::StatusOr<absl::Time> SqliteClosureStore::NextDueTime() { return Read(&sqlite::NextDueTime); }

absl::StatusOr<TaskCounts> SqliteClosureStore::CountTasks(absl::Time now, absl::Time stuck_since) {
  return Read(&sqlite::CountTasks, now, stuck_since);
}

absl::StatusOr<internal::v1::SystemData> SqliteClosureStore::LoadSystem() { return Read(&sqlite::LoadSystem); }

absl::StatusOr<int64_t> SqliteClosureStore::CountAdmissions(std::string_view organization_id, absl::Time since) {
  return Read(&sqlite::CountAdmissions, organization_id, since);
}

absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> SqliteClosureStore::CountClosures() {
  return Read(&sqlite::CountClosures);
}

}  // namespace closure
