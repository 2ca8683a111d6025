// SPDX-License-Identifier: Apache-2.0
// The scan: what it covers, how it shows itself, what it finds, and what comes of checkers that do not answer.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using Result = v1::CheckerResult;

const std::set<std::string> kBuiltin = {"billing",   "domains",    "reseller", "resource_directory",
                                        "resources", "trusteeship"};

TEST_CASE("the scan starts by itself once the agreement is accepted, and a pass is a proof of coverage",
          "[R9][R46][R47][D16]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.Create();
  owner.Verify();
  CHECK_FALSE(owner.closure().has_scan());
  owner.Agree();
  CHECK(owner.closure().state() == v1::Closure::CHECKING);
  owner.WaitFor({v1::Closure::READY});
  const v1::Scan& scan = owner.closure().scan();
  CHECK(scan.number() == 1);
  CHECK(scan.clean());
  CHECK(FromProto(scan.fresh_until_time()) == server.clock().Now() + absl::Minutes(30));
  std::set<std::string> covered;
  for (const Result& result : scan.checkers()) {
    INFO(result.ShortDebugString());
    covered.insert(result.checker());
    CHECK(result.status() == Result::ANSWERED);
    CHECK(result.required());
    CHECK_FALSE(result.version().empty());
    CHECK(result.has_latency());
    CHECK(FromProto(result.as_of_time()) == server.clock().Now());
  }
  CHECK(covered == kBuiltin);
  const auto& actions = owner.closure().allowed_actions();
  CHECK(std::count(actions.begin(), actions.end(), v1::Closure::CONFIRM_CLOSURE) == 1);
}

TEST_CASE("while a slow scan runs, a watch shows how each checker stands", "[R16][R46]") {
  const auto hold = std::make_shared<QuestionHold>("everything");
  RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("slow", hold->behaviour())}});
  server.LoadExample("matrix");
  Owner owner(server, "everything");
  owner.Create();
  owner.Verify();
  owner.Agree();
  const v1::Closure begun = owner.closure();
  CHECK(begun.scan().checkers_size() == 7);
  CHECK(ResultOf(begun.scan().checkers(), "slow").status() == Result::WAITING);
  owner.WaitUntil([](const v1::Closure& closure) {
    const auto& checkers = closure.scan().checkers();
    return std::all_of(checkers.begin(), checkers.end(), [](const Result& result) {
      return result.status() == (result.checker() == "slow" ? Result::RUNNING : Result::ANSWERED);
    });
  });
  CHECK(owner.closure().state() == v1::Closure::CHECKING);
  CHECK(ResultOf(owner.closure().scan().checkers(), "billing").item_count() == 6);
  CHECK(owner.closure().revision() > begun.revision());
  CHECK(owner.closure().etag() == begun.etag());
  server.clock().Advance(absl::Minutes(4));
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::CHECKING);
  hold->LetGo();
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(ResultOf(owner.closure().scan().checkers(), "slow").status() == Result::ANSWERED);
  CHECK(owner.Items().size() == 13);
}

TEST_CASE("every item of every kind says what it is, why it blocks, who acts, what to do and where",
          "[R20][R21][R30][R31][R33][R34][R40][R48][R49][R50][R51]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "everything");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  std::map<v1::ItemKind, int> kinds;
  for (const v1::BlockingItem& item : owner.Items()) {
    INFO(item.ShortDebugString());
    ++kinds[item.kind()];
    const std::string prefix = owner.name() + "/blockingItems/" + item.checker() + "-";
    CHECK_THAT(item.name(), Catch::StartsWith(prefix) && Catch::Matches(".*-[0-9a-f]{32}"));
    CHECK_THAT(item.fingerprint(), Catch::Matches("[0-9a-f]{64}"));
    CHECK_THAT(item.process_uri(), Catch::Matches("https://[a-z.]+/.+"));
    CHECK_FALSE(item.why().empty());
    CHECK_FALSE(item.instructions().empty());
    CHECK_FALSE(item.type().empty());
    CHECK_FALSE(item.display_name().empty());
    CHECK(item.resolver() != v1::RESOLVER_UNSPECIFIED);
    CHECK((item.resolver() == v1::OWNER) == item.resolver_id().empty());
    CHECK(item.resolution() == v1::BlockingItem::OPEN);
    CHECK(item.change() == v1::BlockingItem::NEW);
    CHECK(FromProto(item.first_seen_time()) == server.clock().Now());
  }
  const std::map<v1::ItemKind, int> expected = {{v1::UNPAID_BILL, 1},
                                                {v1::UNBILLED_CHARGE, 1},
                                                {v1::CREDIT_NOTE, 1},
                                                {v1::BALANCE, 2},
                                                {v1::DEBT, 1},
                                                {v1::PAY_AS_YOU_GO_RESOURCE, 1},
                                                {v1::SUBSCRIPTION_RESOURCE, 1},
                                                {v1::DOMAIN_NAME, 1},
                                                {v1::ICP_FILING, 1},
                                                {v1::DIRECTORY_MANAGEMENT_ACCOUNT, 1},
                                                {v1::TRUSTEESHIP_ADMINISTRATOR, 1},
                                                {v1::RESELLER_CUSTOMER, 1}};
  CHECK(kinds == expected);
  CHECK(owner.closure().item_counts().must_handle() == 10);
  CHECK(owner.closure().item_counts().renounceable() == 3);
}

TEST_CASE("items can be listed by category and by checker", "[R48][R49][R51]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "everything");
  owner.GoToScanResult();
  v1::ListBlockingItemsRequest query;
  query.set_disposition(v1::RENOUNCEABLE);
  CHECK(ListItems(server, owner, query).items_size() == 3);
  query.set_checker("billing");
  const v1::ListBlockingItemsResponse renounceable = ListItems(server, owner, query);
  CHECK(renounceable.items_size() == 2);
  for (const v1::BlockingItem& item : renounceable.items()) CHECK(item.checker() == "billing");
  query.set_disposition(v1::MUST_HANDLE);
  CHECK(ListItems(server, owner, query).items_size() == 4);
}

std::string Machine(const char* id) {
  return fmt::format(
      R"({{"resourceId": "{0}", "product": "ecs", "type": "instance", "chargeType": "PAY_AS_YOU_GO", "state": "Running",
    "releasable": true, "consoleUri": "https://ecs.console.example.com/{0}"}})",
      id);
}

// What ListBlockingItems counts: new, changed, gone.
std::vector<int> Counts(RunningServer& server, const Owner& owner) {
  const v1::ListBlockingItemsResponse response = ListItems(server, owner);
  return {response.new_count(), response.changed_count(), response.gone_count()};
}

TEST_CASE("a recheck tells what is new, changed and gone, and an item keeps its name over all scans", "[R48][R50]") {
  RunningServer server;
  const auto load = [&](const char* balance, const char* machine) {
    server.Load(
        CloudFileOf("moving", fmt::format(R"("funds": [{{"currencyCode": "USD", "balance": "{}"}}], "resources": [{}])",
                                          balance, Machine(machine))));
  };
  load("50", "i-1");
  Owner owner(server, "moving");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> first = owner.Items();
  CHECK(Counts(server, owner) == std::vector<int>{2, 0, 0});

  server.clock().Advance(absl::Hours(1));
  load("60", "i-2");
  owner.Recheck();
  CHECK(Counts(server, owner) == std::vector<int>{1, 1, 1});
  const std::vector<v1::BlockingItem> second = owner.Items(true);
  CHECK(owner.Items().size() == 2);
  const v1::BlockingItem balance = ItemOf(second, "balance/USD");
  CHECK(balance.change() == v1::BlockingItem::CHANGED);
  CHECK(balance.name() == ItemOf(first, "balance/USD").name());
  CHECK(balance.fingerprint() != ItemOf(first, "balance/USD").fingerprint());
  CHECK(FromProto(balance.first_seen_time()) == server.clock().Now() - absl::Hours(1));
  CHECK(ItemOf(second, "resource/i-2").change() == v1::BlockingItem::NEW);
  CHECK(FromProto(ItemOf(second, "resource/i-2").first_seen_time()) == server.clock().Now());
  CHECK(ItemOf(second, "resource/i-1").change() == v1::BlockingItem::GONE);
  CHECK(ItemOf(second, "resource/i-1").resolution() == v1::BlockingItem::RESOLVED);

  owner.Recheck();
  CHECK(Counts(server, owner) == std::vector<int>{0, 0, 0});
  CHECK(ItemOf(owner.Items(), "balance/USD").change() == v1::BlockingItem::UNCHANGED);
  load("60", "i-1");
  owner.Recheck();
  CHECK(Counts(server, owner) == std::vector<int>{1, 0, 1});
  CHECK(ItemOf(owner.Items(), "resource/i-1").name() == ItemOf(first, "resource/i-1").name());
}

TEST_CASE("the process halts while any one condition is not met: Confirm is refused", "[R12]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "bill-unpaid");
  owner.GoToScanResult();
  v1::Closure ignored;
  const grpc::Status status =
      server.closures().ConfirmClosure(RunningServer::As(owner.actor()).get(), owner.ConfirmRequest(), &ignored);
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonIn(status) == v1::STATE_NOT_ALLOWED);
  CHECK(server.Gate("bill-unpaid").allowed());
}

struct FaultRow {
  const char* method;
  const char* checker;
};

constexpr FaultRow kFirstCalls[] = {
    {"BillingService/ListFunds", "billing"},
    {"BillingService/ListUnpaidBills", "billing"},
    {"BillingService/ListUnbilledCharges", "billing"},
    {"BillingService/ListCreditNotes", "billing"},
    {"ResourceService/ListResources", "resources"},
    {"DomainService/ListDomains", "domains"},
    {"DomainService/ListIcpFilings", "domains"},
    {"ResourceDirectoryService/GetMembership", "resource_directory"},
    {"TrusteeshipService/GetTrusteeship", "trusteeship"},
    {"PartnerService/GetResellerRelationship", "reseller"},
};

// The one checker is silent in this way, the others answered, and the closure is blocked.
void CheckOnlySilent(const v1::Closure& closure, const std::string& checker, Result::Fault fault) {
  CHECK(closure.state() == v1::Closure::BLOCKED);
  CHECK_FALSE(closure.scan().clean());
  for (const Result& result : closure.scan().checkers()) {
    INFO(result.ShortDebugString());
    if (result.checker() != checker) {
      CHECK(result.status() == Result::ANSWERED);
      continue;
    }
    CHECK(result.status() == Result::UNANSWERED);
    CHECK(result.fault() == fault);
    CHECK_FALSE(result.detail().empty());
  }
}

TEST_CASE(
    "a checker whose upstream fails or talks nonsense did not answer: that blocks a clean account, and a recheck mends "
    "it",
    "[R12][R50][D5]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  for (const FaultRow& row : kFirstCalls) {
    INFO(row.method);
    server.SetFault(row.method, sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
    owner.Recheck();
    CheckOnlySilent(owner.closure(), row.checker, Result::FAILED);
    server.SetFault(row.method, sandbox::v1::SetFaultRequest::MALFORMED);
    owner.Recheck();
    CheckOnlySilent(owner.closure(), row.checker, Result::MALFORMED);
    server.SetFault(row.method, sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  }
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

}  // namespace
}  // namespace closure
