// SPDX-License-Identifier: Apache-2.0
#include "checkers/reseller/reseller_checker.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/ask_once.h"
#include "checkers/builtin.h"
#include "checkers/check_run.h"
#include "checkers/item_facts.h"
#include "fmt/format.h"

namespace closure {
namespace {

namespace up = upstream::v1;

constexpr std::string_view kWho = "reseller: GetResellerRelationship";

absl::StatusOr<std::vector<v1::ReportedItem>> ReadRelationship(const up::ResellerRelationship& relationship,
                                                               const std::string& console) {
  const std::string& partner_id = relationship.partner_id();
  if (partner_id.empty()) {
    if (relationship.partner_name().empty()) return std::vector<v1::ReportedItem>();
    // Somebody is meant, so this must not read as "no reseller" (D5).
    return MalformedAnswer(
        fmt::format("{}: the partner \"{}\" has no partner_id", kWho, InSentence(relationship.partner_name())));
  }
  if (auto valid = ValidateId(kWho, "partner_id", partner_id); !valid.ok()) return valid;
  const std::string name = DisplayName(relationship.partner_name(), partner_id);
  const std::string short_name = InSentence(name);
  v1::ReportedItem item;
  item.set_native_id(fmt::format("reseller/{}", partner_id));
  item.set_kind(v1::RESELLER_CUSTOMER);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("reseller/customer");
  item.set_display_name(name);
  item.set_why(fmt::format("This account is a customer of the reseller {}.", short_name));
  item.set_resolver(v1::PARTNER);
  item.set_resolver_id(partner_id);
  item.set_instructions(fmt::format(
      "You cannot do this yourself. Ask the partner {} to cancel the relationship with this account, then recheck.",
      short_name));
  item.set_process_uri(ConsoleLink(console, "/partners", partner_id));
  item.set_native_state("CUSTOMER");
  return std::vector{std::move(item)};
}

}  // namespace

ResellerChecker::ResellerChecker(std::shared_ptr<up::PartnerService::StubInterface> partner, CheckerSettings settings)
    : ReportingChecker(DescribeBuiltin("reseller", {v1::RESELLER_CUSTOMER})),
      partner_(std::move(partner)),
      settings_(std::move(settings)) {}

void ResellerChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  auto run = CheckRun::Start(request, options, 1, settings_.items_max, std::move(done));
  if (run == nullptr) return;
  AskOnce<up::GetResellerRelationshipRequest, up::ResellerRelationship>(
      run, kWho,
      [partner = partner_](auto* context, auto* get, auto* response, auto on_done) {
        partner->async()->GetResellerRelationship(context, get, response, std::move(on_done));
      },
      [run, console = settings_.console_base_uri](const up::ResellerRelationship& relationship) {
        run->FinishPart(0, ReadRelationship(relationship, console));
      });
}

}  // namespace closure
