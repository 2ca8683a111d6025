// SPDX-License-Identifier: Apache-2.0
#include "bench/load/rpc_calls.h"

#include <fmt/format.h>

#include <random>

#include "bench/fixture/sample_closures.h"
#include "client/request_id.h"
#include "closure/v1/account_gate_service.pb.h"
#include "closure/v1/closure_service.pb.h"
#include "closure/v1/operator_service.pb.h"

namespace closure::bench {
namespace {

// Spreads the turns of all streams over the closures, so that none is asked for twice before most were once. The step
// has no factor in common with a number of closures that is a power of ten.
int64_t Pick(const CallTargets& targets, int stream, int64_t turn) {
  constexpr int64_t kStep = 7'919;
  return (stream * (targets.closures / targets.streams) + turn * kStep) % targets.closures;
}

int64_t AnyTurn(const CallTargets& targets) {
  std::random_device source;
  return std::uniform_int_distribution<int64_t>(0, targets.closures - 1)(source);
}

// A call that reads one closure, another one each turn.
class Read final : public CallKind {
 public:
  using MakeCall = Call (*)(const ClosureKey& key);
  // `entries` are those of each answer that is a list.
  Read(const CallTargets& targets, MakeCall make, int entries = 0)
      : targets_(targets), make_(make), entries_(entries), first_turn_(AnyTurn(targets)) {}

  Call Make(int stream, int64_t turn) const override {
    Call call = make_(SampleKey(Pick(targets_, stream, first_turn_ + turn)));
    call.entries = entries_;
    return call;
  }

 private:
  const CallTargets targets_;
  const MakeCall make_;
  const int entries_;
  const int64_t first_turn_;
};

CallKind::Call CheckAccess(const ClosureKey& key) {
  v1::CheckAccessRequest request;
  request.set_account("accounts/" + key.account_id);
  request.set_action(v1::CheckAccessRequest::SIGN_IN);
  return {.method = "/closure.v1.AccountGateService/CheckAccess",
          .request = request.SerializeAsString(),
          .mark = FormatClosureName(key)};
}

CallKind::Call GetClosure(const ClosureKey& key) {
  v1::GetClosureRequest request;
  request.set_name(FormatClosureName(key));
  return {.method = "/closure.v1.ClosureService/GetClosure",
          .request = request.SerializeAsString(),
          .actor = "root:" + key.account_id,
          .mark = request.name()};
}

CallKind::Call ListItems(const ClosureKey& key) {
  v1::ListBlockingItemsRequest request;
  request.set_parent(FormatClosureName(key));
  return {.method = "/closure.v1.ClosureService/ListBlockingItems",
          .request = request.SerializeAsString(),
          .actor = "root:" + key.account_id,
          .mark = request.parent() + "/blockingItems/"};
}

class Hold final : public CallKind {
 public:
  explicit Hold(const CallTargets& targets) : targets_(targets) {}

  Call Make(int stream, int64_t turn) const override {
    // A stream's own closures are those that are its number and whole rounds of streams away; each is held in one turn
    // and let go in the next.
    const int64_t rounds = targets_.closures / targets_.streams;
    const int64_t number = stream + targets_.streams * ((turn / 2) % rounds);
    const std::string name = FormatClosureName(SampleKey(number));
    Call call{.actor = "operator:bench", .mark = name};
    if (turn % 2 == 0) {
      call.method = "/closure.v1.OperatorService/HoldClosure";
      call.request = Request<v1::HoldClosureRequest>(name);
    } else {
      call.method = "/closure.v1.OperatorService/ReleaseHold";
      call.request = Request<v1::ReleaseHoldRequest>(name);
    }
    return call;
  }

 private:
  template <typename Message>
  static std::string Request(const std::string& name) {
    Message request;
    request.set_name(name);
    request.set_reason("a benchmark");
    request.set_request_id(NewRequestId());
    return request.SerializeAsString();
  }

  const CallTargets targets_;
};

}  // namespace

std::unique_ptr<CallKind> FindCallKind(std::string_view name, const CallTargets& targets) {
  if (name == "check-access") return std::make_unique<Read>(targets, &CheckAccess);
  if (name == "get-closure") return std::make_unique<Read>(targets, &GetClosure);
  if (name == "list-items") return std::make_unique<Read>(targets, &ListItems, targets.items);
  if (name == "hold") return std::make_unique<Hold>(targets);
  return nullptr;
}

}  // namespace closure::bench
