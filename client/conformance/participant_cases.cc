// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/participant_cases.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "client/conformance/describe_cases.h"
#include "client/conformance/words.h"
#include "fmt/format.h"

namespace closure {
namespace {

using Response = v1::PerformResponse;
using Step = ParticipantSubject::Step;

constexpr int kAtOnce = 4;
constexpr char kNoAccount[] = "--act-on ACCOUNT: one that it acts on for real";
constexpr char kFence[] = "--fence NUMBER: a fence that is not below those that it has seen for the account";
constexpr char kNoStep[] = "it takes part in DELETE alone; --delete lets it delete the account for good";
// What the cases stand on.
constexpr char kAtOnceCase[] = "perform-at-once";
constexpr char kDone[] = "perform-done";

std::string Told(const absl::StatusOr<Response>& answer) {
  return answer.ok() ? Response::Outcome_Name(answer->outcome()) : closure::Told(answer.status());
}

std::string Named(const v1::PerformRequest& request) {
  return fmt::format("{} {}", v1::ParticipantPhase_Name(request.phase()), request.stage());
}

// Once it was asked to delete the account, that it is gone is as good (D17).
bool IsDone(const ParticipantSubject& subject, const absl::StatusOr<Response>& answer) {
  if (!answer.ok()) return false;
  return answer->outcome() == Response::DONE ||
         (answer->outcome() == Response::ACCOUNT_DELETED && subject.may_be_deleted());
}

// Why nothing can be tried; holds where it can.
Verdict CanAct(ParticipantSubject& subject) {
  if (subject.options().account_id.empty()) return Skipped(kNoAccount);
  const absl::StatusOr<v1::ParticipantDescription> said = subject.Description();
  if (!said.ok()) return Broken(Told(said.status()));
  return subject.Life().empty() ? Skipped(kNoStep) : Holds("");
}

// Of an act that was not done: nothing is held against it before its first act, where the fence may be too low.
Verdict NotDone(const ParticipantSubject& subject, const absl::StatusOr<Response>& answer, const std::string& what) {
  if (answer.ok() && answer->outcome() == Response::FENCED && !subject.has_acted()) return Unjudged(kFence);
  const bool goes_on = answer.ok() && answer->outcome() == Response::IN_PROGRESS;
  return Broken(
      fmt::format("{}: {}{}", what, Told(answer), goes_on ? ", still when the time of --timeout was over" : ""));
}

Verdict PerformDone(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  for (const Step& step : subject.Life()) {
    const v1::PerformRequest request = subject.Act(step);
    const absl::StatusOr<Response> answer = subject.Insist(request);
    if (!IsDone(subject, answer)) return NotDone(subject, answer, Named(request));
    if (!answer->executed_fingerprints().empty())
      return Broken(fmt::format("{}: it says that it executed renunciations, and was given none", Named(request)));
    subject.AddDone(request);
    if (!subject.spent() && answer->outcome() == Response::DONE) subject.set_spent(request);
  }
  return Holds(fmt::format("{} acts, the last with the fence {}", subject.done().size(), subject.fence()));
}

Verdict PerformRepeated(ParticipantSubject& subject) {
  for (v1::PerformRequest request : subject.done()) {
    // Closured repeats with the fence that the account has by now; a call that was under way for long, with its own.
    for (const int64_t fence : {subject.fence(), request.fence()}) {
      request.set_fence(fence);
      const absl::StatusOr<Response> answer = subject.Insist(request);
      if (!IsDone(subject, answer))
        return Broken(fmt::format("{}, done before, with the fence {}: {}", Named(request), fence, Told(answer)));
    }
  }
  return Holds(fmt::format("{} acts are DONE again", subject.done().size()));
}

Verdict PerformAtOnce(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  const v1::PerformRequest request = subject.Act(*subject.AnyStep());
  for (const absl::StatusOr<Response>& answer : subject.PerformAtOnce(request, kAtOnce)) {
    if (!IsDone(subject, answer) && !IsUnfinished(answer))
      return NotDone(subject, answer, fmt::format("{}, one of {} at once with one key", Named(request), kAtOnce));
  }
  const absl::StatusOr<Response> last = subject.Insist(request);
  return IsDone(subject, last) ? Holds(Told(last)) : NotDone(subject, last, Named(request) + ", at last");
}

Verdict PerformLeft(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  const v1::PerformRequest request = subject.Act(*subject.AnyStep());
  subject.PerformAndLeave(request);
  const absl::StatusOr<Response> answer = subject.Insist(request);
  if (!IsDone(subject, answer))
    return NotDone(subject, answer, Named(request) + ", asked again behind a call that was left");
  return Holds("a call that was left, and the same key again: DONE");
}

Verdict PerformFenced(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  v1::PerformRequest late = subject.Act(*subject.AnyStep());
  // The act itself raises the fence; what is below it is late.
  if (const auto first = subject.Insist(late); !IsDone(subject, first)) return NotDone(subject, first, Named(late));
  late.set_idempotency_key(late.idempotency_key() + "-late");
  late.set_fence(late.fence() - 1);
  const absl::StatusOr<Response> answer = subject.Perform(late);
  if (answer.ok() && answer->outcome() == Response::ACCOUNT_DELETED) return Holds(Told(answer));
  if (!answer.ok() || answer->outcome() != Response::FENCED)
    return Broken(fmt::format("a fence below one that was seen: {}", Told(answer)));
  // As closured goes on: with the same key, and the fence that the account has.
  late.set_fence(subject.RaiseFence());
  const absl::StatusOr<Response> again = subject.Insist(late);
  return IsDone(subject, again) ? Holds("FENCED, and DONE with the current fence")
                                : NotDone(subject, again, "FENCED, and the same key with the current fence");
}

// The key of an act that is done, for what it was not done for.
std::vector<v1::PerformRequest> OtherActs(ParticipantSubject& subject, const v1::PerformRequest& done) {
  std::vector<v1::PerformRequest> others = {subject.MadeUpAct({done.phase(), done.stage()})};
  for (const v1::PerformRequest& each : subject.done()) {
    if (each.phase() == done.phase() && each.stage() == done.stage()) continue;
    others.push_back(each);
    break;
  }
  for (v1::PerformRequest& other : others) {
    other.set_idempotency_key(done.idempotency_key());
    other.set_fence(subject.fence());
  }
  return others;
}

Verdict PerformKeyReused(ParticipantSubject& subject) {
  if (!subject.spent()) return Skipped("needs an act that was answered DONE under a key of its own");
  for (const v1::PerformRequest& other : OtherActs(subject, *subject.spent())) {
    const absl::StatusOr<Response> answer = subject.Perform(other);
    if (!absl::IsInvalidArgument(answer.status()))
      return Broken(fmt::format("{} of the account {} under the key of {} of another: {}", Named(other),
                                other.account_id(), Named(*subject.spent()), Told(answer)));
  }
  return Holds("INVALID_ARGUMENT for another account and another act");
}

Verdict PerformIncomplete(ParticipantSubject& subject) {
  const absl::StatusOr<v1::ParticipantDescription> said = subject.Description();
  if (!said.ok() || said->stages().empty()) return Broken("it does not say where it takes part");
  // Of an account that there is not: one that takes it has nothing to do harm to.
  const v1::PerformRequest whole = subject.MadeUpAct({said->stages(0).phase(), said->stages(0).stage()});
  std::vector<Refusal> refusals;
  const auto refuse = [&](const std::string& missing, auto clear) {
    v1::PerformRequest request = whole;
    clear(request);
    refusals.push_back({missing, subject.Perform(request).status()});
  };
  refuse("without phase", [](v1::PerformRequest& request) { request.clear_phase(); });
  refuse("without stage", [](v1::PerformRequest& request) { request.clear_stage(); });
  refuse("without account_id", [](v1::PerformRequest& request) { request.clear_account_id(); });
  refuse("without closure", [](v1::PerformRequest& request) { request.clear_closure(); });
  refuse("without idempotency_key", [](v1::PerformRequest& request) { request.clear_idempotency_key(); });
  refuse("without fence", [](v1::PerformRequest& request) { request.clear_fence(); });
  return JudgeRefusals(refusals);
}

// Steps that it does not say it takes part in: behind the last stage of a phase, and in phases that it leaves out.
std::vector<Step> StepsElsewhere(const v1::ParticipantDescription& said) {
  std::map<v1::ParticipantPhase, int> highest;
  for (const auto& each : said.stages()) {
    int& stage = highest[each.phase()];
    stage = std::max(stage, each.stage());
  }
  std::vector<Step> steps = {{said.stages(0).phase(), highest[said.stages(0).phase()] + 1}};
  for (const v1::ParticipantPhase phase :
       {v1::FREEZE, v1::THAW, v1::ENTER_SILENT_PERIOD, v1::SEAL, v1::DELETE, v1::RESTORE}) {
    if (!highest.contains(phase)) steps.push_back({phase, 1});
  }
  return steps;
}

Verdict PerformElsewhere(ParticipantSubject& subject) {
  const absl::StatusOr<v1::ParticipantDescription> said = subject.Description();
  if (!said.ok() || said->stages().empty()) return Broken("it does not say where it takes part");
  for (const Step& step : StepsElsewhere(*said)) {
    const v1::PerformRequest request = subject.MadeUpAct(step);
    const absl::StatusOr<Response> answer = subject.Perform(request);
    if (!absl::IsInvalidArgument(answer.status()))
      return Broken(fmt::format("{}, where it takes no part, was answered {}", Named(request), Told(answer)));
  }
  return Holds("INVALID_ARGUMENT in phases and stages that it does not name");
}

}  // namespace

std::vector<ParticipantCase> ParticipantCases() {
  return {
      {"describe-complete", "DescribeParticipant gives name, version and stages as the contract has them",
       DescribeComplete<ParticipantSubject>},
      {"describe-steady", "A second DescribeParticipant answers the same", DescribeSteady<ParticipantSubject>},
      {"perform-incomplete", "A Perform that lacks a required field is INVALID_ARGUMENT", PerformIncomplete},
      {"perform-elsewhere", "A stage that it takes no part in is INVALID_ARGUMENT, and never DONE", PerformElsewhere},
      {kAtOnceCase, "One key asked for at the same time is answered as one act", PerformAtOnce},
      {"perform-left", "An act whose caller left is DONE when it is asked for again", PerformLeft, kAtOnceCase},
      {"perform-fenced", "A fence below one that was seen is FENCED, and the same key is judged anew", PerformFenced,
       kAtOnceCase},
      {kDone, "Each act of a closure's life is DONE in the end", PerformDone},
      {"perform-repeated", "The key of an act that is done is DONE again, whatever its fence is", PerformRepeated,
       kDone},
      {"perform-key-reused", "The key of an act is INVALID_ARGUMENT for another account or act", PerformKeyReused,
       kDone},
  };
}

}  // namespace closure
