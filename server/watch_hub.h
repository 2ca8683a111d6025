// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_WATCH_HUB_H_
#define CLOSURE_SERVER_WATCH_HUB_H_

#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/closure_store.h"

namespace closure {

// Somebody who watches one closure or all gates. Called by the hub's thread, and by the thread that stops the hub, at
// most one at a time.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Something changed since the last call: look again. Several changes may come as one. Must not block, apart from a
  // short read of the store.
  virtual void Wake() = 0;
  // Nothing more will come; `why` is what to tell the caller. The last call.
  virtual void End(const absl::Status& why) = 0;
};

// Tells watchers of what the store committed. One thread wakes all watchers, so a commit never waits for a watcher and
// a watcher costs no thread. Changes that come while a watcher has not been woken yet become one, so a slow one skips
// versions and holds up nobody.
//
// Thread-safe. The hub shares ownership of its watchers until they are removed or the hub has stopped.
class WatchHub {
 public:
  explicit WatchHub(int watches_max);
  ~WatchHub();

  // To be called for every commit, by the store's observer; never blocks.
  void OnChange(const StoreChange& change);

  // Adds a watcher and wakes it once, so that nothing that was committed before it was added is missed.
  // Errors: RESOURCE_EXHAUSTED with OVERLOADED; UNAVAILABLE with SHUTTING_DOWN.
  absl::Status WatchClosure(const ClosureKey& key, std::shared_ptr<Watcher> watcher);
  absl::Status WatchGates(std::shared_ptr<Watcher> watcher);
  // Removes a watcher; it may be being woken at this moment still. Unknown ones are ignored.
  void Remove(const std::shared_ptr<Watcher>& watcher);

  // Ends every watcher with SHUTTING_DOWN and refuses new ones. Later calls do nothing.
  void Stop();

 private:
  using Watchers = std::set<std::shared_ptr<Watcher>>;

  absl::Status Admit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !pending_.empty(); }
  void Run();

  const std::size_t watches_max_;
  absl::Mutex mutex_;
  std::map<ClosureKey, Watchers> closure_watchers_ ABSL_GUARDED_BY(mutex_);
  Watchers gate_watchers_ ABSL_GUARDED_BY(mutex_);
  // What each watcher watches; no key means gates.
  std::map<std::shared_ptr<Watcher>, std::optional<ClosureKey>> keys_ ABSL_GUARDED_BY(mutex_);
  // Those to be woken.
  Watchers pending_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_WATCH_HUB_H_
