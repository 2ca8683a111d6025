// SPDX-License-Identifier: Apache-2.0
#include "checkers/catalog.h"

#include "checkers/billing/billing_checker.h"
#include "checkers/domains/domains_checker.h"
#include "checkers/reseller/reseller_checker.h"
#include "checkers/resource_directory/resource_directory_checker.h"
#include "checkers/resources/resources_checker.h"
#include "checkers/trusteeship/trusteeship_checker.h"

namespace closure {

std::vector<std::shared_ptr<Checker>> MakeBuiltinCheckers(const Upstreams& upstreams, const CheckerSettings& settings) {
  return {
      std::make_shared<BillingChecker>(upstreams.billing, settings),
      std::make_shared<DomainsChecker>(upstreams.domain, settings),
      std::make_shared<ResellerChecker>(upstreams.partner, settings),
      std::make_shared<ResourceDirectoryChecker>(upstreams.resource_directory, settings),
      std::make_shared<ResourcesChecker>(upstreams.resource, settings),
      std::make_shared<TrusteeshipChecker>(upstreams.trusteeship, settings),
  };
}

}  // namespace closure
