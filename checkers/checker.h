// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_CHECKER_H_
#define CLOSURE_CHECKERS_CHECKER_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "checkers/call_options.h"
#include "closure/v1/checker_service.pb.h"

namespace closure {

// What a checker found. It is not trusted: the fan-out validates it before anybody uses it.
struct CheckAnswer {
  std::vector<v1::ReportedItem> items;
  // As of when the facts are; not later than the answer.
  absl::Time as_of;
  // The version of the checker that answered, where that is another than the description says; at most 40 characters
  // of it are shown.
  std::string version;
};

// A checker finds what stands in the way of closing an account in one system, every item of it and not just the first.
//
//   checker->Check(request, {.timeout = absl::Seconds(30)}, [](absl::StatusOr<CheckAnswer> answer) { … });
//
// Threading: every method can be called from any thread, at any number of accounts at the same time, and never blocks:
// it makes its calls and returns. `done` is called exactly once, from any thread, possibly before the method returns. A
// checker must outlive its calls.
//
// Deadline: a checker should answer within options.timeout; the fan-out stops waiting then in any case and counts it as
// UNANSWERED, which is never a pass (D5).
class Checker {
 public:
  using CheckDone = absl::AnyInvocable<void(absl::StatusOr<CheckAnswer>) &&>;
  using DiscardDone = absl::AnyInvocable<void(absl::StatusOr<v1::DiscardResponse>) &&>;

  virtual ~Checker() = default;

  // What it is; constant for its life.
  virtual const v1::CheckerDescription& description() const = 0;

  // Reports every blocking item of request.account_id. Changes nothing.
  // Errors: any; the checker then counts as UNANSWERED with the message as the reason.
  virtual void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) = 0;

  // Releases one item that Check reported as renounceable, if its facts are the expected ones. Irreversible, once per
  // key. Errors: UNIMPLEMENTED when it never reports items that are released this way; any other is retried with the
  // same key.
  virtual void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) = 0;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_CHECKER_H_
