// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_END_TO_END_RACES_H_
#define CLOSURE_TESTS_END_TO_END_RACES_H_

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "storage/history_chain.h"
#include "tests/support/api_calls.h"
#include "tests/support/listed_move.h"
#include "tests/support/running_server.h"
#include "tests/support/sound_closure.h"

// What the tests of things at the same time share.
namespace closure {

inline constexpr int kRounds = 12;

// Further fields of an account in a cloud file: one instance that can be released.
inline constexpr char kReleasable[] =
    R"("resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn",)"
    R"("chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true,)"
    R"("consoleUri": "https://ecs.console.example.com/i-1"}])";

// Lets both run at once. The other runs on a thread of its own, where Catch2 has no assertions.
inline void Together(const std::function<void()>& one, const std::function<void()>& other) {
  const std::jthread beside(other);
  one();
}

// By turns over the rounds: both at once; and each before the other, so that both orders are among the rounds. After
// each of them, or both, `settle` is called on the test's own thread.
inline void InTurns(
    int round, const std::function<void()>& one, const std::function<void()>& other,
    const std::function<void()>& settle = [] {}) {
  if (round % 3 == 0) {
    Together(one, other);
    return settle();
  }
  const std::function<void()>& first = round % 3 == 1 ? one : other;
  const std::function<void()>& second = round % 3 == 1 ? other : one;
  first();
  settle();
  second();
  settle();
}

// What is always true of a history: its chain holds, and every move is one of the table, once.
inline void CheckHistory(RunningServer& server, const Owner& owner) {
  v1::GetClosureRecordRequest request;
  request.set_name(owner.name());
  const auto record = Send(server, "operator:ann", request).As<v1::ClosureRecord>();
  const std::vector<v1::Transition> history(record.transitions().begin(), record.transitions().end());
  CHECK(VerifyChain(history, owner.name()).ok());
  for (const v1::Transition& entry : history) {
    if (entry.from_state() == entry.to_state()) continue;
    CHECK(IsListed(entry));
    CHECK(FaultOfDirection(entry.from_state(), entry.to_state()) == "");
  }
}

inline int CountEvents(RunningServer& server, const Owner& owner, const std::string& event) {
  v1::ListTransitionsRequest request;
  request.set_parent(owner.name());
  request.set_page_size(1000);
  const auto response = Send(server, owner.actor(), request).As<v1::ListTransitionsResponse>();
  return static_cast<int>(std::count_if(response.transitions().begin(), response.transitions().end(),
                                        [&](const v1::Transition& entry) { return entry.event() == event; }));
}

}  // namespace closure

#endif  // CLOSURE_TESTS_END_TO_END_RACES_H_
