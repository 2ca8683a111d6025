// SPDX-License-Identifier: Apache-2.0
// That nothing which stands in the way of a closure is overlooked, and that nobody is blamed for what they could not
// know.
#include "tests/simulation/standing_problems.h"

#include <functional>
#include <utility>
#include <vector>

#include "catch2/catch.hpp"
#include "checkers/proto_time.h"

namespace closure::simulation {
namespace {

using Catch::Matchers::StartsWith;
using sandbox::v1::CloudAccount;
using upstream::v1::Membership;
using upstream::v1::Resource;
using upstream::v1::Trusteeship;

constexpr char kId[] = "5001";
constexpr absl::Time kBegin = absl::FromUnixSeconds(1'782'896'400);
constexpr absl::Duration kAsked = absl::Hours(1);

CloudAccount With(const std::function<void(CloudAccount&)>& problem) {
  CloudAccount account;
  account.set_account_id(kId);
  if (problem) problem(account);
  return account;
}

void Directory(CloudAccount& account, Membership::Role role) {
  account.mutable_resource_directory()->set_role(role);
  account.mutable_resource_directory()->set_directory_id("rd-1");
}

void Trusts(CloudAccount& account, Trusteeship::Role role) { account.mutable_trusteeship()->set_role(role); }

// Each kind of problem, with the requirement that names it; first those that cannot come up any more at last.
using Case = std::pair<std::string, std::function<void(CloudAccount&)>>;
std::vector<Case> ShutOut() {
  return {
      {"R20: ", [](auto& account) { account.add_bills()->set_bill_id("b"); }},
      {"R20: ", [](auto& account) { account.add_unbilled_charges()->set_charge_id("c"); }},
      {"R21: ", [](auto& account) { account.add_credit_notes()->set_credit_note_id("n"); }},
      {"R30: ", [](auto& account) { account.add_resources()->set_charge_type(Resource::PAY_AS_YOU_GO); }},
      {"R31: ", [](auto& account) { account.add_resources()->set_charge_type(Resource::SUBSCRIPTION); }},
  };
}
std::vector<Case> OfOthers() {
  return {
      {"R33: ", [](auto& account) { account.add_domains()->set_domain_name("example.com"); }},
      {"R34: ", [](auto& account) { account.add_icp_filings()->set_filing_number("icp"); }},
      {"R35: ", [](auto& account) { Directory(account, Membership::MANAGEMENT); }},
      {"R36: ", [](auto& account) { Directory(account, Membership::MEMBER); }},
      {"R37: ",
       [](auto& account) {
         Trusts(account, Trusteeship::ADMINISTRATOR);
         account.mutable_trusteeship()->add_member_account_ids("5002");
       }},
      {"R39: ", [](auto& account) { account.mutable_reseller()->set_partner_id("p"); }},
  };
}

// What is seen of an account, a minute before the questions and after them.
StandingProblems Seen(const CloudAccount& before, const CloudAccount& after) {
  StandingProblems problems;
  const absl::Duration earlier = kAsked - absl::Minutes(1);
  const absl::Duration later = kAsked + absl::Minutes(1);
  problems.Saw(before, earlier, kBegin + earlier);
  problems.Saw(after, later, kBegin + later);
  return problems;
}

// Of a problem that stood before a check and after it.
void CheckNoticed(const std::function<void(CloudAccount&)>& problem, const std::string& at_entry,
                  const std::string& at_deletion) {
  const StandingProblems problems = Seen(With(problem), With(problem));
  CHECK_THAT(problems.FaultOfEntry(kId, kAsked), StartsWith(at_entry));
  CHECK_THAT(problems.FaultOfDeletion(kId, kAsked), StartsWith(at_deletion));
  CHECK(problems.FaultOfEntry("5002", kAsked) == "");
  CHECK(problems.FaultOfDeletion("5002", kAsked) == "");
}

TEST_CASE("whatever stood before a check and stands after it is noticed", "[simulation]") {
  for (const auto& [requirement, problem] : ShutOut()) CheckNoticed(problem, requirement, "S10: ");
  for (const auto& [requirement, problem] : OfOthers()) CheckNoticed(problem, requirement, requirement);
}

TEST_CASE("what ends some day has ended by a clock that was vouched for, and not any more when another is",
          "[simulation]") {
  const CloudAccount account = With([](auto& has) {
    auto& domain = *has.add_domains();
    domain.set_domain_name("example.com");
    *domain.mutable_expire_time() = ToProto(kBegin + absl::Hours(100));
  });
  StandingProblems problems = Seen(account, account);
  CHECK_THAT(problems.FaultOfEntry(kId, kAsked), StartsWith("R33: "));
  problems.Saw(account, kAsked + absl::Minutes(2), kBegin + absl::Hours(24 * 365));
  CHECK(problems.FaultOfEntry(kId, kAsked) == "");
  problems.Saw(account, kAsked + absl::Minutes(3), kBegin + kAsked);
  CHECK(problems.FaultOfEntry(kId, kAsked) == "");
  CHECK_THAT(problems.FaultOfEntry(kId, kAsked + absl::Minutes(4)), StartsWith("R33: "));
}

TEST_CASE("what ends within a minute may have ended for the service", "[simulation]") {
  const absl::Duration left = GENERATE(absl::Minutes(1), absl::Minutes(1) + absl::Microseconds(1));
  const absl::Duration later = kAsked + absl::Minutes(1);
  const CloudAccount account =
      With([&](auto& has) { *has.add_domains()->mutable_expire_time() = ToProto(kBegin + later + left); });
  CHECK(Seen(account, account).FaultOfEntry(kId, kAsked).empty() == (left == absl::Minutes(1)));
}

TEST_CASE("what came after a check, or is gone, is nobody's fault", "[simulation]") {
  for (const auto& cases : {ShutOut(), OfOthers()}) {
    for (const auto& [requirement, problem] : cases) {
      CHECK(Seen(With(problem), With(nullptr)).FaultOfEntry(kId, kAsked) == "");
      CHECK(Seen(With(problem), With(nullptr)).FaultOfDeletion(kId, kAsked) == "");
      CHECK(Seen(With(nullptr), With(problem)).FaultOfEntry(kId, kAsked) == "");
    }
  }
}

TEST_CASE("what cannot come any more may not be there at a deletion, whenever it came", "[simulation]") {
  for (const auto& [requirement, problem] : ShutOut())
    CHECK_THAT(Seen(With(nullptr), With(problem)).FaultOfDeletion(kId, kAsked), StartsWith("S10: "));
  for (const auto& [requirement, problem] : OfOthers())
    CHECK(Seen(With(nullptr), With(problem)).FaultOfDeletion(kId, kAsked) == "");
}

TEST_CASE("what went and came again counts from its coming", "[simulation]") {
  for (const auto& [requirement, problem] : OfOthers()) {
    StandingProblems problems = Seen(With(problem), With(nullptr));
    problems.Saw(With(problem), kAsked + absl::Minutes(2), kBegin + kAsked);
    CHECK(problems.FaultOfDeletion(kId, kAsked) == "");
    CHECK_THAT(problems.FaultOfDeletion(kId, kAsked + absl::Minutes(2)), StartsWith(requirement));
  }
}

TEST_CASE("one domain in the place of another is another, one directory in the place of another is none",
          "[simulation]") {
  const auto domain = [](const char* name) {
    return With([name](CloudAccount& account) { account.add_domains()->set_domain_name(name); });
  };
  CHECK(Seen(domain("a.example.com"), domain("b.example.com")).FaultOfEntry(kId, kAsked) == "");
  const CloudAccount first = With([](CloudAccount& account) { Directory(account, Membership::MEMBER); });
  CloudAccount second = first;
  second.mutable_resource_directory()->set_directory_id("rd-2");
  CHECK_THAT(Seen(first, second).FaultOfEntry(kId, kAsked), StartsWith("R36: "));
}

TEST_CASE("what ended, an administrator without members and a member of a trusteeship are free to go", "[simulation]") {
  const auto until = [](absl::Duration end) {
    return With([end](CloudAccount& account) {
      *account.add_domains()->mutable_expire_time() = ToProto(kBegin + end);
      *account.add_resources()->mutable_expire_time() = ToProto(kBegin + end);
    });
  };
  CHECK(Seen(until(kAsked), until(kAsked)).FaultOfDeletion(kId, kAsked) == "");
  const CloudAccount lasting = until(kAsked + absl::Hours(1));
  CHECK_THAT(Seen(lasting, lasting).FaultOfEntry(kId, kAsked), StartsWith("R3"));
  CHECK_THAT(Seen(lasting, lasting).FaultOfDeletion(kId, kAsked), StartsWith("S10: "));
  for (const Trusteeship::Role role : {Trusteeship::ADMINISTRATOR, Trusteeship::MEMBER}) {
    const CloudAccount free = With([role](CloudAccount& account) { Trusts(account, role); });
    CHECK(Seen(free, free).FaultOfDeletion(kId, kAsked) == "");
  }
}

}  // namespace
}  // namespace closure::simulation
