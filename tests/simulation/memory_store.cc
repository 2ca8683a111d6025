// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "storage/status_macros.h"
#include "tests/simulation/memory_commit.h"
#include "tests/simulation/memory_tasks.h"

namespace closure::simulation {
namespace {

absl::Status Closing() { return absl::UnavailableError("store(memory): the store is closing"); }

}  // namespace

// ---- what the simulation does ----

bool MemoryStore::Step() { return TellOne() || CommitBatch(); }

bool MemoryStore::Step(std::mt19937_64& random) {
  // The remainder, and not a distribution of the library: the same numbers everywhere.
  if (!outcomes_.empty() && (queue_.empty() || random() % 2 == 0)) return TellOne();
  return !queue_.empty() && CommitBatch(1 + random() % queue_.size());
}

bool MemoryStore::CommitBatch(size_t writes_max) {
  const size_t count = std::min({queue_.size(), writes_max, kBatchMax});
  for (size_t number = 0; number < count; ++number) {
    Write write = std::move(queue_.front());
    queue_.pop_front();
    Result result = write.run(tables_);
    if (result.ok()) {
      tables_.undo.Keep();
    } else {
      tables_.undo.TakeBack();
    }
    outcomes_.push_back({.result = std::move(result), .done = std::move(write.done)});
  }
  return count > 0;
}

bool MemoryStore::TellOne() {
  if (outcomes_.empty()) return false;
  Outcome outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  if (outcome.result.ok() && outcome.result->has_value() && observer_) observer_(**outcome.result);
  std::move(outcome.done)(outcome.result.status());
  return true;
}

void MemoryStore::Close() {
  open_ = false;
  for (Write& write : queue_) outcomes_.push_back({.result = Closing(), .done = std::move(write.done)});
  queue_.clear();
}

const StoreChange* MemoryStore::NewestChange() const {
  if (outcomes_.empty()) return nullptr;
  const Result& result = outcomes_.back().result;
  return result.ok() && result->has_value() ? &**result : nullptr;
}

absl::Status MemoryStore::NewestRefusal() const {
  return outcomes_.empty() ? absl::OkStatus() : outcomes_.back().result.status();
}

size_t MemoryStore::Crash(std::mt19937_64& random) {
  const size_t kept = random() % (queue_.size() + 1);
  for (size_t left = kept; left > 0; left -= std::min(left, kBatchMax)) CommitBatch(left);
  Die();
  return kept;
}

void MemoryStore::Die() {
  open_ = false;
  queue_.clear();
  outcomes_.clear();
  observer_ = nullptr;
}

void MemoryStore::Reopen() {
  if (open_ || !Idle()) {
    fmt::print(stderr, "simulation: impossible: a store is opened while another process has it\n");
    std::abort();
  }
  observer_ = nullptr;
  ClearLeases(tables_);
  tables_.undo.Keep();
  open_ = true;
}

void MemoryStore::Drain() {
  while (Step()) {
  }
}

// ---- writes ----

void MemoryStore::Add(Write write) {
  if (open_) {
    queue_.push_back(std::move(write));
  } else {
    outcomes_.push_back({.result = Closing(), .done = std::move(write.done)});
  }
}

void MemoryStore::Apply(Commit commit, Done done) {
  Add({.run = [commit = std::move(commit)](MemoryTables& tables) mutable -> Result {
         CLOSURE_ASSIGN_OR_RETURN(StoreChange change, ApplyCommit(tables, commit));
         return change;
       },
       .done = std::move(done)});
}

void MemoryStore::RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) {
  Add({.run = [key = std::move(key), scan_number, result = std::move(result)](MemoryTables& tables) -> Result {
         CLOSURE_ASSIGN_OR_RETURN(const bool changed, AddProgress(tables, key, scan_number, result));
         if (!changed) return std::nullopt;
         return StoreChange{.closure = key};
       },
       .done = std::move(done)});
}

void MemoryStore::LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) {
  // Filled when the write is committed, read when its outcome is told.
  auto leased = std::make_shared<std::vector<internal::v1::TaskData>>();
  Add({.run = [now, lease_end, limit, leased](MemoryTables& tables) -> Result {
         *leased = LeaseTasks(tables, now, lease_end, limit);
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

}  // namespace closure::simulation
