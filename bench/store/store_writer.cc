// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/synchronization/notification.h"
#include "bench/store/transition_writer.h"
#include "server/secret_key.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

class StoreWriter final : public TransitionWriter {
 public:
  explicit StoreWriter(std::unique_ptr<SqliteClosureStore> store) : store_(std::move(store)) {}

  absl::StatusOr<internal::v1::ClosureData> Load(const ClosureKey& key) override { return store_->LoadClosure(key); }
  absl::StatusOr<std::vector<ClosureKey>> Lease(absl::Time now, int limit) override {
    absl::StatusOr<std::vector<internal::v1::TaskData>> tasks;
    absl::Notification leased;
    store_->LeaseDueTasks(now, now + absl::Minutes(5), limit, [&](auto answer) {
      tasks = std::move(answer);
      leased.Notify();
    });
    leased.WaitForNotification();
    if (!tasks.ok()) return tasks.status();
    std::vector<ClosureKey> keys;
    for (const internal::v1::TaskData& task : *tasks)
      keys.push_back({.account_id = task.account_id(), .closure_id = task.closure_id()});
    return keys;
  }
  void Write(Commit commit, Done done) override {
    store_->Apply(std::move(commit), [done = std::move(done)](const absl::Status& status) { done(status); });
  }

 private:
  const std::unique_ptr<SqliteClosureStore> store_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenStoreWriter(const std::string& database,
                                                                  const std::string& key_path) {
  CLOSURE_ASSIGN_OR_RETURN(const SecretKey key, SecretKey::Load(key_path));
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<SqliteClosureStore> store,
                           SqliteClosureStore::Open({.path = database, .key_check = key.Check()}));
  return std::make_unique<StoreWriter>(std::move(store));
}

}  // namespace closure::bench
