// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_FAN_OUT_H_
#define CLOSURE_SERVER_FAN_OUT_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "checkers/call_options.h"
#include "checkers/checker.h"
#include "checkers/timers.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// One checker and how it is asked.
struct CheckerSlot {
  std::shared_ptr<Checker> checker;
  // Whether its silence blocks (D5). The items of an advisory checker block all the same.
  bool required = true;
  // How long it may take; at most ten minutes are given.
  absl::Duration deadline = absl::Minutes(5);
  // How many items it may report (D16).
  int max_items = 10000;
  // Not empty when it is disabled: by whom and why (D5). It is then SKIPPED.
  std::string skip_detail;
};

// What a scan asks of every checker.
struct FanOutRequest {
  v1::CheckRequest check;
  // What is left of a limit on the whole scan; it clips every deadline (D6). At zero nobody is asked and nobody has
  // answered.
  absl::Duration time_left = absl::InfiniteDuration();
  // W3C trace context to pass on; empty for none.
  std::string traceparent;
  // Ends a scan that nobody waits for any more; null for one that must go on. Every checker without an answer is then
  // UNANSWERED.
  std::shared_ptr<CancelSignal> cancel;
};

// What a scan found.
struct ScanFindings {
  // Every slot, ordered by name: a pass is a proof of coverage.
  std::vector<v1::CheckerResult> checkers;
  // The items of all checkers that answered, by checker and then as reported. Name, checker, fingerprint and resolution
  // OPEN are set; change and first_seen_time are not. The names are of the closure that was asked about, or of
  // "accounts/{account}/closures/preview".
  std::vector<v1::BlockingItem> items;
  // Whether a required checker is UNANSWERED; then the scan is not clean, whatever the items are (D5).
  bool required_unanswered = false;
};

// Asks all checkers of a phase at the same time and gathers what they say (docs/ARCHITECTURE.md). A scan takes as long
// as its slowest checker, at most the longest deadline. No thread waits for an answer, so hanging checkers cost memory
// and nothing else.
//
// A checker is not trusted: it is waited for until its deadline only, what it says later is dropped, and what it says
// in time counts after ValidateAnswer found nothing wrong with it. Anything else is UNANSWERED with the kind of fault
// and why.
//
// Thread-safe. Any number of scans can run at the same time; they go on, safely, when the FanOut is destroyed.
class FanOut {
 public:
  using Progress = std::function<void(const v1::CheckerResult&)>;
  using Done = absl::AnyInvocable<void(ScanFindings) &&>;

  // Slots may come in any order. Two checkers of one name, or none in a slot, end the process: the configuration was to
  // refuse that.
  // `timers` must outlive every scan.
  explicit FanOut(std::vector<CheckerSlot> slots, Timers* timers = &SystemTimers());

  // Starts a scan and returns. `progress` is called for every change of status: WAITING for each checker that will be
  // asked and SKIPPED for the others first, then RUNNING and ANSWERED or UNANSWERED as it happens. `done` is called
  // exactly once and last. Both may be called from within Run, so nothing that they need may be locked there, and on
  // the threads of the timers and those that checkers answer on; never from within CancelSignal::Cancel and never at
  // the same time. They must not block. Both are destroyed when the scan is over.
  void Run(FanOutRequest request, Progress progress, Done done) const;

  // Ordered by name.
  const std::vector<CheckerSlot>& slots() const { return *slots_; }
  // What is known of every checker before a scan: WAITING, or SKIPPED with who disabled it and why; ordered by name.
  std::vector<v1::CheckerResult> Unasked() const;
  // Null when there is none of that name.
  const CheckerSlot* Find(std::string_view name) const;

 private:
  std::shared_ptr<const std::vector<CheckerSlot>> slots_;
  Timers* timers_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_FAN_OUT_H_
