// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SOUND_CLOSURE_H_
#define CLOSURE_TESTS_SUPPORT_SOUND_CLOSURE_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include "checkers/proto_time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/closure.pb.h"

// What several judges ask of a closure, told as docs/assurance.md does. They know nothing of the table of machine.h,
// which they judge. Every function is pure and answers what is broken, in words; empty when nothing is.
namespace closure {

inline bool IsAnyOf(v1::Closure::State state, std::initializer_list<v1::Closure::State> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

// Where a closure may never go. Before the silent period nothing is irrevocable, and afterwards there are only the two
// endings (S4, R18).
inline std::string FaultOfDirection(v1::Closure::State from, v1::Closure::State to) {
  using C = v1::Closure;
  if (IsAnyOf(from, {C::CLOSED, C::ABORTED, C::CANCELLED, C::EXPIRED})) return "S5: an ended closure moved";
  const bool irrevocable = IsAnyOf(from, {C::SILENT_PERIOD, C::FINAL_CHECK, C::DELETING, C::RESTORING});
  if (irrevocable && !IsAnyOf(to, {C::FINAL_CHECK, C::DELETING, C::RESTORING, C::CLOSED, C::ABORTED}))
    return "S4: a closure left its silent period other than to its endings";
  if (from == C::DELETING && to != C::CLOSED) return "N10: a deletion ended other than in CLOSED";
  if (from == C::RESTORING && to != C::ABORTED) return "N10: something followed a restoring";
  // No step on the way to a deletion is left out.
  if (to == C::SILENT_PERIOD && from != C::CONFIRMING) return "N1: a silent period without a confirmation";
  if (to == C::FINAL_CHECK && from != C::SILENT_PERIOD) return "N2: a final check without a silent period";
  if (to == C::DELETING && from != C::FINAL_CHECK) return "N3: a deletion without a final check";
  if (to == C::CLOSED && from != C::DELETING) return "S2: CLOSED without a deletion";
  if (to == C::ABORTED && from != C::RESTORING) return "L4: ABORTED without a restoring";
  return "";
}

// What every change of a closure keeps (N2, N6, S18).
inline std::string FaultOfChange(const internal::v1::ClosureData& before, const internal::v1::ClosureData& after) {
  const v1::Closure& was = before.closure();
  const v1::Closure& is = after.closure();
  if (after.version() != before.version() + 1) return "S18: a version did not rise by one";
  if (was.has_silent_period_end_time() &&
      FromProto(was.silent_period_end_time()) != FromProto(is.silent_period_end_time()))
    return "N2: the end of a silent period changed";
  const bool moved = was.state() != is.state();
  if (moved && after.fence() <= before.fence()) return "N6: a state changed without a higher fence";
  if (!moved && after.fence() != before.fence()) return "N6: a fence rose without a change of state";
  return moved ? FaultOfDirection(was.state(), is.state()) : "";
}

// What a silent period needs before it, when there had been so many scans at Confirm (N1).
inline std::string FaultOfEntry(const v1::Closure& closure, std::int64_t scans_at_confirm) {
  if (!closure.identity_verification().has_verify_time()) return "N1: a silent period without a verified identity";
  if (!closure.has_agreement_acceptance()) return "N1: a silent period without an agreement";
  if (closure.reason() == v1::Closure::REASON_UNSPECIFIED) return "N1: a silent period without a reason";
  if (!closure.has_confirm_time()) return "N1: a silent period without a confirmation";
  const bool clean =
      closure.scan().clean() && closure.scan().phase() == v1::CONFIRM && closure.scan().number() > scans_at_confirm;
  return clean ? "" : "N1: a silent period without a clean scan made after Confirm";
}

// What the end of a silent period needs, by this wall clock and after so much true time of the time promised (N2, S3).
inline std::string FaultOfElapse(const v1::Closure& closure, absl::Time wall, absl::Duration lasted,
                                 absl::Duration promised) {
  if (wall < FromProto(closure.silent_period_end_time())) return "N2: a silent period ended before its end";
  if (lasted < promised)
    return "S3: a silent period lasted " + absl::FormatDuration(lasted) + ", and " + absl::FormatDuration(promised) +
           " were promised";
  for (const v1::ParticipantProgress& progress : closure.participants()) {
    if (progress.status() != v1::ParticipantProgress::DONE) return "N2: a silent period ended before its entry acts";
  }
  return "";
}

// What the point of no return needs of the closure itself (N3).
inline std::string FaultOfDeletion(const v1::Closure& closure) {
  if (!closure.has_silent_period_end_time()) return "N3: a deletion without a silent period";
  const bool clean = closure.scan().clean() && closure.scan().phase() == v1::FINAL;
  return clean ? "" : "N3: a deletion without a clean final check";
}

// Whether the latest scan of a closure rests on an answer of each of these checkers, and of no others (N5, S17).
inline bool EveryoneAnswered(const v1::Closure& closure, std::multiset<std::string_view> checkers) {
  for (const v1::CheckerResult& result : closure.scan().checkers()) {
    const auto asked = checkers.find(result.checker());
    if (asked == checkers.end() || result.status() != v1::CheckerResult::ANSWERED) return false;
    checkers.erase(asked);
  }
  return checkers.empty();
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SOUND_CLOSURE_H_
