// SPDX-License-Identifier: Apache-2.0
#include "checkers/catalog.h"

#include <set>
#include <string>
#include <utility>

#include "checkers/billing/billing_checker.h"
#include "checkers/description_fault.h"
#include "checkers/domains/domains_checker.h"
#include "checkers/reseller/reseller_checker.h"
#include "checkers/resource_directory/resource_directory_checker.h"
#include "checkers/resources/resources_checker.h"
#include "checkers/text.h"
#include "checkers/trusteeship/trusteeship_checker.h"
#include "fmt/format.h"

namespace closure {
namespace {

// Never destroyed: what is under way at the end of the process may use them still.
std::vector<std::shared_ptr<Checker>>& CompiledCheckers() {
  static auto& checkers = *new std::vector<std::shared_ptr<Checker>>;
  return checkers;
}

}  // namespace

absl::Status AddCompiledCheckers(std::vector<std::shared_ptr<Checker>> checkers) {
  std::set<std::string> names;
  for (const auto& builtin : MakeBuiltinCheckers({}, {})) names.insert(builtin->description().name());
  for (const std::shared_ptr<Checker>& checker : checkers) {
    const v1::CheckerDescription& description = checker->description();
    std::string fault = DescriptionFault(description);
    if (fault.empty() && !names.insert(description.name()).second) fault = "another checker has its name";
    if (!fault.empty())
      return absl::InvalidArgumentError(
          fmt::format("the compiled-in checker {}: {}", Quoted(description.name()), fault));
  }
  CompiledCheckers() = std::move(checkers);
  return absl::OkStatus();
}

std::vector<std::shared_ptr<Checker>> MakeBuiltinCheckers(const Upstreams& upstreams, const CheckerSettings& settings) {
  std::vector<std::shared_ptr<Checker>> checkers = {
      std::make_shared<BillingChecker>(upstreams.billing, settings),
      std::make_shared<DomainsChecker>(upstreams.domain, settings),
      std::make_shared<ResellerChecker>(upstreams.partner, settings),
      std::make_shared<ResourceDirectoryChecker>(upstreams.resource_directory, settings),
      std::make_shared<ResourcesChecker>(upstreams.resource, settings),
      std::make_shared<TrusteeshipChecker>(upstreams.trusteeship, settings),
  };
  checkers.insert(checkers.end(), CompiledCheckers().begin(), CompiledCheckers().end());
  return checkers;
}

}  // namespace closure
