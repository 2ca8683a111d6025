// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_CHECKER_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_CHECKER_H_

#include <cstddef>
#include <memory>

#include "checkers/checker.h"
#include "closure/v1/checker_service.grpc.pb.h"

namespace closure {

// A checker outside of the process, which serves closure.v1.CheckerService. What it is comes from whoever makes this,
// so that a scan knows whom it waits for while the checker is away.
//
// What comes is taken in as it comes, and a stream that sends more than it may, or what the contract does not have, is
// ended at once: it is the fault TOO_MUCH or MALFORMED (answer_fault.h), whatever the stream says afterwards. No thread
// waits for it.
class RemoteChecker final : public Checker {
 public:
  struct Limits {
    // How many items an answer may have (D16), and how many bytes those may be in all.
    int items_max = 10'000;
    std::size_t bytes_max = 32 << 20;
  };
  RemoteChecker(v1::CheckerDescription description, std::shared_ptr<v1::CheckerService::StubInterface> stub,
                Limits limits);

  const v1::CheckerDescription& description() const override { return description_; }
  // `done` is called on a gRPC thread, when the call's context is gone.
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;
  // A checker that says UNIMPLEMENTED is INTERNAL here, see FromUpstream (upstream_call.h): nothing was released.
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) override;

 private:
  const v1::CheckerDescription description_;
  const std::shared_ptr<v1::CheckerService::StubInterface> stub_;
  const Limits limits_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_CHECKER_H_
