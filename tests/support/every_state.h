// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_EVERY_STATE_H_
#define CLOSURE_TESTS_SUPPORT_EVERY_STATE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/running_server.h"

namespace closure {

// One closure in each state, each of an account of its own, on one running server. What passes by itself is held where
// it is by an upstream method that hangs, and everything else about it has settled, so nothing changes unless a test
// changes it. About a week has passed on the server's clock.
class EveryState {
 public:
  explicit EveryState(RunningServer& server);

  // Every state that a stored closure can be in, in the order of the enum.
  static std::vector<v1::Closure::State> All();
  static bool IsEnd(v1::Closure::State state);

  Owner& In(v1::Closure::State state) { return *owners_.at(state); }
  // Lets what hangs for this state go on: the upstream answers from now on, and the tasks are tried again.
  void LetGo(v1::Closure::State state);

 private:
  Owner& Start(v1::Closure::State state);
  void Hang(v1::Closure::State state, const std::vector<std::string>& methods);
  void EndSilentPeriods();
  void BeforeConfirm();
  void AfterConfirm();

  RunningServer& server_;
  std::map<v1::Closure::State, std::unique_ptr<Owner>> owners_;
  std::map<v1::Closure::State, std::vector<std::string>> hanging_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_EVERY_STATE_H_
