// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/standing_problems.h"

#include <utility>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/time_witness.h"

namespace closure::simulation {

using sandbox::v1::CloudAccount;
using upstream::v1::Membership;
using upstream::v1::Resource;
using upstream::v1::Trusteeship;

StandingProblems::Problems StandingProblems::ProblemsOf(const CloudAccount& account, absl::Duration now,
                                                        absl::Time date) {
  Problems problems;
  // Clocks may differ by so much without being taken for wrong.
  const absl::Time day = date + kClockJump;
  const auto add = [&](std::string what, const char* requirement, bool shut_out) {
    problems.emplace(std::move(what), Problem{.requirement = requirement, .shut_out = shut_out, .since = now});
  };
  for (const auto& bill : account.bills()) add(fmt::format("the bill {}", bill.bill_id()), "R20", true);
  for (const auto& charge : account.unbilled_charges())
    add(fmt::format("the charge {}", charge.charge_id()), "R20", true);
  for (const auto& note : account.credit_notes())
    add(fmt::format("the credit note {}", note.credit_note_id()), "R21", true);
  for (const Resource& resource : account.resources()) {
    if (resource.has_expire_time() && FromProto(resource.expire_time()) <= day) continue;
    const bool subscription = resource.charge_type() == Resource::SUBSCRIPTION;
    add(fmt::format("the instance {}", resource.resource_id()), subscription ? "R31" : "R30", true);
  }
  for (const auto& domain : account.domains()) {
    if (domain.has_expire_time() && FromProto(domain.expire_time()) <= day) continue;
    add(fmt::format("the domain {}", domain.domain_name()), "R33", false);
  }
  for (const auto& filing : account.icp_filings())
    add(fmt::format("the ICP filing {}", filing.filing_number()), "R34", false);
  // Of these there is one at a time: with a directory in the place of another there was one all the while.
  if (account.resource_directory().role() == Membership::MANAGEMENT) add("the directory that it manages", "R35", false);
  if (account.resource_directory().role() == Membership::MEMBER) add("its membership in a directory", "R36", false);
  // An administrator who has no members left is free to go, and so is a member (R38).
  if (account.trusteeship().role() == Trusteeship::ADMINISTRATOR && account.trusteeship().member_account_ids_size() > 0)
    add("the trusteeship that it administers", "R37", false);
  if (account.has_reseller()) add("its tie to a reseller", "R39", false);
  return problems;
}

void StandingProblems::Saw(const CloudAccount& account, absl::Duration now, absl::Time date) {
  Problems& known = accounts_[account.account_id()];
  Problems problems = ProblemsOf(account, now, date);
  for (auto& [what, problem] : problems) {
    const auto before = known.find(what);
    if (before != known.end()) problem.since = before->second.since;
  }
  known = std::move(problems);
}

std::string StandingProblems::FaultOfCheck(const std::string& account_id, std::optional<absl::Duration> asked,
                                           const std::string& what) const {
  const auto account = accounts_.find(account_id);
  if (account == accounts_.end() || !asked) return "";
  for (const auto& [problem, is] : account->second) {
    if (is.since > *asked) continue;
    return fmt::format("{}: {} began with {}, which stood {} before its check", is.requirement, what, problem,
                       absl::FormatDuration(*asked - is.since));
  }
  return "";
}

std::string StandingProblems::FaultOfEntry(const std::string& account_id, std::optional<absl::Duration> asked) const {
  return FaultOfCheck(account_id, asked, "a silent period");
}

std::string StandingProblems::FaultOfDeletion(const std::string& account_id,
                                              std::optional<absl::Duration> asked) const {
  const auto account = accounts_.find(account_id);
  if (account == accounts_.end()) return "";
  for (const auto& [problem, is] : account->second) {
    if (is.shut_out) return fmt::format("S10: a deletion began with {}", problem);
  }
  return FaultOfCheck(account_id, asked, "a deletion");
}

}  // namespace closure::simulation
