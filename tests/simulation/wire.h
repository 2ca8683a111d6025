// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_WIRE_H_
#define CLOSURE_TESTS_SIMULATION_WIRE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"
#include "grpcpp/test/default_reactor_test_peer.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// How calls to other systems fare, each as a probability.
struct WireFaults {
  // Refused at once, without arriving.
  double refused = 0;
  // Never arrives.
  double lost_request = 0;
  // Arrives and is done, and nobody hears of it.
  double lost_reply = 0;
  // Arrives after its caller has given up.
  double late = 0;
  // Arrives once more, some time later.
  double repeated = 0;
  // An act that is done, and answered with OK and nothing in it.
  double empty = 0;
};

// What became of the calls so far.
struct WireCounts {
  std::int64_t calls = 0;
  // Of systems that were down.
  std::int64_t down = 0;
  std::int64_t refused = 0;
  std::int64_t lost_requests = 0;
  std::int64_t lost_replies = 0;
  std::int64_t late = 0;
  std::int64_t repeated = 0;
  std::int64_t empty = 0;
};

// The network between the service and the other systems. What was sent travels on although its sender dies; a reply to
// a dead process is lost. One thread.
class Wire {
 public:
  Wire(Schedule& schedule, Dice& dice) : schedule_(schedule), dice_(dice) {}

  WireFaults faults;
  // Given every act that the service asks for, by its method, and the closure that asks; may be empty.
  std::function<void(const std::string& method, const std::string& closure)> on_act;
  // A system is down from now on: calls of it are refused, or heard by nobody. By the file that its requests are of.
  void TakeDown(const std::string& system, bool refuses) { down_[system] = refuses; }
  bool IsDown(const std::string& system) const { return down_.count(system) > 0; }
  void BringUp(const std::string& system) { down_.erase(system); }
  void BringAllUp() { down_.clear(); }
  const WireCounts& counts() const { return counts_; }
  // Whether a life of the process waits for an answer.
  bool Waits(Life life) const;
  // How many calls arrived at a system so far.
  std::int64_t arrivals() const { return arrivals_; }

  // Makes a unary call for a life of the process. `serve(context, request, response)` is a method of a callback
  // service; it must answer before it returns. `response` is the caller's and lives until `done`, which is called later
  // and at most once; never after the life has ended.
  template <typename Request, typename Response, typename Serve>
  void Call(Life life, const Request& request, Response* response, Serve serve,
            std::function<void(grpc::Status)> done) {
    if constexpr (requires { request.act().closure(); }) {
      if (on_act) on_act(MethodOfRequest(Request::descriptor()->name()), request.act().closure());
    }
    const std::int64_t call = ++counts_.calls;
    waiting_.emplace(call, Waiting{life, std::move(done)});
    const auto arrive = [this, question = std::make_shared<const Request>(request), serve](Response* into) {
      ++arrivals_;
      grpc::CallbackServerContext context;
      grpc::testing::DefaultReactorTestPeer peer(&context);
      serve(&context, question.get(), into);
      return peer.test_status();
    };
    const Fate fate = Draw(Request::descriptor()->file()->name());
    if (schedule_.trace) schedule_.Tell("{}", WordsOf(Request::descriptor()->name(), fate));
    if (fate.arrives) {
      schedule_.After(fate.delay, kWorld, [this, call, fate, arrive, response] {
        auto said = std::make_shared<Response>();
        const grpc::Status status = arrive(said.get());
        if (!fate.replies) return;
        // An empty list would be an answer; an empty result is none.
        if constexpr (requires { said->outcome(); }) {
          if (fate.empty) said->Clear();
        }
        schedule_.After(Travel(), kWorld, [this, call, said, status, response] {
          Answer(call, status, [&] { response->Swap(said.get()); });
        });
      });
    }
    if (fate.comes_again) {
      schedule_.After(fate.delay + dice_.Between(absl::Milliseconds(1), absl::Hours(2)), kWorld, [arrive] {
        Response nobody_reads_it;
        arrive(&nobody_reads_it);
      });
    }
    if (!fate.replies) GiveUp(call, fate);
  }

  // The process of this life is gone: its callbacks are destroyed uncalled.
  void End(Life life);

 private:
  struct Waiting {
    Life life;
    std::function<void(grpc::Status)> done;
  };
  struct Fate {
    absl::Duration delay;
    bool refused = false;
    bool arrives = true;
    bool replies = true;
    bool comes_again = false;
    bool empty = false;
  };

  Fate Draw(const std::string& system);
  static std::string MethodOfRequest(std::string_view request);
  static std::string WordsOf(const std::string& request, const Fate& fate);
  absl::Duration Travel() { return dice_.Between(absl::Milliseconds(1), absl::Seconds(2)); }
  // Calls `done` of a call that still waits, after `read`.
  void Answer(std::int64_t call, const grpc::Status& status, absl::FunctionRef<void()> read);
  void GiveUp(std::int64_t call, const Fate& fate);

  Schedule& schedule_;
  Dice& dice_;
  WireCounts counts_;
  std::int64_t arrivals_ = 0;
  std::map<std::int64_t, Waiting> waiting_;
  // The systems that are down, and whether they refuse.
  std::map<std::string, bool> down_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_WIRE_H_
