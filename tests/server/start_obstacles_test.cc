// SPDX-License-Identifier: Apache-2.0
#include "server/start_obstacles.h"

#include <catch2/catch.hpp>

#include "checkers/proto_time.h"

namespace closure {
namespace {

using upstream::v1::Account;

constexpr absl::Duration kWindow = absl::Hours(72);
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Account Good() {
  Account account;
  account.set_account_id("7");
  account.set_state(Account::ACTIVE);
  account.mutable_email()->set_address("a@example.com");
  account.mutable_phone()->set_address("+8613900000001");
  return account;
}

std::vector<v1::ErrorReason> ReasonsFor(const Account& account) {
  std::vector<v1::ErrorReason> reasons;
  for (const v1::StartObstacle& obstacle : FindStartObstacles(account, "", kNow, kWindow)) {
    CHECK_THAT(obstacle.detail(), Catch::Contains("accounts/7"));
    reasons.push_back(obstacle.reason());
  }
  return reasons;
}

using Reasons = std::vector<v1::ErrorReason>;

TEST_CASE("an account in good standing with a contact point can be started", "[R12]") {
  CHECK(ReasonsFor(Good()).empty());
  Account mail_only = Good();
  mail_only.clear_phone();
  CHECK(ReasonsFor(mail_only).empty());
}

TEST_CASE("what start would refuse whatever is cleared is found: standing and contact points", "[R12][D9]") {
  Account suspended = Good();
  suspended.set_state(Account::SUSPENDED);
  CHECK(ReasonsFor(suspended) == Reasons{v1::ACCOUNT_NOT_ACTIVE});
  Account unreachable = Good();
  unreachable.clear_email();
  unreachable.clear_phone();
  CHECK(ReasonsFor(unreachable) == Reasons{v1::CONTACT_POINT_MISSING});
  unreachable.set_state(Account::SUSPENDED);
  CHECK(ReasonsFor(unreachable) == Reasons{v1::ACCOUNT_NOT_ACTIVE, v1::CONTACT_POINT_MISSING});
}

TEST_CASE("a contact point that changed lately demands both, so one that is missing is in the way", "[D9]") {
  Account changed = Good();
  changed.clear_phone();
  *changed.mutable_email()->mutable_change_time() = ToProto(kNow - kWindow + absl::Seconds(1));
  CHECK(ReasonsFor(changed) == Reasons{v1::CONTACT_POINT_MISSING});
  *changed.mutable_email()->mutable_change_time() = ToProto(kNow - kWindow);
  CHECK(ReasonsFor(changed).empty());
}

}  // namespace
}  // namespace closure
