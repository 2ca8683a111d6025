// SPDX-License-Identifier: Apache-2.0
// A billing checker outside the process: what can be renounced is not for it to say.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/api_calls.h"
#include "tests/support/mark_watch.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/served_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "billed-1";

v1::ReportedItem Renounceable(v1::ItemKind kind, const std::string& amount, const std::string& native_id) {
  v1::ReportedItem item = SoundItem(native_id);
  item.set_kind(kind);
  item.set_disposition(v1::RENOUNCEABLE);
  *item.mutable_amount() = Amount(amount);
  return item;
}

// A server whose billing is asked outside the process, and says what a test wants in the phase that it wants.
struct Rig {
  explicit Rig(v1::CheckPhase when, std::vector<v1::ReportedItem> items)
      : phase(when),
        billing("billing",
                [this, items = std::move(items)](const v1::CheckRequest& request) {
                  const bool says_it = request.phase() == phase && is_wrong;
                  return Reporting(request, says_it ? items : std::vector<v1::ReportedItem>());
                }),
        server({.configure = [this](config::v1::ServerConfig& config) {
          AddRemote(config, "billing", billing.target());
        }}) {
    server.Load(CloudFileOf(kAccount));
  }

  const v1::CheckPhase phase;
  std::atomic<bool> is_wrong = true;
  ServedChecker billing;
  RunningServer server;
};

TEST_CASE("money above the limits is not renounced because a billing checker says that it can be",
          "[R23][R24][R25][D8]") {
  const auto items = GENERATE(std::vector{Renounceable(v1::DEBT, "10.01 USD", "d")},
                              std::vector{Renounceable(v1::BALANCE, "1000.01 USD", "b")},
                              std::vector{Renounceable(v1::DEBT, "6 USD", "d"), Renounceable(v1::DEBT, "5 USD", "e")});
  Rig rig(v1::SCAN, items);
  Owner owner(rig.server, kAccount);
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  const v1::CheckerResult result = ResultOf(owner.closure().scan().checkers(), "billing");
  CHECK(result.status() == v1::CheckerResult::UNANSWERED);
  CHECK(result.fault() == v1::CheckerResult::MALFORMED);
  CHECK_THAT(result.detail(), Catch::Contains("is said to be renounceable"));
  CHECK(owner.Items().empty());
}

TEST_CASE("money within the limits is, in each currency by itself", "[R23][R24][D8]") {
  Rig rig(v1::SCAN, {Renounceable(v1::DEBT, "10 USD", "d"), Renounceable(v1::DEBT, "10 EUR", "e"),
                     Renounceable(v1::BALANCE, "1000 USD", "b")});
  Owner owner(rig.server, kAccount);
  owner.GoToScanResult();
  CHECK(owner.closure().item_counts().renounceable() == 3);
}

TEST_CASE("a late debt above the limit is not voided because a billing checker says that it can be", "[R66][D5][D7]") {
  Rig rig(v1::FINAL, {Renounceable(v1::DEBT, "5000 USD", "d")});
  const MarkWatch retried(Mark::kFinalCheckRetried);
  Owner owner(rig.server, kAccount);
  owner.GoToSilentPeriod(true);
  rig.server.clock().Advance(absl::Hours(168));
  owner.WaitFor({v1::Closure::FINAL_CHECK});
  WaitUntilQuiet(rig.server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::FINAL_CHECK);
  CHECK(owner.closure().renunciations().empty());
  CHECK(retried.reached());
  // Once it answers as it may, the check counts.
  rig.is_wrong = false;
  rig.server.clock().Advance(absl::Minutes(6));
  owner.WaitFor({v1::Closure::CLOSED});
}

}  // namespace
}  // namespace closure
