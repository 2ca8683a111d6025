// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_FAULTY_STORE_H_
#define CLOSURE_TESTS_SUPPORT_FAULTY_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/closure_store.h"

namespace closure {

// What a FaultyStore answers instead of doing it. Thread-safe; the test keeps it and changes its mind while a server
// runs on the store.
class StoreFaults {
 public:
  // What every commit that remembers a request id comes to: those that callers ask for, not those of tasks. OK heals.
  void SetCommits(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    commits_ = std::move(fault);
  }
  // What every commit of a closure without a request id comes to: the results of tasks. OK heals.
  void SetResults(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    results_ = std::move(fault);
  }
  // What every commit comes to that puts a task off and changes no closure. OK heals.
  void SetPutOff(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    put_off_ = std::move(fault);
  }
  // What every read comes to, except when the next task is due. OK heals.
  void SetReads(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    reads_ = std::move(fault);
  }
  // What every read of the system comes to. OK heals.
  void SetSystemReads(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    system_reads_ = std::move(fault);
  }
  // What every lease of tasks comes to. OK heals.
  void SetLeases(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    leases_ = std::move(fault);
  }
  // What the question comes to when the next task is due. OK heals.
  void SetDueTimes(absl::Status fault) {
    absl::MutexLock lock(&mutex_);
    due_times_ = std::move(fault);
  }
  // Called before every commit, those of tasks too, on the thread that asks for it, which may be made to wait for a
  // moment. Nothing when empty.
  void SetBeforeCommit(std::function<void()> before) {
    absl::MutexLock lock(&mutex_);
    before_commit_ = std::move(before);
  }
  // How many commits that remember a request id were asked for so far.
  int asked_commits() const {
    absl::MutexLock lock(&mutex_);
    return asked_commits_;
  }
  // How many of them were refused.
  int refused_commits() const {
    absl::MutexLock lock(&mutex_);
    return refused_commits_;
  }

 private:
  friend class FaultyStore;
  std::function<void()> before_commit() const {
    absl::MutexLock lock(&mutex_);
    return before_commit_;
  }
  absl::Status TakeCommitFault() {
    absl::MutexLock lock(&mutex_);
    ++asked_commits_;
    if (!commits_.ok()) ++refused_commits_;
    return commits_;
  }
  absl::Status results() const {
    absl::MutexLock lock(&mutex_);
    return results_;
  }
  absl::Status put_off() const {
    absl::MutexLock lock(&mutex_);
    return put_off_;
  }
  absl::Status leases() const {
    absl::MutexLock lock(&mutex_);
    return leases_;
  }
  absl::Status reads() const {
    absl::MutexLock lock(&mutex_);
    return reads_;
  }
  absl::Status system_reads() const {
    absl::MutexLock lock(&mutex_);
    return system_reads_;
  }
  absl::Status due_times() const {
    absl::MutexLock lock(&mutex_);
    return due_times_;
  }

  mutable absl::Mutex mutex_;
  absl::Status commits_ ABSL_GUARDED_BY(mutex_);
  absl::Status results_ ABSL_GUARDED_BY(mutex_);
  absl::Status put_off_ ABSL_GUARDED_BY(mutex_);
  absl::Status reads_ ABSL_GUARDED_BY(mutex_);
  absl::Status system_reads_ ABSL_GUARDED_BY(mutex_);
  absl::Status leases_ ABSL_GUARDED_BY(mutex_);
  absl::Status due_times_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> before_commit_ ABSL_GUARDED_BY(mutex_);
  int asked_commits_ ABSL_GUARDED_BY(mutex_) = 0;
  int refused_commits_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A store that fails when told; otherwise the one that it is made over. A refused commit is answered like any other, in
// commit order and on a thread of the store below.
class FaultyStore final : public ClosureStore {
 public:
  FaultyStore(std::unique_ptr<ClosureStore> store, std::shared_ptr<StoreFaults> faults)
      : store_(std::move(store)), faults_(std::move(faults)) {}

  void Apply(Commit commit, Done done) override;
  void RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) override {
    store_->RecordProgress(std::move(key), scan_number, std::move(result), std::move(done));
  }
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
  absl::StatusOr<absl::Time> NextDueTime() override {
    if (absl::Status fault = faults_->due_times(); !fault.ok()) return fault;
    return store_->NextDueTime();
  }
  absl::StatusOr<TaskCounts> CountTasks(absl::Time now, absl::Time stuck_since) override;
  absl::StatusOr<internal::v1::SystemData> LoadSystem() override;
  absl::StatusOr<int64_t> CountAdmissions(std::string_view organization_id, absl::Time since) override;
  absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> CountClosures() override;

  void SetObserver(std::function<void(const StoreChange&)> observer) override {
    store_->SetObserver(std::move(observer));
  }
  void Drain() override { store_->Drain(); }

 private:
  // Calls a reading method of the store below, unless reads fail.
  template <typename Answer, typename... Parameters, typename... Arguments>
  Answer Read(Answer (ClosureStore::*method)(Parameters...), const Arguments&... arguments) {
    const absl::Status fault = faults_->reads();
    return fault.ok() ? (store_.get()->*method)(arguments...) : Answer(fault);
  }

  const std::unique_ptr<ClosureStore> store_;
  const std::shared_ptr<StoreFaults> faults_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_FAULTY_STORE_H_
