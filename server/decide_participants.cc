// SPDX-License-Identifier: Apache-2.0
// The phases of participants: stage by stage, until every one of them is done.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/decision_builder.h"
#include "server/die.h"
#include "server/redaction.h"
#include "server/renounced_money.h"

namespace closure {
namespace {

// How much is kept of why a participant is not done, for the owner and the operators.
constexpr std::size_t kProgressErrorCharactersMax = 500;

bool IsDone(const v1::ParticipantProgress& progress) { return progress.status() == v1::ParticipantProgress::DONE; }

// Starts the first stage that is not done, if it is not under way already. A halt keeps the task of an irreversible
// phase waiting, see the task runner. Answers whether there is one.
bool StartNextStage(DecisionBuilder& builder) {
  auto& all = *builder.closure().mutable_participants();
  int stage = 0;
  for (const v1::ParticipantProgress& progress : all) {
    if (!IsDone(progress) && (stage == 0 || progress.stage() < stage)) stage = progress.stage();
  }
  if (stage == 0) return false;
  for (v1::ParticipantProgress& progress : all) {
    if (progress.stage() != stage || progress.status() != v1::ParticipantProgress::WAITING) continue;
    progress.set_status(v1::ParticipantProgress::PERFORMING);
    const std::string key = fmt::format("phase/{}/{}/{}/{}", builder.data().phase_number(),
                                        v1::ParticipantPhase_Name(progress.phase()), stage, progress.participant());
    internal::v1::TaskPayload& payload = *builder.AddTask(v1::Task::PARTICIPANT, key, builder.now()).mutable_payload();
    payload.set_participant(progress.participant());
    payload.set_participant_phase(progress.phase());
    payload.set_stage(stage);
  }
  return true;
}

// A participant is believed only about what its phase executes.
void MarkExecuted(DecisionBuilder& builder, v1::ParticipantPhase phase, const v1::PerformResponse& response) {
  const std::set<std::string> executed(response.executed_fingerprints().begin(),
                                       response.executed_fingerprints().end());
  for (v1::Renunciation& renunciation : *builder.closure().mutable_renunciations()) {
    if (!IsExecutedIn(phase, renunciation) || executed.count(renunciation.fingerprint()) == 0) continue;
    renunciation.set_status(v1::Renunciation::EXECUTED);
    *renunciation.mutable_execute_time() = ToProto(builder.now());
  }
}

// Money that was not executed because its facts moved is not renounced any more. After a silent period's entry the
// final check finds what is there; at the end of a deletion the record says that it was not taken.
void DropUnexecuted(DecisionBuilder& builder, v1::ParticipantPhase phase) {
  for (v1::Renunciation& renunciation : *builder.closure().mutable_renunciations()) {
    if (IsExecutedIn(phase, renunciation)) renunciation.set_status(v1::Renunciation::DROPPED);
  }
}

// What follows when every participant of a phase is done.
void FinishPhase(DecisionBuilder& builder, v1::ParticipantPhase phase) {
  switch (phase) {
    case v1::FREEZE:
      builder.Note("frozen", "every participant froze the account");
      BeginScan(builder, v1::CONFIRM);
      break;
    case v1::THAW:
      builder.Move(Event::kThawed, "every participant thawed the account");
      builder.commit().gate = v1::GATE_OPEN;
      builder.closure().clear_participants();
      builder.SetExpiry(FromProto(builder.policy().idle_expiry_after_agreement()));
      break;
    case v1::ENTER_SILENT_PERIOD:
      DropUnexecuted(builder, phase);
      builder.Note("silent_period_acts_done", "");
      // The end is watched only from here on, so it cannot come before the acts are done.
      builder.AddTask(v1::Task::SILENT_PERIOD_END, fmt::format("silent-period-end/{}", builder.data().fence()),
                      std::max(builder.now(), FromProto(builder.closure().silent_period_end_time())));
      break;
    case v1::SEAL:
      builder.Note("sealed", "no further bill can arrive");
      BeginScan(builder, v1::FINAL);
      break;
    case v1::DELETE:
      DropUnexecuted(builder, phase);
      builder.Move(Event::kDeleted, "every stage of the deletion is done");
      builder.commit().gate = v1::GATE_CLOSED;
      builder.commit().tombstone = builder.circumstances().tombstone;
      BeginEnd(builder, v1::Closure::COMPLETED, "the account is deleted for good");
      break;
    case v1::RESTORE:
      builder.Move(Event::kRestored, "every participant restored the account");
      builder.commit().gate = v1::GATE_OPEN;
      BeginEnd(builder, builder.closure().cause(), builder.closure().cause_detail());
      break;
    default:
      Impossible("a phase that nobody asked for");
  }
}

// Whether an answer settles the task, for a participant in this phase.
bool Settles(const internal::v1::TaskPayload& payload, v1::PerformResponse::Outcome outcome) {
  const v1::ParticipantPhase phase = payload.participant_phase();
  if (outcome == v1::PerformResponse::DONE) return true;
  // An act on an account that is gone counts as done when restoring, and when deleting it was the aim (D17).
  if (outcome == v1::PerformResponse::ACCOUNT_DELETED) return phase == v1::RESTORE || phase == v1::DELETE;
  // Money whose facts moved is not executed. Past the point of no return the deletion gets on without it: the check
  // under the seal was clean, so what moved is not a debt that came to be.
  return outcome == v1::PerformResponse::FACTS_MOVED && payload.participant() == kBillingName &&
         (phase == v1::ENTER_SILENT_PERIOD || phase == v1::DELETE);
}

v1::ParticipantProgress* FindProgress(DecisionBuilder& builder, const internal::v1::TaskPayload& payload) {
  for (v1::ParticipantProgress& progress : *builder.closure().mutable_participants()) {
    if (progress.participant() == payload.participant() && progress.phase() == payload.participant_phase() &&
        progress.stage() == payload.stage()) {
      return &progress;
    }
  }
  return nullptr;
}

// Asks again later, and shows the owner and the operators why it waits.
Decision AskAgain(DecisionBuilder& builder, v1::ParticipantProgress& progress, std::string_view error,
                  absl::Duration delay) {
  progress.set_attempts(progress.attempts() + 1);
  // It outlives the addresses where it becomes the cause of a Confirm that failed (D12).
  progress.set_last_error(PrintableText(WithoutAddresses(builder.data(), error), kProgressErrorCharactersMax));
  builder.RescheduleTask(builder.now() + delay, progress.last_error(), v1::Task::PARKED_UNSPECIFIED);
  return builder.Finish();
}

// The stages of each participant in a phase, by its name.
using StagesByName = std::map<std::string, std::vector<int32_t>>;

template <typename Descriptions>
StagesByName StagesOf(const Descriptions& participants, v1::ParticipantPhase phase) {
  StagesByName stages;
  for (const v1::ParticipantDescription& participant : participants) {
    for (const auto& stage : participant.stages()) {
      if (stage.phase() == phase) stages[participant.name()].push_back(stage.stage());
    }
  }
  return stages;
}

bool HasStage(const v1::ParticipantDescription& participant, v1::ParticipantPhase phase, int32_t stage) {
  return std::any_of(participant.stages().begin(), participant.stages().end(),
                     [&](const auto& each) { return each.phase() == phase && each.stage() == stage; });
}

// Whoever is asked to act in a phase is asked in every later one, wherever it took part by then: it undoes what it did.
void RememberParticipants(DecisionBuilder& builder, v1::ParticipantPhase phase) {
  auto& known = *builder.data().mutable_participants();
  for (const v1::ParticipantDescription& participant : builder.circumstances().participants) {
    const bool acts = std::any_of(participant.stages().begin(), participant.stages().end(),
                                  [phase](const auto& each) { return each.phase() == phase; });
    if (!acts) continue;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.name() == participant.name(); });
    v1::ParticipantDescription& remembered = found == known.end() ? *known.Add() : *found;
    remembered.set_name(participant.name());
    remembered.set_version(participant.version());
    for (const auto& each : participant.stages()) {
      if (!HasStage(remembered, each.phase(), each.stage())) *remembered.add_stages() = each;
    }
  }
}

}  // namespace

void BeginPhase(DecisionBuilder& builder, v1::ParticipantPhase phase) {
  builder.data().set_phase_number(builder.data().phase_number() + 1);
  v1::Closure& closure = builder.closure();
  closure.clear_participants();
  StagesByName stages = StagesOf(builder.circumstances().participants, phase);
  // Whoever took part before and was taken out of the configuration since is asked all the same: what it froze or
  // sealed would stay so, and nobody would know. Its task says that it is missing until it is there again.
  stages.merge(StagesOf(builder.data().participants(), phase));
  RememberParticipants(builder, phase);
  for (const auto& [participant, its_stages] : stages) {
    for (const int32_t stage : its_stages) {
      v1::ParticipantProgress& progress = *closure.add_participants();
      progress.set_participant(participant);
      progress.set_phase(phase);
      progress.set_stage(stage);
      progress.set_status(v1::ParticipantProgress::WAITING);
    }
  }
  std::stable_sort(closure.mutable_participants()->begin(), closure.mutable_participants()->end(),
                   [](const auto& a, const auto& b) { return a.stage() < b.stage(); });
  // The built-in participants take part in every phase.
  if (!StartNextStage(builder)) Impossible("a phase without participants");
}

Decision DecideParticipant(DecisionBuilder& builder, const ParticipantAnswered& answered) {
  const internal::v1::TaskPayload& payload = builder.circumstances().task->payload();
  const v1::ParticipantPhase phase = payload.participant_phase();
  v1::ParticipantProgress* const progress = FindProgress(builder, payload);
  if (progress == nullptr) return builder.Finish();
  const v1::PerformResponse& response = answered.response;
  if (!Settles(payload, response.outcome())) {
    Reach(Mark::kParticipantNotDone);
    const std::string error =
        response.outcome() == v1::PerformResponse::OUTCOME_UNSPECIFIED
            ? fmt::format("it answered without an outcome: {}", response.detail())
            : fmt::format("{}: {}", v1::PerformResponse::Outcome_Name(response.outcome()), response.detail());
    const Circumstances& circumstances = builder.circumstances();
    return AskAgain(builder, *progress, error, RetryDelay(circumstances.task->attempts(), circumstances.retry_factor));
  }
  progress->set_attempts(progress->attempts() + 1);
  progress->set_status(v1::ParticipantProgress::DONE);
  progress->clear_last_error();
  if (payload.participant() == kBillingName) MarkExecuted(builder, phase, response);
  if (!StartNextStage(builder)) {
    FinishPhase(builder, phase);
    return builder.Finish();
  }
  builder.Note("participant_done",
               fmt::format("{} {} stage {}", payload.participant(), v1::ParticipantPhase_Name(phase), payload.stage()));
  return builder.Finish();
}

Decision FailParticipant(DecisionBuilder& builder, const TaskFailed& failed) {
  v1::ParticipantProgress* const progress = FindProgress(builder, builder.circumstances().task->payload());
  if (progress == nullptr) return builder.Finish();
  return AskAgain(builder, *progress, failed.error, failed.delay);
}

}  // namespace closure
