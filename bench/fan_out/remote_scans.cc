// SPDX-License-Identifier: Apache-2.0
#include "bench/fan_out/remote_scans.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/fan_out/sample_answer.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Another checker, whose calls' times are noted.
class TimedChecker final : public Checker {
 public:
  TimedChecker(std::shared_ptr<Checker> checker, Slowest& slowest) : checker_(std::move(checker)), slowest_(slowest) {}
  const v1::CheckerDescription& description() const override { return checker_->description(); }
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override {
    const int scan = ScanOfAccount(request.account_id());
    checker_->Check(
        request, options,
        [this, scan, asked = SteadyClock::now(), done = std::move(done)](absl::StatusOr<CheckAnswer> answer) mutable {
          slowest_.Answered(scan, SteadyClock::now() - asked);
          std::move(done)(std::move(answer));
        });
  }
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) override {
    checker_->Discard(request, options, std::move(done));
  }

 private:
  const std::shared_ptr<Checker> checker_;
  Slowest& slowest_;
};

}  // namespace

FanOut FanOutOver(const Checkers& checkers) {
  std::vector<CheckerSlot> slots;
  for (const std::shared_ptr<Checker>& checker : checkers)
    slots.push_back({.checker = checker, .deadline = kCheckDeadline});
  return FanOut(std::move(slots));
}

Scan ScansWith(const Checkers& checkers, Slowest& slowest) {
  Checkers timed;
  for (const std::shared_ptr<Checker>& checker : checkers)
    timed.push_back(std::make_shared<TimedChecker>(checker, slowest));
  return [fan_out = FanOutOver(timed)](int scan, auto ended) {
    const size_t items = fan_out.slots().size() * size_t{kItemsEach};
    fan_out.Run(
        {.check = SampleRequest(AccountOfScan(scan))}, [](const v1::CheckerResult&) {},
        [ended = std::move(ended), items](const ScanFindings& findings) {
          const bool complete = findings.items.size() == items && !findings.required_unanswered;
          ended(complete ? "" : findings.checkers.front().ShortDebugString());
        });
  };
}

}  // namespace closure::bench
