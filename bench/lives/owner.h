// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LIVES_OWNER_H_
#define CLOSURE_BENCH_LIVES_OWNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bench/lives/mailbox.h"
#include "closure/v1/closure_service.grpc.pb.h"

namespace closure::bench {

// An owner who closes an account as fast as the service lets them: watches the closure, and takes the next step
// whenever it is their turn. For one thread.
class Owner {
 public:
  struct Parts {
    v1::ClosureService::Stub* closures = nullptr;
    Mailbox* mailbox = nullptr;
    std::string account_id;
    // Called once, when the silent period has begun.
    std::function<void()> on_silent_period;
  };
  explicit Owner(Parts parts) : parts_(std::move(parts)) {}

  // From Create to CLOSED. What went wrong; empty when nothing did.
  std::string Close();
  // How many entries the closure's history has. Errors: UNAVAILABLE with what the service said, INTERNAL where they do
  // not fit on a page.
  absl::StatusOr<int64_t> CountTransitions() const;

 private:
  template <typename Request>
  void Change(grpc::Status (v1::ClosureService::Stub::*method)(grpc::ClientContext*, const Request&, v1::Closure*),
              const Request& request);
  template <typename Request>
  Request On() const;
  std::unique_ptr<grpc::ClientContext> Context() const;
  void Create();
  void TakeStep();
  void Verify();
  void Agree();
  void Discard();
  void Confirm();

  const Parts parts_;
  v1::Closure closure_;
  // The state in which the last step was taken: each is taken once.
  v1::Closure::State stepped_ = v1::Closure::STATE_UNSPECIFIED;
  std::string fault_;
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LIVES_OWNER_H_
