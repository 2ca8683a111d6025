// SPDX-License-Identifier: Apache-2.0
// A store that fails under a running server: what callers are told, and that nothing is changed or lost.
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/faulty_store.h"
#include "tests/support/mark_watch.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using grpc::StatusCode;

constexpr char kAccount[] = "store-1";
constexpr char kStoresWords[] = "page 17 of the file is in the way";

// A server with a closure that waits for its agreement, over a store that can be made to fail.
struct Faulty {
  std::shared_ptr<StoreFaults> faults = std::make_shared<StoreFaults>();
  RunningServer server{{.wrap_store = [faults = faults](std::unique_ptr<ClosureStore> store) {
    return std::make_unique<FaultyStore>(std::move(store), faults);
  }}};
  Owner owner{server, kAccount};

  Faulty() {
    server.Load(CloudFileOf(kAccount));
    server.Load(CloudFileOf("store-2"));
    owner.Create();
    owner.Verify();
    WaitUntilQuiet(server, owner.name());
    // What is asked for again is kept.
    owner.Refresh();
    owner.Refresh();
  }
};

// A caller with a request that the server would carry out.
struct Call {
  std::string actor;
  std::unique_ptr<Message> request;
};

template <typename Request>
Call MakeCall(const std::string& actor, const Request& request) {
  return {actor, std::make_unique<Request>(request)};
}

// One of each way into the engine: a closure that is begun, one that is changed by its owner and by an operator, and
// the whole system.
std::vector<Call> MakeCalls(const Owner& owner) {
  v1::CreateClosureRequest create;
  create.set_parent("accounts/store-2");
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  auto accept = RequestOn<v1::AcceptAgreementRequest>(owner.name());
  accept.set_version("2026-01");
  accept.set_etag(owner.closure().etag());
  auto hold = RequestOn<v1::HoldClosureRequest>(owner.name());
  hold.set_reason("a test");
  std::vector<Call> calls;
  calls.push_back(MakeCall("root:store-2", create));
  calls.push_back(MakeCall(owner.actor(), accept));
  calls.push_back(MakeCall("operator:ann", hold));
  calls.push_back(MakeCall("operator:ann", OperatorRequest<v1::PauseIrreversibleRequest>()));
  return calls;
}

std::string SightOfSystem(RunningServer& server) {
  v1::SystemStatus status = StatusOf(server);
  return SightOfAll(server) + status.pause().DebugString();
}

TEST_CASE("a change that other changes keep overtaking is given up, and counts when it is repeated", "[D1][D14]") {
  Faulty faulty;
  const MarkWatch again(Mark::kDecidedAgain);
  const MarkWatch given_up(Mark::kDecidingGivenUp);
  const MarkWatch creation(Mark::kCreationDecidedAgain);
  const MarkWatch system(Mark::kSwitchDecidedAgain);
  const std::string before = SightOfSystem(faulty.server);
  const std::vector<std::string> names = {"accounts/store-2", faulty.owner.name(), faulty.owner.name(), "the system"};
  const std::vector<Call> calls = MakeCalls(faulty.owner);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    INFO(calls[i].request->GetTypeName());
    faulty.faults->SetCommits(absl::AbortedError(kStoresWords));
    const int refused_before = faulty.faults->refused_commits();
    const Reply reply = Send(faulty.server, calls[i].actor, *calls[i].request);
    CheckRefused(reply, StatusCode::ABORTED, v1::CONCURRENT_CHANGE, {names[i], "try again"});
    CHECK(reply.metadata() == std::map<std::string, std::string>{{"name", names[i]}});
    CHECK(faulty.faults->refused_commits() - refused_before >= 2);
    faulty.faults->SetCommits(absl::OkStatus());
    if (i == 0) CHECK(SightOfSystem(faulty.server) == before);
    CHECK(Send(faulty.server, calls[i].actor, *calls[i].request).ok());
  }
  CHECK(given_up.times() == 2);  // of the two about a closure; creations and operators have tries of their own
  CHECK(again.times() > given_up.times());
  CHECK(creation.reached());
  CHECK(system.reached());
}

void Cancel(Faulty& faulty) {
  REQUIRE(Send(faulty.server, faulty.owner.actor(), RequestOn<v1::CancelClosureRequest>(faulty.owner.name())).ok());
}

// That work went on to its end.
void CheckNotices(Faulty& faulty) {
  WaitUntilQuiet(faulty.server, faulty.owner.name());
  faulty.owner.Refresh();
  CHECK(faulty.owner.closure().notices_size() > 0);
  for (const v1::Notice& notice : faulty.owner.closure().notices()) CHECK(notice.status() == v1::Notice::DELIVERED);
}

TEST_CASE("what a task came to and cannot be decided is given back, and decided later", "[R12]") {
  Faulty faulty;
  const MarkWatch mark(Mark::kDecisionGivenBack);
  faulty.faults->SetResults(absl::InternalError(kStoresWords));
  Cancel(faulty);
  while (!mark.reached()) StatusOf(faulty.server);
  faulty.faults->SetResults(absl::OkStatus());
  // Whatever was given back when the clock was last moved is due at the next time.
  for (int moves = 0; moves < 20; ++moves) {
    faulty.server.clock().Advance(absl::Minutes(10));
    WaitUntilQuiet(faulty.server, faulty.owner.name());
  }
  CheckNotices(faulty);
}

TEST_CASE("a scan that begins while the store does not say how the system stands begins when its lease is over",
          "[R12]") {
  Faulty faulty;
  const MarkWatch mark(Mark::kTaskLeftToLease);
  // Once the scan is a task.
  faulty.faults->SetBeforeCommit([&] { faulty.faults->SetSystemReads(absl::UnavailableError(kStoresWords)); });
  auto accept = RequestOn<v1::AcceptAgreementRequest>(faulty.owner.name());
  accept.set_version("2026-01");
  accept.set_etag(faulty.owner.closure().etag());
  REQUIRE(Send(faulty.server, faulty.owner.actor(), accept).ok());
  while (!mark.reached()) std::this_thread::yield();
  faulty.faults->SetBeforeCommit(nullptr);
  faulty.faults->SetSystemReads(absl::OkStatus());
  faulty.server.clock().Advance(absl::Minutes(3));
  WaitUntilQuiet(faulty.server, faulty.owner.name());
  faulty.owner.Refresh();
  CHECK(faulty.owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("while the store leases nothing work waits, and goes on by itself when it does again", "[R12]") {
  Faulty faulty;
  const MarkWatch mark(Mark::kStoreRetried);
  faulty.faults->SetLeases(absl::UnavailableError(kStoresWords));
  Cancel(faulty);
  while (!mark.reached()) StatusOf(faulty.server);
  faulty.faults->SetLeases(absl::OkStatus());
  CheckNotices(faulty);
}

TEST_CASE("while the store does not say when work is due, it is looked for again and again", "[R12]") {
  Faulty faulty;
  const MarkWatch mark(Mark::kDueTimeUnread);
  faulty.faults->SetDueTimes(absl::UnavailableError(kStoresWords));
  Cancel(faulty);
  while (!mark.reached()) StatusOf(faulty.server);
  faulty.faults->SetDueTimes(absl::OkStatus());
  CheckNotices(faulty);
}

TEST_CASE("a retry of a task that other changes keep overtaking is given up, and the task stays", "[operators]") {
  Faulty faulty;
  const std::vector<v1::Task> tasks = TasksOf(faulty.server, faulty.owner.name());
  REQUIRE_FALSE(tasks.empty());
  auto retry = RequestOn<v1::RetryTaskRequest>(tasks.front().name());
  retry.set_reason("a test");
  faulty.faults->SetCommits(absl::AbortedError(kStoresWords));
  const Reply reply = Send(faulty.server, "operator:ann", retry);
  CheckRefused(reply, StatusCode::ABORTED, v1::CONCURRENT_CHANGE, {faulty.owner.name()});
  const std::vector<v1::Task> left = TasksOf(faulty.server, faulty.owner.name());
  REQUIRE(left.size() == tasks.size());
  CHECK(left.front().DebugString() == tasks.front().DebugString());
}

TEST_CASE("a change that the store does not commit changes nothing, and its request id is good for another try",
          "[D1][D14]") {
  Faulty faulty;
  const std::vector<Call> calls = MakeCalls(faulty.owner);
  const std::string before = SightOfSystem(faulty.server);
  faulty.faults->SetCommits(absl::UnavailableError(kStoresWords));
  for (const Call& call : calls) {
    INFO(call.request->GetTypeName());
    const Reply reply = Send(faulty.server, call.actor, *call.request);
    CheckRefused(reply, StatusCode::UNAVAILABLE, v1::STORE_UNAVAILABLE, {"same request id"});
    CHECK(reply.retry_delay() == absl::Seconds(5));
    CHECK_THAT(reply.status.error_message(), !Catch::Contains(kStoresWords));
  }
  faulty.faults->SetCommits(absl::OkStatus());
  CHECK(SightOfSystem(faulty.server) == before);
  for (const Call& call : calls) {
    INFO(call.request->GetTypeName());
    const Reply first = Send(faulty.server, call.actor, *call.request);
    INFO(first.status.error_message());
    REQUIRE(first.ok());
    const Reply second = Send(faulty.server, call.actor, *call.request);
    CHECK(second.ok());
  }
  CHECK(StatusOf(faulty.server).has_pause());
}

// The agreement is a text beside the store; the closure was read before, and what was read is kept until it changes.
const std::set<std::string> kWithoutStore = {"GetAgreement", "GetClosure"};

// The methods that answered all the same while reads came to `fault`; every other one must have been refused alike.
std::set<std::string> MethodsThatAnswer(Faulty& faulty, const absl::Status& fault, StatusCode code,
                                        v1::ErrorReason reason) {
  std::set<std::string> answered;
  faulty.faults->SetReads(fault);
  for (const auto& methods : {ClosureMethods(), OperatorMethods()}) {
    for (const MethodDescriptor* method : methods) {
      INFO(method->full_name());
      const bool operators = method->service()->name() == "OperatorService";
      const auto request = MakeRequest(method, faulty.owner.closure());
      const Reply reply = Send(faulty.server, operators ? "operator:ann" : faulty.owner.actor(), *request);
      if (reply.ok()) {
        answered.insert(method->name());
        continue;
      }
      CheckRefused(reply, code, reason);
      CHECK(reply.metadata().empty());
      CHECK(reply.retry_delay().has_value() == (code == StatusCode::UNAVAILABLE));
      CHECK_THAT(reply.status.error_message(), !Catch::Contains(kStoresWords));
    }
  }
  faulty.faults->SetReads(absl::OkStatus());
  return answered;
}

TEST_CASE("while the store does not answer every call that needs it says so", "[D12]") {
  Faulty faulty;
  const std::string before = SightOfSystem(faulty.server);
  CHECK(MethodsThatAnswer(faulty, absl::UnavailableError(kStoresWords), StatusCode::UNAVAILABLE,
                          v1::STORE_UNAVAILABLE) == kWithoutStore);
  CHECK(SightOfSystem(faulty.server) == before);
}

TEST_CASE("a stored row that is not understood is a fault of the server, and its words stay in the log", "[D12]") {
  Faulty faulty;
  const std::string before = SightOfSystem(faulty.server);
  CHECK(MethodsThatAnswer(faulty, absl::InternalError(kStoresWords), StatusCode::INTERNAL, v1::INTERNAL_FAULT) ==
        kWithoutStore);
  CHECK(SightOfSystem(faulty.server) == before);
}

TEST_CASE("while the store does not answer the gate refuses to say what an account may do", "[R4][R62]") {
  Faulty faulty;
  v1::CheckAccessRequest request;
  request.set_account(fmt::format("accounts/{}", kAccount));
  request.set_action(v1::CheckAccessRequest::OTHER);
  v1::CheckAccessResponse response;
  const auto ask = [&] {
    Reply reply;
    reply.status = faulty.server.gates().CheckAccess(RunningServer::As("").get(), request, &response);
    return reply;
  };
  faulty.faults->SetReads(absl::UnavailableError(kStoresWords));
  CheckRefused(ask(), StatusCode::UNAVAILABLE, v1::STORE_UNAVAILABLE);
  CHECK_FALSE(response.allowed());
  faulty.faults->SetReads(absl::OkStatus());
  CHECK(ask().ok());
  CHECK(response.allowed());
  // What was read once is as true without the store, as long as nothing is committed.
  faulty.faults->SetReads(absl::UnavailableError(kStoresWords));
  CHECK(ask().ok());
  CHECK(response.allowed());
}

TEST_CASE("a closure that was not read before is refused while the store does not answer", "[D12]") {
  Faulty faulty;
  v1::GetClosureRequest request;
  request.set_name(fmt::format("accounts/{}/closures/0123456789abcdef0123456789abcdef", kAccount));
  v1::Closure response;
  faulty.faults->SetReads(absl::UnavailableError(kStoresWords));
  Reply reply;
  const auto context = RunningServer::As(fmt::format("root:{}", kAccount));
  reply.status = faulty.server.closures().GetClosure(context.get(), request, &response);
  CheckRefused(reply, StatusCode::UNAVAILABLE, v1::STORE_UNAVAILABLE);
}

}  // namespace
}  // namespace closure
