// SPDX-License-Identifier: Apache-2.0
// The transport as callers meet it: refusals and their order, pages, gates and operators.
#include <algorithm>
#include <catch2/catch.hpp>

#include "server/account_gate_service.h"
#include "tests/support/running_server.h"

namespace closure {
namespace {

const std::string kNoClosure = "accounts/1000000002/closures/0123456789abcdef0123456789abcdef";

v1::ErrorReason GetRefusal(RunningServer& server, const std::string& actor, const std::string& name) {
  v1::GetClosureRequest request;
  request.set_name(name);
  v1::Closure response;
  return ReasonIn(server.closures().GetClosure(RunningServer::As(actor).get(), request, &response));
}

v1::ErrorReason RecheckRefusal(RunningServer& server, const std::string& actor, const std::string& name,
                               const std::string& request_id, const std::string& etag = "") {
  v1::RecheckRequest request;
  request.set_name(name);
  request.set_request_id(request_id);
  request.set_etag(etag);
  v1::Closure response;
  return ReasonIn(server.closures().Recheck(RunningServer::As(actor).get(), request, &response));
}

TEST_CASE("refusals come in their order: who, account, syntax, existence, replay, etag, state", "[R6][R41][R42]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  owner.Create();
  const std::string root = owner.actor();
  const std::string id = NewRequestId();
  CHECK(RecheckRefusal(server, "", "rubbish", "") == v1::IDENTITY_MISSING);
  CHECK(RecheckRefusal(server, "rubbish", "rubbish", "") == v1::IDENTITY_INVALID);
  CHECK(RecheckRefusal(server, "root:1000000001", "accounts/1000000002/closures/rubbish", "") == v1::ACCOUNT_MISMATCH);
  CHECK(RecheckRefusal(server, "root:1000000001", kNoClosure, "") == v1::ACCOUNT_MISMATCH);
  CHECK(RecheckRefusal(server, "ram:ann@1000000002", owner.name(), "") == v1::ROOT_IDENTITY_REQUIRED);
  CHECK(RecheckRefusal(server, "operator:ann", owner.name(), "") == v1::ROOT_IDENTITY_REQUIRED);
  CHECK(RecheckRefusal(server, root, "rubbish", "") == v1::NAME_MALFORMED);
  CHECK(RecheckRefusal(server, root, kNoClosure, "") == v1::FIELD_MISSING);
  CHECK(RecheckRefusal(server, root, kNoClosure, id) == v1::CLOSURE_NOT_FOUND);
  CHECK(RecheckRefusal(server, root, owner.name(), id, "\"stale\"") == v1::ETAG_MISMATCH);
  CHECK(RecheckRefusal(server, root, owner.name(), id) == v1::STATE_NOT_ALLOWED);
  const std::string etag = owner.closure().etag();
  owner.Refresh();
  CHECK(owner.closure().etag() == etag);
}

TEST_CASE("a closure is read by its owner and by operators, and by nobody else", "[R6][R41][R42]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  owner.Create();
  CHECK(GetRefusal(server, owner.actor(), owner.name()) == v1::ERROR_REASON_UNSPECIFIED);
  CHECK(GetRefusal(server, "operator:ann", owner.name()) == v1::ERROR_REASON_UNSPECIFIED);
  CHECK(GetRefusal(server, "ram:ann@1000000002", owner.name()) == v1::ROOT_IDENTITY_REQUIRED);
  // Whether it exists is not told: both answers are alike.
  CHECK(GetRefusal(server, "root:1000000001", owner.name()) == v1::ACCOUNT_MISMATCH);
  CHECK(GetRefusal(server, "root:1000000001", kNoClosure) == v1::ACCOUNT_MISMATCH);
  CHECK(GetRefusal(server, owner.actor(), kNoClosure) == v1::CLOSURE_NOT_FOUND);
}

TEST_CASE("closures of all accounts are listed to operators, page by page", "[pages]") {
  RunningServer server;
  server.LoadExample("demo");
  for (const std::string account : {"1000000001", "1000000002", "1000000003"}) Owner(server, account).Create();
  v1::ListClosuresRequest request;
  request.set_parent("accounts/-");
  request.set_page_size(2);
  v1::ListClosuresResponse first;
  CHECK(ReasonIn(server.closures().ListClosures(RunningServer::As("root:1000000001").get(), request, &first)) ==
        v1::OPERATOR_REQUIRED);
  REQUIRE(server.closures().ListClosures(RunningServer::As("operator:ann").get(), request, &first).ok());
  REQUIRE(first.closures_size() == 2);
  CHECK(first.closures(0).account() == "accounts/1000000003");
  request.set_page_token(first.next_page_token());
  v1::ListClosuresResponse second;
  REQUIRE(server.closures().ListClosures(RunningServer::As("operator:ann").get(), request, &second).ok());
  REQUIRE(second.closures_size() == 1);
  CHECK(second.closures(0).account() == "accounts/1000000001");
  CHECK(second.next_page_token().empty());
  request.set_state(v1::Closure::READY);
  CHECK(ReasonIn(server.closures().ListClosures(RunningServer::As("operator:ann").get(), request, &second)) ==
        v1::PAGE_TOKEN_INVALID);
}

TEST_CASE("transitions and the record are read page by page and whole", "[pages]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000001");
  owner.GoToScanResult();
  v1::GetClosureRecordRequest whole;
  whole.set_name(owner.name());
  v1::ClosureRecord record;
  REQUIRE(server.closures().GetClosureRecord(RunningServer::As(owner.actor()).get(), whole, &record).ok());
  CHECK(record.items_size() == 3);
  CHECK(record.transitions_size() >= 3);
  REQUIRE(record.consents_size() == 1);
  CHECK(record.consents(0).kind() == v1::Consent::AGREEMENT);
  v1::ListTransitionsRequest request;
  request.set_parent(owner.name());
  request.set_page_size(1);
  v1::ListTransitionsResponse page;
  std::vector<std::string> names;
  do {
    request.set_page_token(page.next_page_token());
    REQUIRE(server.closures().ListTransitions(RunningServer::As(owner.actor()).get(), request, &page).ok());
    REQUIRE(page.transitions_size() == 1);
    names.push_back(page.transitions(0).name());
  } while (!page.next_page_token().empty());
  REQUIRE(names.size() == static_cast<std::size_t>(record.transitions_size()));
  for (int i = 0; i < record.transitions_size(); ++i)
    CHECK(names[static_cast<std::size_t>(i)] == record.transitions(i).name());
}

TEST_CASE("the gate lets everything, signing in and viewing, or nothing through", "[R4][R61][R62]") {
  using Request = v1::CheckAccessRequest;
  for (const Request::Action action : {Request::SIGN_IN, Request::VIEW_CLOSURE, Request::OTHER}) {
    CHECK(IsAllowed(v1::GATE_OPEN, action));
    CHECK(IsAllowed(v1::GATE_CLOSING, action) == (action != Request::OTHER));
    CHECK_FALSE(IsAllowed(v1::GATE_CLOSED, action));
    CHECK_FALSE(IsAllowed(v1::GATE_STATE_UNSPECIFIED, action));
  }
}

TEST_CASE("a watch of gates tells of closing and closed accounts, in order", "[R4][R61][R62]") {
  RunningServer server;
  server.LoadExample("demo");
  const auto context = RunningServer::As("");
  const auto reader = server.gates().WatchGates(context.get(), v1::WatchGatesRequest());
  Owner owner(server, "1000000002");
  owner.GoToSilentPeriod();
  v1::WatchGatesResponse change;
  REQUIRE(reader->Read(&change));
  CHECK(change.account() == "accounts/1000000002");
  CHECK(change.gate_state() == v1::GATE_CLOSING);
  const v1::CheckAccessResponse access = server.Gate("1000000002", v1::CheckAccessRequest::SIGN_IN);
  CHECK(access.allowed());
  CHECK(access.closure() == owner.name());
  CHECK(access.has_silent_period_end_time());
  owner.GoToEnd();
  const int64_t revision = change.revision();
  REQUIRE(reader->Read(&change));
  CHECK(change.gate_state() == v1::GATE_CLOSED);
  CHECK(change.revision() > revision);
  // One who comes later learns of it at once.
  const auto later = RunningServer::As("");
  const auto late_reader = server.gates().WatchGates(later.get(), v1::WatchGatesRequest());
  REQUIRE(late_reader->Read(&change));
  CHECK(change.gate_state() == v1::GATE_CLOSED);
  later->TryCancel();
  context->TryCancel();
  late_reader->Finish();
  reader->Finish();
}

TEST_CASE("questions to the gate name an account and an action", "[R62]") {
  RunningServer server;
  const auto refusal = [&](const std::string& account, v1::CheckAccessRequest::Action action) {
    v1::CheckAccessRequest request;
    request.set_account(account);
    request.set_action(action);
    v1::CheckAccessResponse response;
    return ReasonIn(server.gates().CheckAccess(RunningServer::As("").get(), request, &response));
  };
  CHECK(refusal("", v1::CheckAccessRequest::OTHER) == v1::FIELD_MISSING);
  CHECK(refusal("accounts/-", v1::CheckAccessRequest::OTHER) == v1::NAME_MALFORMED);
  CHECK(refusal("accounts/1", v1::CheckAccessRequest::ACTION_UNSPECIFIED) == v1::FIELD_MISSING);
  CHECK(refusal("accounts/1", static_cast<v1::CheckAccessRequest::Action>(9)) == v1::FIELD_INVALID);
  CHECK(server.Gate("1").allowed());
}

TEST_CASE("operators' calls are for operators", "[R18]") {
  RunningServer server;
  v1::ListTasksResponse tasks;
  v1::SystemStatus status;
  for (const std::string actor : {"root:1000000001", "ram:ann@1000000001"}) {
    CHECK(ReasonIn(server.operators().ListTasks(RunningServer::As(actor).get(), {}, &tasks)) == v1::OPERATOR_REQUIRED);
    CHECK(ReasonIn(server.operators().GetSystemStatus(RunningServer::As(actor).get(), {}, &status)) ==
          v1::OPERATOR_REQUIRED);
  }
  REQUIRE(server.operators().GetSystemStatus(RunningServer::As("operator:ann").get(), {}, &status).ok());
  CHECK_FALSE(status.version().empty());
  v1::RetryTaskRequest retry;
  retry.set_name("tasks/99");
  retry.set_reason("try it");
  retry.set_request_id(NewRequestId());
  v1::Task task;
  CHECK(ReasonIn(server.operators().RetryTask(RunningServer::As("operator:ann").get(), retry, &task)) ==
        v1::TASK_NOT_FOUND);
  retry.clear_reason();
  CHECK(ReasonIn(server.operators().RetryTask(RunningServer::As("operator:ann").get(), retry, &task)) ==
        v1::FIELD_MISSING);
}

TEST_CASE("tasks are listed page by page, the earliest due first", "[pages]") {
  RunningServer server;
  server.LoadExample("demo");
  for (const std::string account : {"1000000001", "1000000002", "1000000003"}) {
    Owner owner(server, account);
    owner.Create();
    owner.Code();
  }
  v1::ListTasksRequest request;
  request.set_page_size(1);
  v1::ListTasksResponse page;
  std::vector<int64_t> due;
  do {
    request.set_page_token(page.next_page_token());
    REQUIRE(server.operators().ListTasks(RunningServer::As("operator:ann").get(), request, &page).ok());
    for (const v1::Task& task : page.tasks()) due.push_back(task.due_time().seconds());
  } while (!page.next_page_token().empty());
  CHECK(due.size() >= 3);
  CHECK(std::is_sorted(due.begin(), due.end()));
}

}  // namespace
}  // namespace closure
