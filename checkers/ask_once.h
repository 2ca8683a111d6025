// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_ASK_ONCE_H_
#define CLOSURE_CHECKERS_ASK_ONCE_H_

#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "checkers/check_run.h"
#include "checkers/upstream_call.h"

namespace closure {

// Makes one call about the account of a check, without blocking; for what is a single answer, as PageWalk is for lists.
// `start` is as for CallUpstream. `read` gets the answer and goes on with the run, which an error has ended. Both
// outlive the checker, so they capture what they need of it by value.
template <typename Request, typename Response, typename Start, typename Read>
void AskOnce(const std::shared_ptr<CheckRun>& run, std::string_view who, Start start, Read read) {
  Request request;
  request.set_account_id(run->request().account_id());
  CallUpstream<Response>(who, request, run->RemainingOptions(), std::move(start),
                         [run, read = std::move(read)](absl::StatusOr<Response> response) {
                           if (!response.ok()) return run->Fail(response.status());
                           read(*response);
                         });
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_ASK_ONCE_H_
