// SPDX-License-Identifier: Apache-2.0
#include "server/watch_hub.h"

#include <utility>

#include "server/errors.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(10);

absl::Status Stopping() {
  return Error(v1::SHUTTING_DOWN, "closured: the server is stopping; watch again from the last revision");
}

}  // namespace

WatchHub::WatchHub(int watches_max) : watches_max_(static_cast<std::size_t>(watches_max)), thread_([this] { Run(); }) {}

WatchHub::~WatchHub() { Stop(); }

void WatchHub::OnChange(const StoreChange& change) {
  absl::MutexLock lock(&mutex_);
  if (const auto watchers = closure_watchers_.find(change.closure); watchers != closure_watchers_.end()) {
    pending_.insert(watchers->second.begin(), watchers->second.end());
  }
  if (change.gate_changed) pending_.insert(gate_watchers_.begin(), gate_watchers_.end());
}

absl::Status WatchHub::Admit() {
  if (stopping_) return Stopping();
  if (keys_.size() < watches_max_) return absl::OkStatus();
  return WithRetryAfter(
      Error(v1::OVERLOADED, Concat("closured: ", watches_max_, " watches are open, and no more are accepted"),
            {{"watchesMax", Concat(watches_max_)}}),
      kRetryDelay);
}

absl::Status WatchHub::WatchClosure(const ClosureKey& key, std::shared_ptr<Watcher> watcher) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status admitted = Admit(); !admitted.ok()) return admitted;
  closure_watchers_[key].insert(watcher);
  keys_[watcher] = key;
  pending_.insert(std::move(watcher));
  return absl::OkStatus();
}

absl::Status WatchHub::WatchGates(std::shared_ptr<Watcher> watcher) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status admitted = Admit(); !admitted.ok()) return admitted;
  gate_watchers_.insert(watcher);
  keys_[watcher] = std::nullopt;
  pending_.insert(std::move(watcher));
  return absl::OkStatus();
}

void WatchHub::Remove(const std::shared_ptr<Watcher>& watcher) {
  absl::MutexLock lock(&mutex_);
  const auto entry = keys_.find(watcher);
  if (entry == keys_.end()) return;
  pending_.erase(watcher);
  gate_watchers_.erase(watcher);
  if (entry->second) {
    const auto watchers = closure_watchers_.find(*entry->second);
    watchers->second.erase(watcher);
    if (watchers->second.empty()) closure_watchers_.erase(watchers);
  }
  keys_.erase(entry);
}

void WatchHub::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  std::map<std::shared_ptr<Watcher>, std::optional<ClosureKey>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    watchers.swap(keys_);
    closure_watchers_.clear();
    gate_watchers_.clear();
    pending_.clear();
  }
  for (const auto& [watcher, key] : watchers) watcher->End(Stopping());
}

void WatchHub::Run() {
  while (true) {
    Watchers woken;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WatchHub::HasWork));
      if (stopping_) return;
      woken.swap(pending_);
    }
    for (const std::shared_ptr<Watcher>& watcher : woken) watcher->Wake();
  }
}

}  // namespace closure
