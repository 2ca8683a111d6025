// SPDX-License-Identifier: Apache-2.0
// Discards and agreements that are refused; nothing is given up by half.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

constexpr char kAccount[] = "discard-1";

struct Blocked {
  RunningServer server;
  Owner owner{server, kAccount};
  v1::BlockingItem balance;
  v1::BlockingItem bill;

  Blocked() {
    server.Load(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00"}],)"
                                      R"("bills": [{"billId": "b-1", "amount": "3.00", "currencyCode": "USD"}])"));
    owner.GoToScanResult();
    balance = OnlyItem(owner.Items(), v1::BALANCE);
    bill = OnlyItem(owner.Items(), v1::UNPAID_BILL);
  }
  Reply Discard(const v1::DiscardItemsRequest& request) { return Send(server, owner.actor(), request); }
};

TEST_CASE("an item that cannot be renounced is not discarded, nor what was chosen with it", "[R49][R52]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  const Reply reply = blocked.Discard(DiscardRequestFor(blocked.owner, {blocked.balance, blocked.bill}));
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::ITEM_NOT_RENOUNCEABLE, {blocked.bill.name()});
  CHECK(reply.metadata()["item"] == blocked.bill.name());
  CHECK(reply.metadata()["displayName"] == blocked.bill.display_name());
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("an item whose facts are not those that were shown is not discarded", "[D11]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  v1::BlockingItem shown = blocked.balance;
  shown.set_fingerprint(std::string(64, '0'));
  const Reply reply = blocked.Discard(DiscardRequestFor(blocked.owner, {shown}));
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::FINGERPRINT_MISMATCH, {blocked.balance.name()});
  CHECK(reply.metadata()["fingerprint"] == blocked.balance.fingerprint());
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
  // The facts move, and a recheck shows the new ones: what was shown before is refused.
  TopUp(blocked.server, kAccount, "1.00 USD");
  blocked.owner.Recheck();
  const v1::BlockingItem now = OnlyItem(blocked.owner.Items(), v1::BALANCE);
  CHECK(now.name() == blocked.balance.name());
  CHECK(now.fingerprint() != blocked.balance.fingerprint());
  CheckRefused(blocked.Discard(DiscardRequestFor(blocked.owner, {blocked.balance})), StatusCode::FAILED_PRECONDITION,
               v1::FINGERPRINT_MISMATCH);
  CHECK(blocked.Discard(DiscardRequestFor(blocked.owner, {now})).ok());
}

TEST_CASE("of several selections that are refused the first gives the reason, and every one is named", "[R49][D11]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  v1::BlockingItem shown = blocked.balance;
  shown.set_fingerprint(std::string(64, '0'));
  const Reply reply = blocked.Discard(DiscardRequestFor(blocked.owner, {blocked.bill, shown}));
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::ITEM_NOT_RENOUNCEABLE, {blocked.bill.name()});
  CHECK(reply.metadata()["item"] == blocked.bill.name());
  CHECK(reply.violations() == std::vector<std::string>{"ITEM_NOT_RENOUNCEABLE " + blocked.bill.name(),
                                                       "FINGERPRINT_MISMATCH " + blocked.balance.name()});
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("a discard needs the risk prompt's digest", "[R53]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  v1::DiscardItemsRequest request = DiscardRequestFor(blocked.owner, {blocked.balance});
  request.clear_risk_digest();
  const Reply without = blocked.Discard(request);
  CheckRefused(without, StatusCode::FAILED_PRECONDITION, v1::RISK_NOT_ACKNOWLEDGED, {blocked.owner.name()});
  CHECK(without.metadata()["digest"] == blocked.owner.closure().risk_prompt().digest());
  request.set_risk_digest(std::string(64, 'a'));
  CheckRefused(blocked.Discard(request), StatusCode::FAILED_PRECONDITION, v1::RISK_NOT_ACKNOWLEDGED);
  request.set_risk_digest("not hexadecimal");
  CheckRefused(blocked.Discard(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"risk_digest"});
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("a selection is made of items of this closure, each once", "[R52]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  const v1::DiscardItemsRequest good = DiscardRequestFor(blocked.owner, {blocked.balance});
  v1::DiscardItemsRequest request = good;
  request.clear_selections();
  CheckRefused(blocked.Discard(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING, {"selections"});
  request = good;
  *request.add_selections() = good.selections(0);
  CheckRefused(blocked.Discard(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID,
               {"selections[1].item", "twice"});
  request = good;
  for (int i = 0; i < 1000; ++i) *request.add_selections() = good.selections(0);
  CheckRefused(blocked.Discard(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"selections", "1001"});
  request = good;
  request.mutable_selections(0)->clear_fingerprint();
  CheckRefused(blocked.Discard(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING,
               {"selections[0].fingerprint"});
  request = good;
  request.mutable_selections(0)->set_item(
      fmt::format("{}/blockingItems/billing-{}", blocked.owner.name(), std::string(32, 'd')));
  CheckRefused(blocked.Discard(request), StatusCode::NOT_FOUND, v1::ITEM_NOT_FOUND, {request.selections(0).item()});
  const std::string id = blocked.balance.name().substr(blocked.owner.name().size());
  for (const std::string& malformed :
       {std::string("rubbish"), blocked.owner.name(), blocked.balance.name() + "0",
        fmt::format("accounts/{}/closures/{}{}", kAccount, std::string(32, 'e'), id), "accounts/discard-2" + id}) {
    INFO(malformed);
    request.mutable_selections(0)->set_item(malformed);
    CheckRefused(blocked.Discard(request), StatusCode::INVALID_ARGUMENT, v1::NAME_MALFORMED, {"selections[0].item"});
  }
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("what was renounced already is not renounced again", "[R52][D15]") {
  Blocked blocked;
  blocked.owner.DiscardAll();
  REQUIRE(blocked.owner.closure().state() == v1::Closure::BLOCKED);
  const std::string before = Sight(blocked.server, blocked.owner.name());
  const Reply reply = blocked.Discard(DiscardRequestFor(blocked.owner, {blocked.balance}));
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::ITEM_NOT_OPEN, {blocked.balance.name(), "RENOUNCED"});
  CHECK(reply.metadata()["resolution"] == "RENOUNCED");
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

void WriteAgreement(const std::string& folder, const std::string& version) {
  std::filesystem::create_directories(folder + "/" + version);
  std::ofstream(folder + "/" + version + "/en.txt") << "The agreement of " << version << ".\n";
}

TEST_CASE("only the agreement that is current is agreed to", "[R45]") {
  ScratchDirectory folder;
  WriteAgreement(folder.path(), "2030-01");
  RunningServer server({.agreements_path = folder.path()});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  owner.Verify();
  auto request = RequestOn<v1::AcceptAgreementRequest>(owner.name());
  request.set_version("2030-01");
  // While the owner reads, a new version comes out.
  server.Restart([&] { WriteAgreement(folder.path(), "2030-02"); });
  const std::string before = Sight(server, owner.name());
  const Reply stale = Send(server, owner.actor(), request);
  CheckRefused(stale, StatusCode::FAILED_PRECONDITION, v1::AGREEMENT_VERSION_STALE, {"2030-01"});
  request.set_version("2031-01");
  CheckRefused(Send(server, owner.actor(), request), StatusCode::NOT_FOUND, v1::AGREEMENT_NOT_FOUND, {"2031-01"});
  request.set_version("");
  CheckRefused(Send(server, owner.actor(), request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING, {"version"});
  request.set_version(std::string(41, '1'));
  CheckRefused(Send(server, owner.actor(), request), StatusCode::INVALID_ARGUMENT, v1::TEXT_TOO_LONG, {"version"});
  request.set_version("2030-02");
  request.set_language_code("e n");
  CheckRefused(Send(server, owner.actor(), request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID,
               {"language_code"});
  CHECK(Sight(server, owner.name()) == before);
  request.clear_language_code();
  CHECK(Send(server, owner.actor(), request).As<v1::Closure>().agreement_acceptance().version() == "2030-02");
}

TEST_CASE("which agreement was agreed to, when and by whom is kept", "[R45]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  owner.Verify();
  const auto shown = Send(server, owner.actor(), v1::GetAgreementRequest()).As<v1::Agreement>();
  CHECK(shown.current());
  owner.Agree();
  owner.WaitFor({v1::Closure::READY});
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  const v1::AgreementAcceptance& kept = owner.closure().agreement_acceptance();
  CHECK(kept.version() == shown.version());
  CHECK(kept.language_code() == "en");
  CHECK(kept.digest() == shown.digest());
  CHECK(kept.actor() == owner.actor());
  CHECK(kept.accept_time().seconds() == owner.closure().create_time().seconds());
}

}  // namespace
}  // namespace closure
