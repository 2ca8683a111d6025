// SPDX-License-Identifier: Apache-2.0
#include "server/closure_plan.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/phrases.h"

namespace closure {
namespace {

constexpr int kWorkloadDaysMin = 2;
constexpr int kWorkloadDaysMax = 5;
constexpr int kTransferDaysMin = 7;
constexpr int kTransferDaysMax = 15;
constexpr int kItemsPerMessage = 500;
constexpr std::size_t kMessageBytesMax = 1 << 20;
// What an item takes in its list besides its own bytes: the field's tag and the length.
constexpr std::size_t kItemOverheadBytes = 6;

// Where the steps of a kind stand; only the order of the numbers means anything.
int TierOf(v1::ItemKind kind) {
  switch (kind) {
    case v1::DIRECTORY_MANAGEMENT_ACCOUNT:
    case v1::DIRECTORY_RESOURCE_ACCOUNT:
    case v1::DIRECTORY_CLOUD_ACCOUNT:
    case v1::TRUSTEESHIP_ADMINISTRATOR:
    case v1::RESELLER_CUSTOMER:
      return 1;
    case v1::DOMAIN_NAME:
    case v1::ICP_FILING:
      return 2;
    case v1::UNPAID_BILL:
    case v1::UNBILLED_CHARGE:
    case v1::CREDIT_NOTE:
      return 4;
    case v1::BALANCE:
    case v1::DEBT:
      return 5;
    default:  // instances, and what no built-in checker knows
      return 3;
  }
}

std::string_view MustHandleText(v1::ItemKind kind) {
  switch (kind) {
    case v1::UNPAID_BILL:
      return "Pay the bills.";
    case v1::UNBILLED_CHARGE:
      return "Wait for the bills of past usage and pay them.";
    case v1::CREDIT_NOTE:
      return "Apply or cash the credit notes.";
    case v1::BALANCE:
      return "Withdraw or spend the balance.";
    case v1::DEBT:
      return "Pay the debt.";
    case v1::PAY_AS_YOU_GO_RESOURCE:
      return "Back up what you need and release the pay-as-you-go instances in their consoles.";
    case v1::SUBSCRIPTION_RESOURCE:
      return "Back up what you need and unsubscribe the subscriptions in their consoles.";
    case v1::DOMAIN_NAME:
      return "Transfer the domain names to another account or provider.";
    case v1::ICP_FILING:
      return "Cancel the ICP filings, or transfer the filing entity to another account.";
    case v1::DIRECTORY_MANAGEMENT_ACCOUNT:
      return "Disable the resource directory.";
    case v1::DIRECTORY_RESOURCE_ACCOUNT:
      return "Ask the management account to delete this member of its resource directory.";
    case v1::DIRECTORY_CLOUD_ACCOUNT:
      return "Ask the management account to remove this member of its resource directory.";
    case v1::TRUSTEESHIP_ADMINISTRATOR:
      return "Remove every member account from the finance trusteeship.";
    case v1::RESELLER_CUSTOMER:
      return "Ask the partner to cancel the reseller relationship.";
    default:
      return "Follow the instructions of each item.";
  }
}

std::string_view RenounceableText(v1::ItemKind kind) {
  switch (kind) {
    case v1::BALANCE:
      return "Withdraw or spend the balance, or discard it: it is then forfeited for good.";
    case v1::DEBT:
      return "Pay the debt, or discard it to have it voided.";
    default:
      return "Back up what you need, then discard the items or release them in their consoles.";
  }
}

// However many items there are, a plan stays well below the 4 MiB that clients receive: the names of a step and of all
// steps are bounded, and so is the number of steps.
constexpr int kNamesPerStepMax = 100;
constexpr int kNamesPerPlanMax = 5000;
constexpr std::size_t kStepsMax = 500;

// What one step is about.
using StepKey = std::tuple<int, v1::ItemKind, v1::Resolver, std::string, v1::Disposition>;

using Steps = std::map<StepKey, std::vector<std::string_view>>;

// The names of the items by step; with `by_party` the steps of one kind are told apart by who has to act.
Steps GroupItems(const std::vector<v1::BlockingItem>& items, bool by_party) {
  Steps groups;
  for (const v1::BlockingItem& item : items) {
    const std::string party = by_party ? item.resolver_id() : std::string();
    groups[{TierOf(item.kind()), item.kind(), item.resolver(), party, item.disposition()}].push_back(item.name());
  }
  return groups;
}

void AddSteps(v1::ClosurePlan& plan, const std::vector<v1::BlockingItem>& items) {
  Steps groups = GroupItems(items, true);
  if (groups.size() > kStepsMax) groups = GroupItems(items, false);
  int order = 0;
  int last_tier = 0;
  int named = 0;
  for (const auto& [key, names] : groups) {
    const auto& [tier, kind, resolver, resolver_id, disposition] = key;
    if (tier != last_tier) ++order;
    last_tier = tier;
    v1::PlanStep& step = *plan.add_steps();
    step.set_order(order);
    step.set_kind(kind);
    step.set_resolver(resolver);
    step.set_resolver_id(resolver_id);
    step.set_disposition(disposition);
    step.set_instructions(std::string(disposition == v1::RENOUNCEABLE ? RenounceableText(kind) : MustHandleText(kind)));
    step.set_item_count(static_cast<int32_t>(names.size()));
    for (const std::string_view name : names) {
      if (step.items_size() == kNamesPerStepMax || named == kNamesPerPlanMax) break;
      step.add_items(std::string(name));
      ++named;
    }
  }
}

bool IsTransfer(const v1::BlockingItem& item) { return TierOf(item.kind()) == 2; }
bool IsWorkload(const v1::BlockingItem& item) { return TierOf(item.kind()) == 3; }

// What preparation consists of.
struct Preparation {
  bool workloads = false;
  // Every one of the workloads can be discarded, which takes minutes.
  bool workloads_renounceable = true;
  bool transfers = false;
  // Some checker did not answer.
  bool incomplete = false;
};

Preparation PreparationOf(const ScanFindings& findings) {
  Preparation preparation;
  for (const v1::BlockingItem& item : findings.items) {
    preparation.transfers |= IsTransfer(item);
    if (!IsWorkload(item)) continue;
    preparation.workloads = true;
    preparation.workloads_renounceable &= item.disposition() == v1::RENOUNCEABLE;
  }
  preparation.incomplete =
      std::any_of(findings.checkers.begin(), findings.checkers.end(),
                  [](const v1::CheckerResult& checker) { return checker.status() == v1::CheckerResult::UNANSWERED; });
  return preparation;
}

std::string Explain(const Preparation& preparation, absl::Duration silent_period) {
  const auto& [workloads, workloads_renounceable, transfers, incomplete] = preparation;
  std::vector<std::string> parts;
  if (workloads) {
    parts.push_back(fmt::format("{} to {} business days to back up and release what the account runs{}",
                                kWorkloadDaysMin, kWorkloadDaysMax,
                                workloads_renounceable ? " (discarding it takes minutes)" : ""));
  }
  if (transfers) {
    parts.push_back(fmt::format("{} to {} business days {}to move domain names and cancel ICP filings",
                                kTransferDaysMin, kTransferDaysMax, workloads ? "more " : ""));
  }
  if (parts.empty())
    parts.push_back(incomplete ? "a few minutes, as no workloads were found"
                               : "a few minutes, as the account has no workloads");
  return fmt::format("{}; then the silent period of {}, in which late bills arrive and which nobody can shorten.{}",
                     absl::StrJoin(parts, ", "), EnglishPhrases().duration(silent_period),
                     incomplete ? " Not every checker answered, so there may be more to do than is known." : "");
}

// The required checkers that did not answer, by name.
std::string Silent(const ScanFindings& findings) {
  std::vector<std::string> names;
  for (const v1::CheckerResult& checker : findings.checkers) {
    if (checker.required() && checker.status() == v1::CheckerResult::UNANSWERED) names.push_back(checker.checker());
  }
  return absl::StrJoin(names, ", ");
}

void AddEstimate(v1::ClosurePlan& plan, const ScanFindings& findings, const BusinessCalendar& calendar, absl::Time now,
                 absl::Duration silent_period) {
  if (findings.required_unanswered) {
    // What was not looked at may take weeks.
    plan.mutable_estimate()->set_explanation(
        fmt::format("not every checker answered ({}), so there may be more to do than is known; look again when it "
                    "answers. The silent period of {} comes on top.",
                    Silent(findings), EnglishPhrases().duration(silent_period)));
    return;
  }
  const Preparation preparation = PreparationOf(findings);
  const int days_min = (preparation.workloads ? kWorkloadDaysMin : 0) + (preparation.transfers ? kTransferDaysMin : 0);
  const int days_max = (preparation.workloads ? kWorkloadDaysMax : 0) + (preparation.transfers ? kTransferDaysMax : 0);
  v1::ClosingEstimate& estimate = *plan.mutable_estimate();
  estimate.set_preparation_business_days_min(days_min);
  estimate.set_preparation_business_days_max(days_max);
  *estimate.mutable_earliest_close_time() = ToProto(calendar.AddBusinessDays(now, days_min) + silent_period);
  *estimate.mutable_latest_close_time() = ToProto(calendar.AddBusinessDays(now, days_max) + silent_period);
  estimate.set_explanation(Explain(preparation, silent_period));
}

struct Entry {
  bool checked_by_scan;
  std::string_view topic;
  std::string_view text;
};

// The checklist of R20 to R39, what is only advice, and what is often asked.
constexpr Entry kChecklist[] = {
    // R43, R68
    {false, "entry",
     "Where does it start? In Account Center > Security Settings > Close Account. A closure that was aborted cannot be "
     "resumed; it is started again there, from the beginning."},
    // R20
    {true, "pay_bills", "Pay all issued bills and all outstanding fees, past usage included."},
    // R21
    {true, "handle_credit_notes", "Handle all credit notes."},
    // R22, R23, R25
    {true, "clear_balance", "Withdraw or spend the balance. A small one can be forfeited, a larger one cannot."},
    // R24, R25
    {true, "clear_debt", "Pay the debt. A small one can be voided, a larger one cannot."},
    // R30, R32
    {true, "release_pay_as_you_go_resources",
     "Release all pay-as-you-go resources, each in its own product's console."},
    // R31, R32
    {true, "unsubscribe_subscriptions", "Unsubscribe all subscription resources, or wait until they have expired."},
    // R33
    {true, "transfer_domain_names",
     "Transfer all domain names to other accounts or providers; this takes 7 to 15 business days."},
    // R34
    {true, "cancel_icp_filings",
     "Cancel all ICP filings, or transfer the filing entity to another account; this takes 7 to 15 "
     "business days."},
    // R35, R36
    {true, "leave_resource_directory",
     "A management account disables its resource directory; a member is deleted or removed by the "
     "management account."},
    // R37, R38
    {true, "remove_trusteeship_members",
     "An administrator of a finance trusteeship removes all its members; a member has nothing to "
     "do."},
    // R39
    {true, "end_reseller_relationship", "A reseller's customer has the partner cancel the relationship."},
    // R27
    {false, "export_bills",
     "Export all historical bills, orders and invoices: they cannot be recovered after closure."},
    // R28
    {false, "back_up_business_data", "Back up business data: object storage files, database backups, disk snapshots."},
    // R29
    {false, "export_configuration_and_logs", "Export critical configuration and operation logs."},
    // R22, R54
    {false, "balance_is_lost", "A remaining balance cannot be withdrawn after closure."},
    // R69
    {false, "why_wait",
     "All is cleared, why still wait? Some products bill late, so a final bill may still come. The "
     "silent period lets it arrive before the account is deleted."},
    // R70
    {false, "can_i_revoke",
     "Can I revoke? No. Once the silent period has begun, the closure can be neither revoked nor "
     "shortened, by nobody."},
};

void AddChecklist(v1::ClosurePlan& plan) {
  for (const Entry& entry : kChecklist) {
    v1::ChecklistEntry& line = *plan.add_checklist();
    line.set_topic(std::string(entry.topic));
    line.set_text(std::string(entry.text));
    line.set_checked_by_scan(entry.checked_by_scan);
  }
}

}  // namespace

v1::ClosurePlan MakePlan(std::string_view account, const ScanFindings& findings, const BusinessCalendar& calendar,
                         absl::Time now, absl::Duration silent_period) {
  v1::ClosurePlan plan;
  plan.set_account(std::string(account));
  plan.set_eligible(findings.items.empty() && !findings.required_unanswered);
  for (const v1::CheckerResult& checker : findings.checkers) *plan.add_checkers() = checker;
  AddSteps(plan, findings.items);
  AddEstimate(plan, findings, calendar, now, silent_period);
  AddChecklist(plan);
  return plan;
}

void AddStartObstacles(v1::ClosurePlan& plan, const std::vector<v1::StartObstacle>& obstacles) {
  if (obstacles.empty()) return;
  plan.mutable_start_obstacles()->Assign(obstacles.begin(), obstacles.end());
  plan.set_eligible(false);
  const bool only_open = std::all_of(obstacles.begin(), obstacles.end(), [](const v1::StartObstacle& obstacle) {
    return obstacle.reason() == v1::CLOSURE_ALREADY_OPEN;
  });
  if (only_open) return;
  v1::ClosingEstimate& estimate = *plan.mutable_estimate();
  // Nobody knows when they are gone, so no date can be counted from now.
  estimate.clear_earliest_close_time();
  estimate.clear_latest_close_time();
  estimate.set_explanation(fmt::format("no closure can be started now; once one can: {}", estimate.explanation()));
}

std::vector<v1::PreviewItems> SplitItems(const std::vector<v1::BlockingItem>& items) {
  std::vector<v1::PreviewItems> messages;
  std::size_t bytes = 0;
  for (const v1::BlockingItem& item : items) {
    const std::size_t more = item.ByteSizeLong() + kItemOverheadBytes;
    if (messages.empty() || messages.back().items_size() == kItemsPerMessage || bytes + more >= kMessageBytesMax) {
      messages.emplace_back();
      bytes = 0;
    }
    *messages.back().add_items() = item;
    bytes += more;
  }
  return messages;
}

}  // namespace closure
