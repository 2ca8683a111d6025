// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SOUND_CLOSURE_H_
#define CLOSURE_TESTS_SUPPORT_SOUND_CLOSURE_H_

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

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
  if (to == C::DELETING && from != C::FINAL_CHECK) return "N3: a deletion without a final check";
  if (from == C::RESTORING && to != C::ABORTED) return "N10: something followed a restoring";
  return "";
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
