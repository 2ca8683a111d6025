// SPDX-License-Identifier: Apache-2.0
#include "server/fan_out.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "checkers/answer_fault.h"
#include "checkers/answer_validation.h"
#include "checkers/append_moved.h"
#include "checkers/billing/fund_limits.h"
#include "checkers/checker_settings.h"
#include "checkers/proto_time.h"
#include "checkers/renounced_kinds.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/die.h"
#include "server/item_identity.h"
#include "storage/closure_store.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr absl::Duration kDeadlineMax = absl::Minutes(10);
constexpr size_t kDetailMax = 500;
constexpr size_t kVersionMax = 40;
constexpr std::string_view kCancelled = "cancelled: nobody waits for the answer";

using Slots = std::vector<CheckerSlot>;

bool TakesPart(const v1::CheckerDescription& description, v1::CheckPhase phase) {
  const auto& phases = description.phases();
  return std::find(phases.begin(), phases.end(), static_cast<int>(phase)) != phases.end();
}

// Why a checker is not asked; empty for one that is.
std::string SkipReason(const CheckerSlot& slot, v1::CheckPhase phase) {
  if (!slot.skip_detail.empty()) return slot.skip_detail;
  if (TakesPart(slot.checker->description(), phase)) return "";
  return fmt::format("takes no part in {}", v1::CheckPhase_Name(phase));
}

// What is known of a checker before it is asked.
v1::CheckerResult Unasked(const CheckerSlot& slot, const std::string& skip) {
  v1::CheckerResult result;
  result.set_checker(slot.checker->description().name());
  result.set_version(PrintableText(slot.checker->description().version(), kVersionMax));
  result.set_required(slot.required);
  result.set_status(skip.empty() ? v1::CheckerResult::WAITING : v1::CheckerResult::SKIPPED);
  result.set_detail(PrintableText(skip, kDetailMax));
  return result;
}

// One scan. Owned by everything that may still call it: its timers until they end, and the checkers' answers.
class ScanRun : public std::enable_shared_from_this<ScanRun> {
 public:
  ScanRun(std::shared_ptr<const Slots> slots, Timers& timers, FanOutRequest request, FanOut::Progress progress,
          FanOut::Done done);

  // Asks everybody.
  void Begin();

 private:
  // What there is for each slot.
  struct Ask {
    v1::CheckerResult result;
    std::vector<v1::BlockingItem> items;
    // When it was asked, in Timers::Elapsed; nothing before that.
    std::optional<absl::Duration> start;
    bool over = false;
    // Ends the checker's own calls when nobody waits for them any more.
    std::shared_ptr<CancelSignal> cancel = std::make_shared<CancelSignal>();
    // How long it may take, and which of the deadlines that is; none where no time is left.
    absl::Duration time;
    std::optional<size_t> deadline;
  };

  // Who may take equally long has one timer: one costs gRPC as much as a message of a call.
  struct Deadline {
    absl::Duration time;
    std::vector<size_t> numbers;
    // How many of these are not over.
    size_t open = 0;
    std::unique_ptr<Timer> timer;
  };

  void SetDeadlines();
  void StartDeadlines();
  void AskChecker(size_t number);
  void OnAnswer(size_t number, absl::StatusOr<CheckAnswer> answer);
  void EndUnanswered(size_t number, v1::CheckerResult::Fault fault, std::string_view detail);
  void EndAll(std::string_view detail);
  // Moves one slot to its last status, unless it is there; false then.
  bool End(size_t number, v1::CheckerResult result, std::vector<v1::BlockingItem> items);

  absl::Duration Since(absl::Duration start) const { return timers_.Elapsed() - start; }
  absl::Status Validate(const CheckerSlot& slot, const CheckAnswer& answer, absl::Duration latency) const;
  std::vector<v1::BlockingItem> ToBlockingItems(const std::string& checker, CheckAnswer answer) const;

  void Report(const v1::CheckerResult& result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Hands what is reported to the callbacks, in order; whoever comes while somebody does leaves it to them.
  void Deliver();
  ScanFindings TakeFindings() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<const Slots> slots_;
  Timers& timers_;
  const FanOutRequest request_;
  const std::string closure_name_;
  const absl::Duration start_;
  // Null for a scan that cannot be cancelled.
  const std::unique_ptr<Timer> cancel_;
  // A scan that is cancelled as it begins may end before this is set; then there is nothing left to forget.
  std::atomic<int64_t> cancel_number_ = 0;

  absl::Mutex mutex_;
  // The times and signals in it are used without the lock.
  std::vector<Ask> asks_;
  // Set when the scan begins; only `open` changes then, under the lock.
  std::vector<Deadline> deadlines_;
  size_t open_ ABSL_GUARDED_BY(mutex_);
  std::deque<v1::CheckerResult> reports_ ABSL_GUARDED_BY(mutex_);
  bool delivering_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // Used by the one thread that delivers.
  FanOut::Progress progress_;
  FanOut::Done done_;
};

Mark MarkOf(v1::CheckerResult::Fault fault) {
  switch (fault) {
    case v1::CheckerResult::TIMED_OUT:
      return Mark::kCheckerTimedOut;
    case v1::CheckerResult::MALFORMED:
      return Mark::kCheckerMalformed;
    case v1::CheckerResult::TOO_MUCH:
      return Mark::kCheckerTooMuch;
    default:
      return Mark::kCheckerFailed;
  }
}

ScanRun::ScanRun(std::shared_ptr<const Slots> slots, Timers& timers, FanOutRequest request, FanOut::Progress progress,
                 FanOut::Done done)
    : slots_(std::move(slots)),
      timers_(timers),
      request_(std::move(request)),
      closure_name_(request_.check.closure().empty()
                        ? FormatClosureName({.account_id = request_.check.account_id(), .closure_id = "preview"})
                        : request_.check.closure()),
      start_(timers.Elapsed()),
      cancel_(request_.cancel == nullptr ? nullptr : timers.NewTimer()),
      asks_(slots_->size()),
      open_(slots_->size()),
      progress_(std::move(progress)),
      done_(std::move(done)) {
  for (size_t i = 0; i < asks_.size(); ++i) {
    asks_[i].result = Unasked((*slots_)[i], SkipReason((*slots_)[i], request_.check.phase()));
    if (asks_[i].result.status() == v1::CheckerResult::SKIPPED) {
      asks_[i].over = true;
      --open_;
    }
    reports_.push_back(asks_[i].result);
  }
}

void ScanRun::SetDeadlines() {
  const absl::Duration left = request_.time_left - Since(start_);
  for (size_t number = 0; number < asks_.size(); ++number) {
    Ask& ask = asks_[number];
    ask.time = std::min({(*slots_)[number].deadline, left, kDeadlineMax});
    if (ask.over || ask.time <= absl::ZeroDuration()) continue;
    auto found = std::ranges::find(deadlines_, ask.time, &Deadline::time);
    if (found == deadlines_.end())
      found = deadlines_.insert(found, {.time = ask.time, .numbers = {}, .timer = timers_.NewTimer()});
    ask.deadline = static_cast<size_t>(found - deadlines_.begin());
    found->numbers.push_back(number);
    ++found->open;
  }
}

void ScanRun::StartDeadlines() {
  for (const Deadline& deadline : deadlines_) {
    // The timer keeps the scan alive until the deadline, even if a checker loses its question.
    deadline.timer->Start(deadline.time, [run = shared_from_this(), &deadline] {
      const std::string detail =
          fmt::format("no answer within {}", absl::FormatDuration(absl::Trunc(deadline.time, absl::Milliseconds(1))));
      for (const size_t number : deadline.numbers) run->EndUnanswered(number, v1::CheckerResult::TIMED_OUT, detail);
    });
  }
}

void ScanRun::Begin() {
  // Nobody else knows of the scan yet.
  SetDeadlines();
  if (request_.cancel != nullptr) {
    cancel_number_ = request_.cancel->OnCancel([weak = weak_from_this()] {
      auto run = weak.lock();
      if (run == nullptr) return;
      run->cancel_->Start(absl::ZeroDuration(), [run] { run->EndAll(kCancelled); });
    });
  }
  Deliver();
  if (request_.cancel != nullptr && request_.cancel->cancelled()) return EndAll(kCancelled);
  StartDeadlines();
  for (size_t i = 0; i < asks_.size(); ++i) AskChecker(i);
}

void ScanRun::AskChecker(size_t number) {
  const CheckerSlot& slot = (*slots_)[number];
  Ask& ask = asks_[number];
  {
    absl::MutexLock lock(&mutex_);
    if (ask.over) return;
    ask.start = timers_.Elapsed();
    if (ask.deadline) {
      ask.result.set_status(v1::CheckerResult::RUNNING);
      Report(ask.result);
    }
  }
  if (!ask.deadline) return EndUnanswered(number, v1::CheckerResult::TIMED_OUT, "no time was left to ask it");
  Deliver();
  slot.checker->Check(request_.check, {.timeout = ask.time, .traceparent = request_.traceparent, .cancel = ask.cancel},
                      [run = shared_from_this(), number](absl::StatusOr<CheckAnswer> answer) {
                        run->OnAnswer(number, std::move(answer));
                      });
}

void ScanRun::OnAnswer(size_t number, absl::StatusOr<CheckAnswer> answer) {
  const CheckerSlot& slot = (*slots_)[number];
  const std::string& name = slot.checker->description().name();
  v1::CheckerResult result;
  {
    absl::MutexLock lock(&mutex_);
    if (asks_[number].over) return Reach(Mark::kLateAnswerDropped);
    result = asks_[number].result;
  }
  if (!answer.ok()) {
    return EndUnanswered(number, FaultOf(answer.status()), std::string(answer.status().message()));
  }
  const absl::Status valid = Validate(slot, *answer, Since(start_));
  if (!valid.ok()) return EndUnanswered(number, FaultOf(valid), std::string(valid.message()));
  *result.mutable_as_of_time() = ToProto(answer->as_of);
  if (!answer->version.empty()) result.set_version(PrintableText(answer->version, kVersionMax));
  std::vector<v1::BlockingItem> items = ToBlockingItems(name, *std::move(answer));
  result.set_status(v1::CheckerResult::ANSWERED);
  result.set_item_count(static_cast<int32_t>(items.size()));
  End(number, std::move(result), std::move(items));
}

absl::Status ScanRun::Validate(const CheckerSlot& slot, const CheckAnswer& answer, absl::Duration latency) const {
  AnswerLimits limits{.account_id = request_.check.account_id(), .items_max = slot.max_items};
  const std::optional<absl::Time> check_time = TimeFromProto(request_.check.check_time());
  if (check_time) {
    limits.as_of_min = *check_time;
    limits.as_of_max = *check_time + latency + kClockSkewMax;
  }
  const v1::CheckerDescription& description = slot.checker->description();
  // Nobody else reports money that can be renounced.
  if (description.name() != kBillingName) return ValidateAnswer(answer, description, limits);
  CLOSURE_ASSIGN_OR_RETURN(const FundLimits funds, FundLimits::For(request_.check, CheckerSettings()));
  limits.funds = &funds;
  return ValidateAnswer(answer, description, limits);
}

std::vector<v1::BlockingItem> ScanRun::ToBlockingItems(const std::string& checker, CheckAnswer answer) const {
  std::vector<v1::BlockingItem> items;
  items.reserve(answer.items.size());
  for (v1::ReportedItem& item : answer.items) {
    items.push_back(MakeBlockingItem(closure_name_, checker, std::move(item)));
  }
  return items;
}

void ScanRun::EndUnanswered(size_t number, v1::CheckerResult::Fault fault, std::string_view detail) {
  v1::CheckerResult result;
  {
    absl::MutexLock lock(&mutex_);
    // As it mostly is when a deadline comes that was stopped.
    if (asks_[number].over) return;
    result = asks_[number].result;
  }
  result.set_status(v1::CheckerResult::UNANSWERED);
  result.set_fault(fault);
  result.set_detail(detail.empty() ? "no reason given" : PrintableText(detail, kDetailMax));
  if (End(number, std::move(result), {})) asks_[number].cancel->Cancel();
}

void ScanRun::EndAll(std::string_view detail) {
  for (size_t i = 0; i < asks_.size(); ++i) {
    EndUnanswered(i, v1::CheckerResult::FAILED, detail);
  }
}

bool ScanRun::End(size_t number, v1::CheckerResult result, std::vector<v1::BlockingItem> items) {
  Ask& ask = asks_[number];
  bool is_last = false;
  {
    absl::MutexLock lock(&mutex_);
    if (ask.over) return false;
    ask.over = true;
    if (result.status() == v1::CheckerResult::UNANSWERED) Reach(MarkOf(result.fault()));
    if (ask.start) *result.mutable_latency() = ToProto(Since(*ask.start));
    ask.result = std::move(result);
    ask.items = std::move(items);
    Report(ask.result);
    --open_;
    is_last = ask.deadline && --deadlines_[*ask.deadline].open == 0;
  }
  if (is_last) deadlines_[*ask.deadline].timer->Stop();
  Deliver();
  return true;
}

void ScanRun::Report(const v1::CheckerResult& result) { reports_.push_back(result); }

void ScanRun::Deliver() {
  {
    absl::MutexLock lock(&mutex_);
    if (delivering_ || finished_) return;
    delivering_ = true;
  }
  std::optional<ScanFindings> findings;
  while (!findings) {
    std::optional<v1::CheckerResult> report;
    {
      absl::MutexLock lock(&mutex_);
      if (!reports_.empty()) {
        report = std::move(reports_.front());
        reports_.pop_front();
      } else if (open_ == 0) {
        finished_ = true;
        findings = TakeFindings();
      } else {
        delivering_ = false;
        return;
      }
    }
    if (report && progress_) progress_(*report);
  }
  if (request_.cancel != nullptr) request_.cancel->Forget(cancel_number_);
  progress_ = nullptr;
  FanOut::Done done = std::move(done_);
  std::move(done)(*std::move(findings));
}

ScanFindings ScanRun::TakeFindings() {
  ScanFindings findings;
  for (Ask& ask : asks_) {
    if (ask.result.required() && ask.result.status() == v1::CheckerResult::UNANSWERED) {
      findings.required_unanswered = true;
    }
    findings.checkers.push_back(ask.result);
    AppendMoved(std::move(ask.items), findings.items);
  }
  return findings;
}

const std::string& NameOf(const CheckerSlot& slot) { return slot.checker->description().name(); }

}  // namespace

FanOut::FanOut(std::vector<CheckerSlot> slots, Timers* timers) : timers_(timers) {
  for (const CheckerSlot& slot : slots) {
    if (slot.checker == nullptr) Impossible("a slot of the fan-out has no checker");
  }
  std::sort(slots.begin(), slots.end(),
            [](const CheckerSlot& a, const CheckerSlot& b) { return NameOf(a) < NameOf(b); });
  for (size_t i = 1; i < slots.size(); ++i) {
    if (NameOf(slots[i - 1]) == NameOf(slots[i])) {
      Impossible(fmt::format("two checkers of the fan-out have the name {}", NameOf(slots[i])));
    }
  }
  slots_ = std::make_shared<const Slots>(std::move(slots));
}

void FanOut::Run(FanOutRequest request, Progress progress, Done done) const {
  std::make_shared<ScanRun>(slots_, *timers_, std::move(request), std::move(progress), std::move(done))->Begin();
}

std::vector<v1::CheckerResult> FanOut::Unasked() const {
  std::vector<v1::CheckerResult> results;
  for (const CheckerSlot& slot : *slots_) results.push_back(closure::Unasked(slot, slot.skip_detail));
  return results;
}

const CheckerSlot* FanOut::Find(std::string_view name) const {
  for (const CheckerSlot& slot : *slots_) {
    if (NameOf(slot) == name) return &slot;
  }
  return nullptr;
}

}  // namespace closure
