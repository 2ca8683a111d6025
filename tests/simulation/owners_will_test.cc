// SPDX-License-Identifier: Apache-2.0
// That nothing passes for an owner's will which they did not express.
#include "tests/simulation/owners_will.h"

#include "catch2/catch.hpp"
#include "fmt/format.h"

namespace closure::simulation {
namespace {

using Catch::Matchers::StartsWith;
using internal::v1::ClosureData;

constexpr char kName[] = "accounts/5001/closures/c1";
constexpr char kItem[] = "billing-1";

ClosureData In(v1::Closure::State state) {
  ClosureData data;
  data.mutable_closure()->set_name(kName);
  data.mutable_closure()->set_state(state);
  data.mutable_policy()->set_forfeit_limit_units(1000);
  data.mutable_policy()->set_void_limit_units(10);
  return data;
}

// What an owner has before them: one code by mail, and one debt of 6 USD.
OwnersWill::Sight Seen() {
  OwnersWill::Sight sight{.inbox = std::vector<sandbox::v1::InboxMessage>(1),
                          .items = std::vector<v1::BlockingItem>(1)};
  sight.inbox[0].set_idempotency_key(fmt::format("{}/code/challenge", kName));
  sight.inbox[0].set_channel("email");
  sight.inbox[0].set_body("Your code is 246810.");
  sight.items[0].set_name(fmt::format("{}/blockingItems/{}", kName, kItem));
  sight.items[0].set_kind(v1::DEBT);
  sight.items[0].set_fingerprint("six");
  sight.items[0].mutable_amount()->set_currency_code("USD");
  sight.items[0].mutable_amount()->set_units(6);
  return sight;
}

void AddDebt(ClosureData& data, std::int64_t units, v1::Renunciation::Status status) {
  v1::Renunciation& renunciation = *data.mutable_closure()->add_renunciations();
  renunciation.set_kind(v1::DEBT);
  renunciation.set_fingerprint("six");
  renunciation.mutable_amount()->set_currency_code("USD");
  renunciation.mutable_amount()->set_units(units);
  renunciation.set_status(status);
}

TEST_CASE("an identity is verified by the codes that were mailed, on every channel", "[simulation]") {
  ClosureData before = In(v1::Closure::IDENTITY_PENDING);
  const ClosureData after = In(v1::Closure::AGREEMENT_PENDING);
  OwnersWill will;
  CHECK_THAT(will.Moved(before, after), StartsWith("S16: "));
  before.add_codes()->set_challenge_id("challenge");
  will.Gave(before, VerifyIdentity{.codes = {{v1::EMAIL, "000000"}, {v1::SMS, "246810"}}}, Seen());
  CHECK_THAT(will.Moved(before, after), StartsWith("S16: "));
  will.Gave(before, VerifyIdentity{.codes = {{v1::EMAIL, "246810"}}}, Seen());
  CHECK(will.Moved(before, after) == "");
  before.add_codes()->set_challenge_id("another");
  CHECK_THAT(will.Moved(before, after), StartsWith("S16: "));
}

TEST_CASE("agreeing, cancelling and confirming are the owner's, with what they said to the risk they read",
          "[simulation]") {
  OwnersWill will;
  const ClosureData pending = In(v1::Closure::AGREEMENT_PENDING);
  CHECK_THAT(will.Moved(pending, In(v1::Closure::CHECKING)), StartsWith("S1: "));
  will.Gave(pending, AcceptAgreement{}, {});
  CHECK(will.Moved(pending, In(v1::Closure::CHECKING)) == "");
  ClosureData cancelled = In(v1::Closure::CANCELLED);
  cancelled.mutable_closure()->set_cause(v1::Closure::OWNER_CANCELLED);
  CHECK_THAT(will.Moved(pending, cancelled), StartsWith("S1: "));
  ClosureData ready = In(v1::Closure::READY);
  ready.mutable_closure()->mutable_risk_prompt()->set_digest("risk");
  ClosureData confirming = In(v1::Closure::CONFIRMING);
  will.Gave(ready, ConfirmClosure{.risk_digest = "another risk"}, {});
  CHECK_THAT(will.Moved(ready, confirming), StartsWith("S1: "));
  will.Gave(ready, ConfirmClosure{.risk_digest = "risk"}, {});
  CHECK(will.Moved(ready, confirming) == "");
  confirming.set_late_settlement_consent(true);
  CHECK_THAT(will.Moved(ready, confirming), StartsWith("S15: "));
}

TEST_CASE("money is renounced as it was shown and discarded, or by a consent", "[simulation]") {
  ClosureData data = In(v1::Closure::CHECKING);
  AddDebt(data, 6, v1::Renunciation::RECORDED);
  OwnersWill will;
  CHECK_THAT(will.FaultOfMoney(data), StartsWith("S15: "));
  will.Gave(data, DiscardItems{.selections = {{kItem, "moved"}, {"billing-2", "six"}}}, Seen());
  CHECK_THAT(will.FaultOfMoney(data), StartsWith("S15: "));
  will.Gave(data, DiscardItems{.selections = {{kItem, "six"}}}, Seen());
  CHECK(will.FaultOfMoney(data) == "");
  data.mutable_closure()->mutable_renunciations(0)->mutable_amount()->set_units(7);
  CHECK_THAT(will.FaultOfMoney(data), StartsWith("S15: "));
  data.mutable_closure()->mutable_renunciations(0)->set_by_consent(true);
  data.set_late_settlement_consent(true);
  CHECK_THAT(will.FaultOfMoney(data), StartsWith("S15: "));
  const auto confirm = [&](bool consent) {
    will.Gave(data, ConfirmClosure{.late_settlement_consent = consent}, {});
    ClosureData confirming = In(v1::Closure::CONFIRMING);
    confirming.set_late_settlement_consent(consent);
    CHECK(will.Moved(data, confirming) == "");
  };
  confirm(true);
  CHECK(will.FaultOfMoney(data) == "");
  // That of a confirmation which came to nothing does not count for the next.
  confirm(false);
  CHECK_THAT(will.FaultOfMoney(data), StartsWith("S15: "));
}

TEST_CASE("what is taken in one closure stays within the limits, all in all", "[simulation]") {
  ClosureData data = In(v1::Closure::DELETING);
  OwnersWill will;
  will.Gave(data, DiscardItems{.selections = {{kItem, "six"}}}, Seen());
  AddDebt(data, 6, v1::Renunciation::EXECUTED);
  CHECK(will.FaultOfMoney(data) == "");
  AddDebt(data, 6, v1::Renunciation::EXECUTED);
  CHECK(will.FaultOfMoney(data) == "S15: DEBT 12.00 USD were taken, above the limit of 10");
}

TEST_CASE("only the resource of an item that was discarded is released", "[simulation]") {
  sandbox::v1::ShowAccountResponse account;
  sandbox::v1::SandboxAct& act = *account.add_acts();
  act.set_method("service/ReleaseResource");
  act.set_outcome("DONE");
  act.set_idempotency_key(fmt::format("{}/discard/{}/1/six", kName, kItem));
  const ClosureData data = In(v1::Closure::DISCARDING);
  OwnersWill will;
  CHECK_THAT(will.FaultOfReleases(data.closure(), account), StartsWith("S1: "));
  OwnersWill::Sight sight = Seen();
  sight.items[0].set_native_id("resource/i-1");
  will.Gave(data, DiscardItems{.selections = {{kItem, "six"}}}, sight);
  act.set_detail("i-1");
  CHECK(will.FaultOfReleases(data.closure(), account) == "");
  act.set_detail("it is gone already");
  CHECK(will.FaultOfReleases(data.closure(), account) == "");
  act.set_detail("i-2");
  CHECK(will.FaultOfReleases(data.closure(), account) == "S1: i-2 was released in the place of resource/i-1");
}

}  // namespace
}  // namespace closure::simulation
