// SPDX-License-Identifier: Apache-2.0
#include "checkers/domains/domains_checker.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "checkers/answer_fault.h"
#include "checkers/builtin.h"
#include "checkers/check_run.h"
#include "checkers/item_facts.h"
#include "checkers/page_walk.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure {
namespace {

namespace up = upstream::v1;

using Stub = std::shared_ptr<up::DomainService::StubInterface>;
using Items = absl::StatusOr<std::vector<v1::ReportedItem>>;

enum Part : size_t { kDomainNames, kIcpFilings, kParts };

constexpr std::string_view kListDomains = "domains: ListDomains";
constexpr std::string_view kListIcpFilings = "domains: ListIcpFilings";

v1::ReportedItem DomainItem(const up::Domain& domain, const std::optional<absl::Time>& expire_time,
                            const std::string& console) {
  const std::string name = absl::AsciiStrToLower(domain.domain_name());
  v1::ReportedItem item;
  item.set_native_id(fmt::format("domain/{}", name));
  item.set_kind(v1::DOMAIN_NAME);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("domain/name");
  item.set_display_name(DisplayName(domain.domain_name(), name));
  item.set_why(
      fmt::format("The domain name {} is registered under this account{}", InSentence(name),
                  expire_time ? absl::FormatTime(" until %Y-%m-%d (UTC).", *expire_time, absl::UTCTimeZone()) : "."));
  item.set_resolver(v1::OWNER);
  item.set_instructions(
      "Transfer the domain name to another account or to another provider, which takes 7 to 15 "
      "business days, then recheck.");
  item.set_process_uri(ConsoleLink(console, "/domains/names", name));
  item.set_native_state(domain.state());
  return item;
}

Items ReadDomains(const up::ListDomainsResponse& page, absl::Time check_time, const std::string& console) {
  std::vector<v1::ReportedItem> items;
  for (const up::Domain& domain : page.domains()) {
    const std::string& name = domain.domain_name();
    if (auto valid = ValidateId(kListDomains, "domain_name", name); !valid.ok()) return valid;
    if (auto valid = ValidateState(kListDomains, name, domain.state()); !valid.ok()) return valid;
    std::optional<absl::Time> expire_time;
    if (domain.has_expire_time()) {
      expire_time = TimeFromProto(domain.expire_time());
      if (!expire_time) {
        return MalformedAnswer(
            fmt::format("{}: the domain \"{}\" has an invalid expire_time", kListDomains, InSentence(name)));
      }
      if (*expire_time <= check_time) continue;
    }
    items.push_back(DomainItem(domain, expire_time, console));
  }
  return items;
}

Items ReadIcpFilings(const up::ListIcpFilingsResponse& page, const std::string& console) {
  std::vector<v1::ReportedItem> items;
  for (const up::IcpFiling& filing : page.filings()) {
    const std::string& number = filing.filing_number();
    if (auto valid = ValidateId(kListIcpFilings, "filing_number", number); !valid.ok()) {
      return valid;
    }
    if (auto valid = ValidateState(kListIcpFilings, number, filing.state()); !valid.ok()) {
      return valid;
    }
    const std::string domain = InSentence(filing.domain_name());
    const std::string entity = InSentence(filing.entity_name());
    v1::ReportedItem item;
    item.set_native_id(fmt::format("icp/{}", number));
    item.set_kind(v1::ICP_FILING);
    item.set_disposition(v1::MUST_HANDLE);
    item.set_type("icp/filing");
    item.set_display_name(DisplayName(domain, number));
    item.set_why(fmt::format("The ICP filing {}{}{} is held through this account.", InSentence(number),
                             domain.empty() ? "" : fmt::format(" of {}", domain),
                             entity.empty() ? "" : fmt::format(" by {}", entity)));
    item.set_resolver(v1::OWNER);
    item.set_instructions(
        "Cancel the ICP filing, or transfer the filing entity to another account, which takes 7 to "
        "15 business days, then recheck.");
    item.set_process_uri(ConsoleLink(console, "/icp/filings", number));
    item.set_native_state(filing.state());
    items.push_back(std::move(item));
  }
  return items;
}

PagedList<up::ListDomainsRequest, up::ListDomainsResponse> DomainNames(Stub domains, absl::Time check_time,
                                                                       std::string console) {
  return {
      .who = std::string(kListDomains),
      .start = [domains](auto* context, auto* request, auto* page,
                         auto on_done) { domains->async()->ListDomains(context, request, page, std::move(on_done)); },
      .read = [check_time,
               console = std::move(console)](const auto& page) { return ReadDomains(page, check_time, console); },
  };
}

PagedList<up::ListIcpFilingsRequest, up::ListIcpFilingsResponse> IcpFilings(Stub domains, std::string console) {
  return {
      .who = std::string(kListIcpFilings),
      .start = [domains](
                   auto* context, auto* request, auto* page,
                   auto on_done) { domains->async()->ListIcpFilings(context, request, page, std::move(on_done)); },
      .read = [console = std::move(console)](const auto& page) { return ReadIcpFilings(page, console); },
  };
}

}  // namespace

DomainsChecker::DomainsChecker(Stub domains, CheckerSettings settings)
    : ReportingChecker(DescribeBuiltin("domains", {v1::DOMAIN_NAME, v1::ICP_FILING})),
      domains_(std::move(domains)),
      settings_(std::move(settings)) {}

void DomainsChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  auto run = CheckRun::Start(request, options, kParts, settings_.items_max, std::move(done));
  if (run == nullptr) return;
  // Made before the first call: once the run has answered, this checker may be gone.
  auto names = DomainNames(domains_, run->check_time(), settings_.console_base_uri);
  auto filings = IcpFilings(domains_, settings_.console_base_uri);
  WalkPages(run, kDomainNames, std::move(names));
  WalkPages(run, kIcpFilings, std::move(filings));
}

}  // namespace closure
