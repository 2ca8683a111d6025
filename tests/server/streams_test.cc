// SPDX-License-Identifier: Apache-2.0
// Streams as callers meet them, and how a server starts and stops.
#include <grpcpp/generic/generic_stub.h>

#include <catch2/catch.hpp>
#include <thread>

#include "server/config.h"
#include "server/preview.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/support/running_server.h"
#include "tests/support/scripted_checker.h"

namespace closure {
namespace {

const std::string kNoClosure = "accounts/1000000002/closures/0123456789abcdef0123456789abcdef";

// Sends the bytes of one request to a method that is not among ours, and returns the bytes of the first answer.
std::string CallRaw(RunningServer& server, const std::string& method, const std::string& request,
                    grpc::Status* status = nullptr) {
  grpc::GenericStub stub(server.server().InProcessChannel());
  const auto context = RunningServer::As("");
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    REQUIRE(queue.Next(&tag, &ok));
    return ok;
  };
  const auto call = stub.PrepareCall(context.get(), method, &queue);
  call->StartCall(nullptr);
  next();
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  next();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  const bool answered = next();
  grpc::Status end;
  if (status == nullptr) context->TryCancel();
  call->Finish(status == nullptr ? &end : status, nullptr);
  next();
  grpc::Slice bytes;
  if (!answered || !answer.DumpToSingleSlice(&bytes).ok()) return "";
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

const std::string kHealthCheck = "/grpc.health.v1.Health/Check";
const std::string kServing = "\x08\x01";

// The bytes of a question about the health of a service.
std::string HealthOf(const std::string& service) {
  return "\x0a" + std::string(1, static_cast<char>(service.size())) + service;
}

TEST_CASE("health says SERVING for the server and each service, and does not know others", "[health]") {
  RunningServer server;
  CHECK(CallRaw(server, kHealthCheck, "") == kServing);
  for (const std::string service :
       {"closure.v1.ClosureService", "closure.v1.AccountGateService", "closure.v1.OperatorService"}) {
    CHECK(CallRaw(server, kHealthCheck, HealthOf(service)) == kServing);
  }
  grpc::Status status;
  CHECK(CallRaw(server, kHealthCheck, HealthOf("x"), &status).empty());
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("the log says that the server serves when health says so", "[health][log]") {
  RunningServer* running = nullptr;
  std::string health;
  RunningServer server({.on_log_line = [&](const std::string& line) {
    if (running == nullptr || line.find("\"msg\":\"serving\"") == std::string::npos) return;
    health = CallRaw(*running, kHealthCheck, HealthOf("closure.v1.ClosureService"));
  }});
  running = &server;
  server.Restart();
  CHECK(health == kServing);
}

const std::string kReflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
const std::string kListServices = "\x3a\x01*";

TEST_CASE("reflection lists the services", "[reflection]") {
  RunningServer server;
  const std::string answer = CallRaw(server, kReflection, kListServices);
  for (const std::string service :
       {"closure.v1.ClosureService", "closure.v1.AccountGateService", "closure.v1.OperatorService"}) {
    CHECK(answer.find(service) != std::string::npos);
  }
}

TEST_CASE("reflection is left out of the one server that disables it", "[reflection][config]") {
  RunningServer without({.configure = [](config::v1::ServerConfig& config) { config.set_reflection_disabled(true); }});
  grpc::Status status;
  CHECK(CallRaw(without, kReflection, kListServices, &status).empty());
  CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(CallRaw(without, kHealthCheck, HealthOf("")) == kServing);
  RunningServer with;
  CHECK_FALSE(CallRaw(with, kReflection, kListServices).empty());
}

TEST_CASE("a watch resumes from a revision and ends by itself after the last notice", "[watch][D12]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  owner.Create();
  owner.Cancel();
  v1::WatchClosureRequest request;
  request.set_name(owner.name());
  const auto context = RunningServer::As(owner.actor());
  const auto reader = server.closures().WatchClosure(context.get(), request);
  v1::WatchClosureResponse response;
  int64_t revision = 0;
  while (reader->Read(&response)) {
    CHECK(response.closure().revision() > revision);
    revision = response.closure().revision();
  }
  CHECK(reader->Finish().ok());
  CHECK(response.closure().state() == v1::Closure::CANCELLED);
  REQUIRE(response.closure().notices_size() == 2);
  for (const v1::Notice& notice : response.closure().notices()) CHECK(notice.status() == v1::Notice::DELIVERED);
  // Nothing is left to be told to one who knows it all.
  request.set_after_revision(revision + 1000);
  const auto again = RunningServer::As(owner.actor());
  const auto empty = server.closures().WatchClosure(again.get(), request);
  CHECK_FALSE(empty->Read(&response));
  CHECK(empty->Finish().ok());
}

TEST_CASE("a watch of nothing, of another account or from before the beginning is refused", "[watch][R6]") {
  RunningServer server;
  const auto refusal = [&](const std::string& actor, const std::string& name, int64_t after) {
    v1::WatchClosureRequest request;
    request.set_name(name);
    request.set_after_revision(after);
    const auto context = RunningServer::As(actor);
    return ReasonIn(server.closures().WatchClosure(context.get(), request)->Finish());
  };
  CHECK(refusal("root:1000000002", kNoClosure, 0) == v1::CLOSURE_NOT_FOUND);
  CHECK(refusal("root:1000000001", kNoClosure, 0) == v1::ACCOUNT_MISMATCH);
  CHECK(refusal("root:1000000002", kNoClosure, -1) == v1::FIELD_INVALID);
  CHECK(refusal("", kNoClosure, 0) == v1::IDENTITY_MISSING);
}

TEST_CASE("a preview shows progress, then the plan, and starts nothing", "[R13][R16][R48]") {
  RunningServer server;
  server.LoadExample("demo");
  v1::PreviewClosureRequest request;
  request.set_account("accounts/1000000001");
  const auto context = RunningServer::As("root:1000000001");
  const auto reader = server.closures().PreviewClosure(context.get(), request);
  v1::PreviewClosureResponse response;
  int answered = 0;
  int items = 0;
  while (reader->Read(&response)) {
    answered += response.progress().status() == v1::CheckerResult::ANSWERED ? 1 : 0;
    items += response.items().items_size();
  }
  CHECK(reader->Finish().ok());
  CHECK(answered == 6);
  CHECK(items == 3);
  CHECK_FALSE(response.plan().eligible());
  v1::ListClosuresRequest list;
  list.set_parent("accounts/1000000001");
  v1::ListClosuresResponse closures;
  REQUIRE(server.closures().ListClosures(RunningServer::As("root:1000000001").get(), list, &closures).ok());
  CHECK(closures.closures_size() == 0);
}

TEST_CASE("a preview of an unknown account, or without the account system, says so", "[R1]") {
  RunningServer server;
  server.LoadExample("demo");
  const auto refusal = [&](const std::string& account) {
    v1::PreviewClosureRequest request;
    request.set_account("accounts/" + account);
    const auto context = RunningServer::As("root:" + account);
    return ReasonIn(server.closures().PreviewClosure(context.get(), request)->Finish());
  };
  CHECK(refusal("404") == v1::ACCOUNT_NOT_FOUND);
  server.SetFault("AccountService/GetAccount", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  CHECK(refusal("1000000001") == v1::ACCOUNT_SYSTEM_UNAVAILABLE);
  server.SetFault("AccountService/GetAccount", sandbox::v1::SetFaultRequest::MALFORMED, 1);
  CHECK(refusal("1000000001") == v1::ACCOUNT_SYSTEM_UNAVAILABLE);
}

TEST_CASE("one preview of an account runs at a time, and it ends with its caller", "[R16]") {
  RunningServer server;
  server.LoadExample("demo");
  server.SetFault("BillingService/ListFunds", sandbox::v1::SetFaultRequest::HANG);
  v1::PreviewClosureRequest request;
  request.set_account("accounts/1000000001");
  const auto first = RunningServer::As("root:1000000001");
  const auto reader = server.closures().PreviewClosure(first.get(), request);
  v1::PreviewClosureResponse response;
  REQUIRE(reader->Read(&response));
  const auto second = RunningServer::As("operator:ann");
  CHECK(ReasonIn(server.closures().PreviewClosure(second.get(), request)->Finish()) == v1::PREVIEW_IN_PROGRESS);
  first->TryCancel();
  CHECK(reader->Finish().error_code() == grpc::StatusCode::CANCELLED);
  server.SetFault("BillingService/ListFunds", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  // The server hears of the cancellation a moment after the client.
  v1::ErrorReason reason = v1::PREVIEW_IN_PROGRESS;
  while (reason == v1::PREVIEW_IN_PROGRESS) {
    const auto third = RunningServer::As("root:1000000001");
    const auto retry = server.closures().PreviewClosure(third.get(), request);
    while (retry->Read(&response)) {
    }
    reason = ReasonIn(retry->Finish());
  }
  CHECK(reason == v1::ERROR_REASON_UNSPECIFIED);
  CHECK(response.has_plan());
}

TEST_CASE("previews above the limit are refused and told when to come back", "[overload]") {
  RunningServer server(
      {.configure = [](config::v1::ServerConfig& config) { config.mutable_limits()->set_scans_max(1); }});
  server.LoadExample("demo");
  server.SetFault("BillingService/ListFunds", sandbox::v1::SetFaultRequest::HANG);
  v1::PreviewClosureRequest request;
  request.set_account("accounts/1000000001");
  const auto first = RunningServer::As("operator:ann");
  const auto reader = server.closures().PreviewClosure(first.get(), request);
  v1::PreviewClosureResponse response;
  REQUIRE(reader->Read(&response));
  request.set_account("accounts/1000000002");
  const auto second = RunningServer::As("operator:ann");
  CHECK(ReasonIn(server.closures().PreviewClosure(second.get(), request)->Finish()) == v1::OVERLOADED);
}

TEST_CASE("a stop with an open watch and a hanging checker ends in time and tells the watcher", "[stop]") {
  RunningServer server;
  server.LoadExample("demo");
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::HANG);
  Owner owner(server, "1000000001");
  owner.Create();
  owner.Verify();
  owner.Agree();
  owner.WaitUntil([](const v1::Closure& closure) { return closure.scan().checkers_size() > 0; });
  v1::WatchClosureRequest request;
  request.set_name(owner.name());
  const auto context = RunningServer::As(owner.actor());
  const auto reader = server.closures().WatchClosure(context.get(), request);
  v1::WatchClosureResponse response;
  REQUIRE(reader->Read(&response));
  std::thread stopper([&server] { server.server().Stop(absl::Seconds(1)); });
  while (reader->Read(&response)) {
  }
  CHECK(ReasonIn(reader->Finish()) == v1::SHUTTING_DOWN);
  stopper.join();
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  server.Restart();
  // The scan that was cut off is run by the next server.
  owner.WaitFor({v1::Closure::BLOCKED});
  for (const v1::CheckerResult& checker : owner.closure().scan().checkers())
    CHECK(checker.status() == v1::CheckerResult::ANSWERED);
}

TEST_CASE(
    "a stop during a preview with a checker that hangs tells the caller, and the checker's late answer harms nobody",
    "[stop][R16]") {
  const auto hold = std::make_shared<QuestionHold>("1000000001");
  {
    RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("vault", hold->behaviour())}});
    server.LoadExample("demo");
    v1::PreviewClosureRequest request;
    request.set_account("accounts/1000000001");
    const auto context = RunningServer::As("root:1000000001");
    const auto reader = server.closures().PreviewClosure(context.get(), request);
    REQUIRE(hold->WaitForQuestion());
    std::thread stopper([&server] { server.server().Stop(absl::Seconds(1)); });
    v1::PreviewClosureResponse response;
    while (reader->Read(&response)) CHECK_FALSE(response.has_plan());
    const grpc::Status told = reader->Finish();
    INFO(told.error_code() << " " << told.error_message());
    CHECK(ReasonIn(told) == v1::SHUTTING_DOWN);
    stopper.join();
    CHECK(hold->WaitForCancel());
  }
  // The server and its clock are gone.
  hold->LetGo();
}

TEST_CASE("a preview owns what it needs, and goes with its last answer when its desk is gone", "[stop][R16]") {
  RunningServer cloud;
  cloud.LoadExample("demo");
  const auto hold = std::make_shared<QuestionHold>("1000000001");
  auto clock = std::make_unique<ManualClock>();
  absl::Notification stopping;
  auto desk = std::make_unique<PreviewDesk>(
      PreviewParts{.plugins = std::make_shared<Plugins>(PluginSet(
                       FanOut({{.checker = std::make_shared<ScriptedChecker>("vault", hold->behaviour())}}), {})),
                   .upstreams = Upstreams::OnChannel(cloud.cloud().channel()),
                   .calendar = *BusinessCalendar::Make({}),
                   .silent_period = absl::Hours(168)},
      clock.get(), 1, &stopping);
  v1::PreviewClosureRequest request;
  request.set_account("accounts/1000000001");
  const absl::StatusOr<Actor> owner = Actor::Parse("root:1000000001");
  REQUIRE(owner.ok());
  std::weak_ptr<PreviewStream> stream = *desk->Open(*owner, request, "");
  REQUIRE(hold->WaitForQuestion());
  CHECK(absl::IsResourceExhausted(desk->Open(*owner, request, "").status()));
  desk.reset();
  clock.reset();
  CHECK_FALSE(stream.expired());
  // The plan is made of this answer, with nothing of the desk.
  hold->LetGo();
  // The thread that asked may hold it for a moment longer.
  while (!stream.expired()) std::this_thread::yield();
}

TEST_CASE("a desk that was stopped lets no preview begin", "[stop]") {
  RunningServer cloud;
  const ManualClock clock;
  absl::Notification stopping;
  PreviewDesk desk(PreviewParts{.plugins = std::make_shared<Plugins>(),
                                .upstreams = Upstreams::OnChannel(cloud.cloud().channel()),
                                .calendar = *BusinessCalendar::Make({}),
                                .silent_period = absl::Hours(168)},
                   &clock, 1, &stopping);
  desk.Stop();
  v1::PreviewClosureRequest request;
  request.set_account("accounts/1000000001");
  CHECK(absl::IsUnavailable(desk.Open(*Actor::Parse("root:1000000001"), request, "").status()));
}

TEST_CASE("two servers cannot listen at one address", "[stop]") {
  RunningServer first;
  const std::string address = first.server().address();
  ManualClock clock;
  Log log(&clock, [](const std::string&) {});
  const ScratchDirectory directory;
  config::v1::ServerConfig config;
  config.set_listen_address(address);
  absl::StatusOr<std::unique_ptr<SqliteClosureStore>> store =
      SqliteClosureStore::Open({.path = directory.File("closures.db"), .deployment = Deployment::kDev});
  REQUIRE(store.ok());
  absl::StatusOr<std::unique_ptr<ClosuredServer>> second =
      ClosuredServer::Make({.config = WithDefaults(config),
                            .clock = &clock,
                            .log = &log,
                            .store = *std::move(store),
                            .secret_key = SecretKey::FromBytes(std::string(32, 'k')),
                            .agreements = *Agreements::FromTexts(EmbeddedAgreementTexts()),
                            .upstreams = Upstreams::OnChannel(first.cloud().channel())});
  REQUIRE(second.ok());
  const absl::Status refused = (*second)->Start();
  CHECK(absl::IsUnavailable(refused));
  CHECK(refused.ToString().find(address) != std::string::npos);
}

}  // namespace
}  // namespace closure
