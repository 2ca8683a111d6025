// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_WATCH_H_
#define CLOSURE_SERVER_CLOSURE_WATCH_H_

#include <memory>

#include "closure/v1/account_gate_service.pb.h"
#include "closure/v1/closure_service.pb.h"
#include "server/clock.h"
#include "server/server_stream.h"
#include "server/watch_hub.h"
#include "storage/closure_store.h"

namespace closure {

// Whether nothing more will happen to a closure: it has ended, its notices are settled and the owner's personal data is
// erased (D12).
bool IsSettled(const v1::Closure& closure);

// One WatchClosure call: sends the closure whenever its revision is above the last one sent. A slow caller skips
// revisions. Ends with OK after a settled closure. What it is given must outlive the call.
class ClosureWatch final : public ServerStream<v1::WatchClosureResponse>,
                           public Watcher,
                           public std::enable_shared_from_this<ClosureWatch> {
 public:
  ClosureWatch(ClosureStore* store, const Clock* clock, WatchHub* hub, ClosureKey key, int64_t after_revision);

  void Wake() override;
  void End(const absl::Status& why) override;

 private:
  void OnIdle() override;
  void OnOver() override;
  // By the one who has the turn: sends what is new, or gives the turn back.
  void Look();

  ClosureStore* const store_;
  const Clock* const clock_;
  WatchHub* const hub_;
  const ClosureKey key_;
  LookTurn turn_;
  // Used by the one who has the turn.
  int64_t sent_revision_;
};

// One WatchGates call: sends every gate whose revision is above the last one sent, in order of revision. Ends only with
// the server.
class GateWatch final : public ServerStream<v1::WatchGatesResponse>,
                        public Watcher,
                        public std::enable_shared_from_this<GateWatch> {
 public:
  GateWatch(ClosureStore* store, WatchHub* hub, int64_t after_revision);

  void Wake() override;
  void End(const absl::Status& why) override;

 private:
  void OnIdle() override;
  void OnOver() override;
  void Look();

  ClosureStore* const store_;
  WatchHub* const hub_;
  LookTurn turn_;
  int64_t sent_revision_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_WATCH_H_
