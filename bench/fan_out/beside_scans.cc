// SPDX-License-Identifier: Apache-2.0
#include "bench/fan_out/beside_scans.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "bench/fan_out/sample_answer.h"
#include "bench/fan_out/slowest.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Apart from those of what is measured beside.
constexpr int kFirstAccount = 500'000;

}  // namespace

// A scan's progress is told by one thread at a time.
struct BesideScans::One {
  SteadyClock::time_point began = SteadyClock::now();
  bool is_noted = false;
  size_t answers_left = 0;
};

BesideScans::BesideScans(FanOut fan_out, std::string hanging, bool hangs)
    : fan_out_(std::move(fan_out)), hanging_(std::move(hanging)), hangs_(hangs) {}

BesideScans::~BesideScans() { End(); }

void BesideScans::BeginAndWait(int scans) {
  for (int number = 0; number < scans; ++number) Begin(false);
  WaitForOthers();
}

void BesideScans::BeginEvery(std::chrono::nanoseconds pace) {
  pacer_ = std::thread([this, pace] {
    const auto stopping = [this] {
      absl::MutexLock lock(&mutex_);
      return stopping_;
    };
    for (auto next = SteadyClock::now() + pace; !stopping(); next += pace) {
      std::this_thread::sleep_until(next);
      Begin(true);
    }
  });
}

void BesideScans::End() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (pacer_.joinable()) pacer_.join();
  WaitForOthers();
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  if (hangs_) give_up_->Cancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &BesideScans::IsNoneOpen));
}

void BesideScans::Begin(bool is_noted) {
  int64_t number = 0;
  {
    absl::MutexLock lock(&mutex_);
    number = begun_++;
  }
  auto scan = std::make_shared<One>();
  scan->is_noted = is_noted;
  scan->answers_left = fan_out_.slots().size() - 1;
  fan_out_.Run(
      {.check = SampleRequest(AccountOfScan(kFirstAccount + static_cast<int>(number))), .cancel = give_up_},
      [this, scan](const v1::CheckerResult& result) { OnProgress(*scan, result); },
      [this](const ScanFindings& findings) { OnDone(findings); });
}

void BesideScans::OnProgress(One& scan, const v1::CheckerResult& result) {
  if (result.status() != v1::CheckerResult::ANSWERED || result.checker() == hanging_) return;
  if (--scan.answers_left > 0) return;
  const int64_t took = (SteadyClock::now() - scan.began).count();
  absl::MutexLock lock(&mutex_);
  ++have_others_;
  if (scan.is_noted)
    nanos_.push_back(static_cast<uint32_t>(std::min<int64_t>(took, std::numeric_limits<uint32_t>::max())));
}

void BesideScans::OnDone(const ScanFindings& findings) {
  absl::MutexLock lock(&mutex_);
  if (fault_.empty()) fault_ = Fault(findings);
  ++over_;
}

std::string BesideScans::Fault(const ScanFindings& findings) const {
  // Had it opened its breaker, or run into its deadline, nobody would have waited for it.
  if (hangs_ && !ending_) return "a scan did not wait for the checker that hangs";
  const size_t answers = findings.checkers.size() - (hangs_ ? 1 : 0);
  if (findings.items.size() == answers * size_t{kItemsEach} && findings.required_unanswered == hangs_) return "";
  for (const v1::CheckerResult& result : findings.checkers) {
    if (result.status() != v1::CheckerResult::ANSWERED && result.checker() != hanging_)
      return "a scan beside lacks an answer: " + result.ShortDebugString();
  }
  return "a scan beside found " + std::to_string(findings.items.size()) + " items";
}

void BesideScans::WaitForOthers() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &BesideScans::HaveOthers));
}

std::vector<uint32_t> BesideScans::nanos() const {
  absl::MutexLock lock(&mutex_);
  std::vector<uint32_t> nanos = nanos_;
  std::sort(nanos.begin(), nanos.end());
  return nanos;
}

int64_t BesideScans::begun() const {
  absl::MutexLock lock(&mutex_);
  return begun_;
}

std::string BesideScans::fault() const {
  absl::MutexLock lock(&mutex_);
  return fault_;
}

}  // namespace closure::bench
