// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_WATCH_H_
#define CLOSURE_SERVER_CLOSURE_WATCH_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "closure/v1/account_gate_service.pb.h"
#include "closure/v1/closure_service.pb.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/clock.h"
#include "server/errors.h"
#include "server/read_cache.h"
#include "server/server_stream.h"
#include "server/watch_hub.h"
#include "storage/closure_store.h"

namespace closure {

// Whether nothing more will happen to a closure: it has ended, its notices are settled and the owner's personal data is
// erased (D12).
bool IsOver(const v1::Closure& closure);

// A stream that tells what the store committed. It looks when the hub wakes it and when all that it sent has gone out,
// one thread at a time; wakes that come meanwhile become one more look. Owned together, with the hub and with gRPC.
template <typename Response>
class WatchStream : public ServerStream<Response>,
                    public Watcher,
                    public std::enable_shared_from_this<WatchStream<Response>> {
 public:
  explicit WatchStream(WatchHub* hub) : hub_(hub) {}

  void Wake() final {
    if (turn_.Take()) Look();
  }
  void End(const absl::Status& why) final { this->Close(ToGrpcStatus(why)); }

 protected:
  // By the one who has the turn: sends what is new, or gives the turn back.
  virtual void Look() = 0;

  LookTurn turn_;

 private:
  void OnIdle() final {
    if (turn_.Keep()) Look();
  }
  void OnOver() final { hub_->Remove(this->shared_from_this()); }

  WatchHub* const hub_;
};

// One WatchClosure call: sends the closure whenever its revision is above the last one sent. A slow caller skips
// revisions. Ends with OK after one that is over. What it is given must outlive the call.
//
// In bytes, serialized v1::WatchClosureResponse, because all who watch a closure are sent what is kept of it as it is.
class ClosureWatch final : public WatchStream<grpc::ByteBuffer> {
 public:
  struct Parts {
    ClosureStore* store = nullptr;
    ReadCache* cache = nullptr;
    const Clock* clock = nullptr;
    WatchHub* hub = nullptr;
  };
  ClosureWatch(const Parts& parts, ClosureKey key, int64_t after_revision);

 private:
  void Look() override;

  // The closure as it now stands.
  absl::StatusOr<grpc::ByteBuffer> Response(const StoredClosure& stored) const;

  const Parts parts_;
  const ClosureKey key_;
  // Used by the one who has the turn.
  int64_t sent_revision_;
};

// One WatchGates call: sends every gate whose revision is above the last one sent, in order of revision. Ends only with
// the server.
class GateWatch final : public WatchStream<v1::WatchGatesResponse> {
 public:
  GateWatch(ClosureStore* store, WatchHub* hub, int64_t after_revision);

 private:
  void Look() override;

  ClosureStore* const store_;
  // Used by the one who has the turn.
  int64_t sent_revision_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_WATCH_H_
