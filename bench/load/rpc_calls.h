// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LOAD_RPC_CALLS_H_
#define CLOSURE_BENCH_LOAD_RPC_CALLS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// What the load program asks, as bytes, so that client and check cost the same whoever answers.
namespace closure::bench {

// Which closures a load is about.
struct CallTargets {
  // Sample closures from 0 on (sample_closures.h).
  int64_t closures = 1;
  int streams = 1;
  // Blocking items of each.
  int items = 0;
};

// One kind of call. Thread-safe: a stream's calls come one after the other, those of several streams at once.
class CallKind {
 public:
  struct Call {
    std::string_view method;  // "/closure.v1.AccountGateService/CheckAccess"
    std::string request;
    std::string actor;  // for the metadata key closure-actor; empty for none
    // What a right answer to this call has in it, and no answer to a call about another closure.
    std::string mark;
    // How many entries the answer lists, each with the mark; 0 for an answer that is no list.
    int entries = 0;
  };

  virtual ~CallKind() = default;
  // The `turn`th call of a stream, both from 0.
  virtual Call Make(int stream, int64_t turn) const = 0;
};

// Null for a name that is not one of: check-access, get-closure, list-items, hold.
//
// The first three read: they go through the closures, each stream on its own way, and begin somewhere else each time
// that a kind is found, so that one run does not ask for what the one before it asked for. hold alternates between
// placing and lifting an operator's hold on closures that no other stream touches, from the first one on, so that each
// call is one durable transition.
std::unique_ptr<CallKind> FindCallKind(std::string_view name, const CallTargets& targets);

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LOAD_RPC_CALLS_H_
