// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_LISTED_MOVE_H_
#define CLOSURE_TESTS_SUPPORT_LISTED_MOVE_H_

#include <algorithm>
#include <iterator>

#include "closure/v1/closure.pb.h"
#include "server/machine.h"

namespace closure {

// Whether an entry of a history tells a move as the table of machine.h lists it. Pure.
inline bool IsListed(const v1::Transition& entry) {
  return std::any_of(std::begin(kTransitions), std::end(kTransitions), [&](const TransitionRow& row) {
    return row.from == entry.from_state() && row.to == entry.to_state() && EventName(row.event) == entry.event();
  });
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_LISTED_MOVE_H_
