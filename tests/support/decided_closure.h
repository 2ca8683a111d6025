// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_DECIDED_CLOSURE_H_
#define CLOSURE_TESTS_SUPPORT_DECIDED_CLOSURE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/decide.h"
#include "tests/support/manual_clock.h"

namespace closure {

// One closure that lives by decisions alone: each is applied to plain values, as the store would, and nothing outside
// exists. Tests say what happened and look at what was decided. Not thread-safe.
class DecidedClosure {
 public:
  DecidedClosure();

  // ---- what happens ----
  // Something that people do; answers what they are told.
  absl::Status Do(const Happening& happening, const std::string& actor = "root:1000000001");
  // A result of the only open task of this kind; it must exist. Answers the task as it was.
  internal::v1::TaskData Report(v1::Task::Kind kind, const Happening& happening);
  // The result of a given task, whether it is still open or not.
  void ReportTask(const internal::v1::TaskData& task, const Happening& happening);
  // A scan that answers with these items, and with these checkers silent.
  void FinishScan(std::vector<v1::BlockingItem> items = {}, std::vector<std::string> silent = {});
  // A scan that found this.
  void FinishScan(ScanFindings findings);
  // Every participant of the present stage answers, stage after stage, until the phase is over.
  void FinishPhase(v1::PerformResponse::Outcome outcome = v1::PerformResponse::DONE);

  // ---- ways through the life of a closure ----
  void GoToFirstScan();
  void GoToReady();
  // CONFIRMING, with the account frozen and the rescan begun.
  void GoToRescan(bool late_settlement_consent = false);
  void GoToSilentPeriod(bool late_settlement_consent = false);
  void GoToFinalCheck(bool late_settlement_consent = false);

  // A contact point that the account system let through.
  void AddContact(const std::string& address) { data_.add_contacts()->set_address(address); }

  // ---- what is there ----
  State state() const { return data_.closure().state(); }
  const v1::Closure& closure() const { return data_.closure(); }
  const internal::v1::ClosureData& data() const { return data_; }
  internal::v1::SystemData& system() { return system_; }
  ManualClock& clock() { return clock_; }
  BreakerCounts& breaker() { return breaker_; }
  // Who takes part from now on.
  std::vector<v1::ParticipantDescription>& participants() { return participants_; }
  // Keeps what the clocks show now, as the engine does every minute.
  void WitnessTime();
  double& retry_factor() { return retry_factor_; }
  const Commit& last_commit() const { return last_commit_; }
  std::vector<internal::v1::TaskData> Tasks(v1::Task::Kind kind) const;
  v1::BlockingItem& item(const std::string& id) { return items_.at(id); }

  static CreateFacts Facts();
  static v1::BlockingItem Item(const std::string& id, v1::ItemKind kind, v1::Disposition disposition, int64_t units = 0,
                               const std::string& fingerprint = "f1");

 private:
  Circumstances Now(const std::string& actor) const;
  void Apply(Commit commit);

  ManualClock clock_;
  internal::v1::ClosureData data_;
  internal::v1::SystemData system_;
  BreakerCounts breaker_{0, 20, 0, 20};
  std::vector<v1::ParticipantDescription> participants_;
  double retry_factor_ = 1;
  std::map<std::string, v1::BlockingItem> items_;
  std::map<int64_t, internal::v1::TaskData> tasks_;
  int64_t last_task_id_ = 0;
  Commit last_commit_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_DECIDED_CLOSURE_H_
