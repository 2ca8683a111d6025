// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_OVERLOADED_H_
#define CLOSURE_SERVER_OVERLOADED_H_

namespace closure {

// One callable of several, for std::visit: a variant's new alternative does not compile until it has a case.
//
//   std::visit(Overloaded{[](const Recheck&) { … }, [](const CancelClosure&) { … }}, command);
template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace closure

#endif  // CLOSURE_SERVER_OVERLOADED_H_
