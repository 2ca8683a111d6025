// SPDX-License-Identifier: Apache-2.0
// Releases: at most once for a key, of what was shown and nothing else.
#include <string>

#include "checkers/answer_fault.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/words.h"
#include "fmt/format.h"

namespace closure {
namespace {

using Response = v1::DiscardResponse;

constexpr int kAtOnce = 4;
constexpr char kNoRelease[] = "--release NATIVE_ID: a renounceable item of the account, which is released for good";
constexpr char kFenced[] =
    "answered FENCED: give a fence with --fence that is not below those that it has seen for the account";
constexpr char kNotReleased[] = "needs a release that went well (discard-released)";

std::string Told(const absl::StatusOr<Response>& answer) {
  return answer.ok() ? Response::Outcome_Name(answer->outcome()) : closure::Told(answer.status());
}

bool Is(const absl::StatusOr<Response>& answer, Response::Outcome outcome) {
  return answer.ok() && answer->outcome() == outcome;
}

// Whether the account has the item that the release is of, to be renounced still.
absl::StatusOr<bool> IsReported(CheckerSubject& subject, const std::string& native_id) {
  const absl::StatusOr<CheckAnswer> answer = subject.Check(subject.Question(subject.options().account_id));
  if (!answer.ok()) return answer.status();
  for (const v1::ReportedItem& item : answer->items) {
    if (item.native_id() == native_id && item.disposition() == v1::RENOUNCEABLE) return true;
  }
  return false;
}

Verdict DiscardUnknown(CheckerSubject& subject) {
  const absl::StatusOr<Response> answer = subject.Discard(subject.MadeUpDiscard());
  if (absl::IsUnimplemented(answer.status())) return Holds("it releases nothing");
  const bool is_refused = Is(answer, Response::FACTS_MOVED) || Is(answer, Response::REFUSED) ||
                          absl::IsInvalidArgument(answer.status()) || absl::IsNotFound(answer.status());
  // One that saw a higher fence says so first.
  if (is_refused || Is(answer, Response::FENCED)) return Holds(Told(answer));
  return Broken(fmt::format("the release of an item that it never reported was answered {}", Told(answer)));
}

Verdict DiscardIncomplete(CheckerSubject& subject) {
  const v1::DiscardRequest whole = subject.MadeUpDiscard();
  if (absl::IsUnimplemented(subject.Discard(whole).status())) return Holds("it releases nothing");
  std::vector<Refusal> refusals;
  const auto refuse = [&](const std::string& missing, auto clear) {
    v1::DiscardRequest request = whole;
    clear(request);
    refusals.push_back({missing, subject.Discard(request).status()});
  };
  refuse("without account_id", [](v1::DiscardRequest& request) { request.clear_account_id(); });
  refuse("without closure", [](v1::DiscardRequest& request) { request.clear_closure(); });
  refuse("without native_id", [](v1::DiscardRequest& request) { request.clear_native_id(); });
  refuse("without expected", [](v1::DiscardRequest& request) { request.clear_expected(); });
  refuse("without idempotency_key", [](v1::DiscardRequest& request) { request.clear_idempotency_key(); });
  refuse("without fence", [](v1::DiscardRequest& request) { request.clear_fence(); });
  return JudgeRefusals(refusals);
}

Verdict DiscardMoved(CheckerSubject& subject) {
  if (subject.options().release_native_id.empty()) return Skipped(kNoRelease);
  absl::StatusOr<v1::DiscardRequest> request = subject.WishedDiscard();
  if (!request.ok()) return Broken(Told(request.status()));
  request->mutable_expected()->set_native_state("closure-conformance-another-state");
  const absl::StatusOr<Response> answer = subject.Discard(*request);
  if (Is(answer, Response::FENCED)) return Broken(kFenced);
  if (!Is(answer, Response::FACTS_MOVED))
    return Broken(fmt::format("with a state that the item is not in it was answered {}", Told(answer)));
  const absl::StatusOr<bool> reported = IsReported(subject, request->native_id());
  if (!reported.ok()) return Broken(Told(reported.status()));
  return *reported ? Holds("FACTS_MOVED, and the item is still there") : Broken("FACTS_MOVED, and the item is gone");
}

Verdict DiscardReleased(CheckerSubject& subject) {
  if (subject.options().release_native_id.empty()) return Skipped(kNoRelease);
  const absl::StatusOr<v1::DiscardRequest> request = subject.WishedDiscard();
  if (!request.ok()) return Broken(Told(request.status()));
  const absl::StatusOr<Response> answer = subject.Discard(*request);
  if (Is(answer, Response::FENCED)) return Broken(kFenced);
  if (!Is(answer, Response::RELEASED)) return Broken(fmt::format("answered {}", Told(answer)));
  subject.set_released(*request);
  const absl::StatusOr<bool> reported = IsReported(subject, request->native_id());
  if (!reported.ok()) return Broken(Told(reported.status()));
  return *reported ? Broken("RELEASED, and the item is still reported as renounceable") : Holds("RELEASED, and gone");
}

Verdict DiscardRepeated(CheckerSubject& subject) {
  if (!subject.released().has_value()) return Skipped(kNotReleased);
  for (const absl::StatusOr<Response>& answer : subject.DiscardAtOnce(*subject.released(), kAtOnce)) {
    if (!Is(answer, Response::RELEASED) && !IsPassing(answer.status()))
      return Broken(fmt::format("the same key was answered {}", Told(answer)));
  }
  const absl::StatusOr<Response> last = subject.Discard(*subject.released());
  return Is(last, Response::RELEASED) ? Holds("RELEASED again") : Broken(fmt::format("the same key: {}", Told(last)));
}

Verdict DiscardKeyReused(CheckerSubject& subject) {
  if (!subject.released().has_value()) return Skipped(kNotReleased);
  v1::DiscardRequest other = subject.MadeUpDiscard();
  other.set_idempotency_key(subject.released()->idempotency_key());
  const absl::StatusOr<Response> answer = subject.Discard(other);
  if (Is(answer, Response::RELEASED)) return Broken("another item under the key of a release was answered RELEASED");
  return Holds(Told(answer));
}

Verdict DiscardFenced(CheckerSubject& subject) {
  if (!subject.released().has_value()) return Skipped(kNotReleased);
  v1::DiscardRequest late = *subject.released();
  late.set_idempotency_key(subject.NewKey());
  late.set_fence(late.fence() - 1);
  const absl::StatusOr<Response> answer = subject.Discard(late);
  if (!Is(answer, Response::FENCED)) return Broken(fmt::format("a fence below one that was seen: {}", Told(answer)));
  return Holds("FENCED");
}

}  // namespace

std::vector<CheckerCase> CheckerReleaseCases() {
  return {
      {"discard-unknown", "The release of an item that is not there releases nothing, and says so", DiscardUnknown},
      {"discard-incomplete", "A Discard that lacks a required field is INVALID_ARGUMENT", DiscardIncomplete},
      {"discard-moved", "An item whose facts are other than those that were shown is not released", DiscardMoved},
      {"discard-released", "An item as it was shown is released, and not reported any more", DiscardReleased},
      {"discard-repeated", "The same key again is RELEASED again", DiscardRepeated},
      {"discard-key-reused", "The key of a release releases no other item", DiscardKeyReused},
      {"discard-fenced", "A fence below one that was seen is FENCED", DiscardFenced},
  };
}

}  // namespace closure
