// SPDX-License-Identifier: Apache-2.0
// What a scan comes to, and what it tells.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "protos/money.h"
#include "tests/support/decided_closure.h"

namespace closure {
namespace {

using v1::CheckerResult;
using v1::Closure;

CheckerResult Checker(const std::string& name, bool required, CheckerResult::Status status,
                      const std::string& detail = "") {
  CheckerResult checker;
  checker.set_checker(name);
  checker.set_required(required);
  checker.set_status(status);
  checker.set_detail(detail);
  return checker;
}

v1::BlockingItem Bill(const std::string& id, int64_t units) {
  return DecidedClosure::Item(id, v1::UNPAID_BILL, v1::MUST_HANDLE, units);
}

// Five checkers, of which two that are required were silent.
ScanFindings HalfSilent() {
  ScanFindings findings;
  findings.checkers = {Checker("billing", true, CheckerResult::UNANSWERED, "too late"),
                       Checker("domains", false, CheckerResult::UNANSWERED, "nobody there"),
                       Checker("reseller", true, CheckerResult::ANSWERED),
                       Checker("resources", true, CheckerResult::UNANSWERED, "not now"),
                       Checker("trusteeship", false, CheckerResult::ANSWERED)};
  findings.required_unanswered = true;
  return findings;
}

TEST_CASE("the history of a scan tells how many items there are, and which required checkers were silent",
          "[decide][R47][D5]") {
  DecidedClosure closure;
  closure.GoToFirstScan();
  ScanFindings findings = HalfSilent();
  const bool silent = GENERATE(true, false);
  if (!silent) {
    findings.required_unanswered = false;
    for (CheckerResult& checker : findings.checkers) checker.set_status(CheckerResult::ANSWERED);
  }
  findings.items = {Bill("b", 5), DecidedClosure::Item("vm", v1::SUBSCRIPTION_RESOURCE, v1::RENOUNCEABLE)};
  closure.FinishScan(findings);
  CHECK(closure.state() == Closure::BLOCKED);
  CHECK(closure.last_commit().history->detail ==
        std::string("1 must-handle, 1 renounceable, 0 renounced") +
            (silent ? "; billing did not answer: too late; resources did not answer: not now" : ""));
  REQUIRE(closure.closure().scan().checkers_size() == 5);
  for (int i = 0; i < 5; ++i) {
    CHECK(closure.closure().scan().checkers(i).ShortDebugString() ==
          findings.checkers[static_cast<std::size_t>(i)].ShortDebugString());
  }
}

TEST_CASE("only a clean scan is fresh", "[decide][D16]") {
  DecidedClosure closure;
  closure.GoToFirstScan();
  SECTION("with an item in the way") {
    closure.FinishScan({Bill("b", 5)});
    CHECK_FALSE(closure.closure().scan().clean());
    CHECK_FALSE(closure.closure().scan().has_fresh_until_time());
  }
  SECTION("with a silent checker") {
    closure.FinishScan({}, {"billing"});
    CHECK_FALSE(closure.closure().scan().clean());
    CHECK_FALSE(closure.closure().scan().has_fresh_until_time());
  }
  SECTION("with neither") {
    closure.FinishScan();
    CHECK(closure.closure().scan().clean());
    CHECK(closure.closure().scan().has_fresh_until_time());
  }
}

TEST_CASE("a scan begins with every checker waiting, and forgets why a Confirm before it failed", "[decide][R16][D6]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
  closure.FinishPhase();
  closure.FinishScan({Bill("b", 5)});
  closure.FinishPhase();
  REQUIRE(closure.state() == Closure::BLOCKED);
  CHECK(closure.closure().cause() == Closure::RESCAN_NOT_CLEAN);
  CHECK(closure.closure().cause_detail() == "b (5.00 USD)");
  const int64_t before = closure.closure().scan().number();
  REQUIRE(closure.Do(Recheck{}).ok());
  CHECK(closure.closure().cause() == Closure::CAUSE_UNSPECIFIED);
  CHECK(closure.closure().cause_detail().empty());
  CHECK(closure.closure().scan().number() == before + 1);
  CHECK(closure.closure().scan().phase() == v1::SCAN);
  REQUIRE(closure.closure().scan().checkers_size() == 2);
  for (const CheckerResult& checker : closure.closure().scan().checkers())
    CHECK(checker.status() == CheckerResult::WAITING);
}

// What an abort says that stood in the way.
std::string CauseOf(std::vector<v1::BlockingItem> items, bool silent) {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  ScanFindings findings;
  if (silent) findings = HalfSilent();
  findings.items = std::move(items);
  closure.FinishScan(findings);
  CHECK(closure.state() == Closure::RESTORING);
  CHECK(closure.closure().cause() == Closure::FINAL_CHECK_PROBLEM);
  return closure.closure().cause_detail();
}

TEST_CASE("an abort names the first three items with their amounts, how many more there are, and who was silent",
          "[decide][R69][D5]") {
  const v1::BlockingItem vm = DecidedClosure::Item("vm", v1::PAY_AS_YOU_GO_RESOURCE, v1::MUST_HANDLE);
  CHECK(CauseOf({Bill("b1", 5)}, false) == "b1 (5.00 USD)");
  CHECK(CauseOf({Bill("b1", 5), vm}, false) == "b1 (5.00 USD); vm");
  CHECK(CauseOf({Bill("b1", 500'000'000'000), vm}, false) == "b1 (500000000000.00 USD); vm");
  CHECK(CauseOf({Bill("b1", 5), Bill("b2", 6), Bill("b3", 7)}, false) == "b1 (5.00 USD); b2 (6.00 USD); b3 (7.00 USD)");
  CHECK(CauseOf({Bill("b1", 5), Bill("b2", 6), Bill("b3", 7), vm}, false) ==
        "b1 (5.00 USD); b2 (6.00 USD); b3 (7.00 USD); and 1 more");
  CHECK(CauseOf({Bill("b1", 5), Bill("b2", 6), Bill("b3", 7), vm, Bill("b4", 1)}, true) ==
        "b1 (5.00 USD); b2 (6.00 USD); b3 (7.00 USD); and 2 more; billing did not answer: too late; resources did not "
        "answer: not now");
}

TEST_CASE("the consent given at Confirm covers every small late debt and balance, and nothing else",
          "[decide][D7][R66][R67]") {
  DecidedClosure closure;
  closure.GoToFinalCheck(true);
  closure.FinishPhase();
  std::vector<v1::BlockingItem> items;
  for (int i = 1; i <= 5; ++i) {
    const v1::ItemKind kind = i % 2 == 0 ? v1::BALANCE : v1::DEBT;
    items.push_back(DecidedClosure::Item("money-" + std::to_string(i), kind, v1::RENOUNCEABLE, i, std::to_string(i)));
  }
  const bool another = GENERATE(false, true);
  // With a name as long as the others have.
  if (another) items.push_back(Bill("other-1", 3));
  closure.FinishScan(items);
  CHECK(closure.state() == (another ? Closure::RESTORING : Closure::DELETING));
  CHECK(closure.closure().item_counts().renounced() == 5);
  CHECK(closure.closure().item_counts().renounceable() == 0);
  CHECK(closure.closure().item_counts().must_handle() == (another ? 1 : 0));
  REQUIRE(closure.closure().renunciations_size() == 5);
  for (int i = 1; i <= 5; ++i) {
    CHECK(closure.item("money-" + std::to_string(i)).resolution() == v1::BlockingItem::RENOUNCED);
    const v1::Renunciation& renunciation = closure.closure().renunciations(i - 1);
    CHECK(renunciation.by_consent());
    CHECK(renunciation.status() == v1::Renunciation::RECORDED);
    CHECK(renunciation.fingerprint() == std::to_string(i));
    CHECK(FormatMoney(renunciation.amount()) == std::to_string(i) + ".00 USD");
  }
  if (another) CHECK(closure.item("other-1").resolution() == v1::BlockingItem::OPEN);
}

TEST_CASE("a final check that was silent is made again, and says who was", "[decide][D5]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  closure.FinishScan(HalfSilent());
  CHECK(closure.state() == Closure::FINAL_CHECK);
  const internal::v1::TaskData again = closure.Tasks(v1::Task::SCAN).front();
  CHECK(again.last_error() == "billing did not answer: too late; resources did not answer: not now");
  CHECK(again.parked() == v1::Task::PARKED_UNSPECIFIED);
  CHECK(closure.closure().scan().checkers_size() == 5);
}

}  // namespace
}  // namespace closure
