// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/participant_cases.h"

#include <algorithm>
#include <string>

#include "checkers/description_fault.h"
#include "client/conformance/words.h"
#include "fmt/format.h"
#include "google/protobuf/util/message_differencer.h"

namespace closure {
namespace {

using Response = v1::PerformResponse;
using Step = ParticipantSubject::Step;

constexpr int kAtOnce = 4;
constexpr char kNoAccount[] = "--act-on ACCOUNT: one that it acts on for real";
constexpr char kNoStep[] = "it takes part in DELETE alone; --delete lets it delete the account for good";
// What the cases stand on.
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

Verdict DescribeComplete(ParticipantSubject& subject) {
  const absl::StatusOr<v1::ParticipantDescription> said = subject.Describe();
  if (!said.ok()) return Broken(Told(said.status()));
  if (const std::string fault = DescriptionFault(*said); !fault.empty()) return Broken(fault);
  return Holds(fmt::format("{} {}", said->name(), said->version()));
}

Verdict DescribeSteady(ParticipantSubject& subject) {
  const absl::StatusOr<v1::ParticipantDescription> first = subject.Describe();
  const absl::StatusOr<v1::ParticipantDescription> second = subject.Describe();
  if (!first.ok()) return Broken(Told(first.status()));
  if (!second.ok()) return Broken(Told(second.status()));
  if (!google::protobuf::util::MessageDifferencer::Equals(*first, *second))
    return Broken("two calls describe it differently");
  return Holds("twice the same");
}

// Why nothing can be tried; holds where it can.
Verdict CanAct(ParticipantSubject& subject) {
  if (subject.options().account_id.empty()) return Skipped(kNoAccount);
  const absl::StatusOr<v1::ParticipantDescription> said = subject.Description();
  if (!said.ok()) return Broken(Told(said.status()));
  return subject.Life().empty() ? Skipped(kNoStep) : Holds("");
}

// What to do about an act that was not done.
std::string HintFor(const absl::StatusOr<Response>& answer) {
  if (!answer.ok()) return "";
  if (answer->outcome() == Response::FENCED) return "; give a fence with --fence that is above those that it has seen";
  return answer->outcome() == Response::IN_PROGRESS ? "; still, when the time of --timeout was over" : "";
}

Verdict PerformDone(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  for (const Step& step : subject.Life()) {
    const v1::PerformRequest request = subject.Act(step);
    const absl::StatusOr<Response> answer = subject.Insist(request);
    if (!IsDone(subject, answer)) return Broken(fmt::format("{}: {}{}", Named(request), Told(answer), HintFor(answer)));
    if (!answer->executed_fingerprints().empty())
      return Broken(fmt::format("{}: it says that it executed renunciations, and was given none", Named(request)));
    subject.AddDone(request);
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
    const bool fits = answer.ok() ? IsDone(subject, answer) || answer->outcome() == Response::IN_PROGRESS
                                  : absl::IsUnavailable(answer.status()) || absl::IsAborted(answer.status());
    if (!fits)
      return Broken(fmt::format("{}, one of {} at once with one key: {}", Named(request), kAtOnce, Told(answer)));
  }
  const absl::StatusOr<Response> last = subject.Insist(request);
  return IsDone(subject, last) ? Holds(Told(last)) : Broken(fmt::format("{}, at last: {}", Named(request), Told(last)));
}

Verdict PerformLeft(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  const v1::PerformRequest request = subject.Act(*subject.AnyStep());
  subject.PerformAndLeave(request);
  const absl::StatusOr<Response> answer = subject.Insist(request);
  if (!IsDone(subject, answer))
    return Broken(fmt::format("{}, asked again behind a call that was left: {}", Named(request), Told(answer)));
  return Holds("a call that was left, and the same key again: DONE");
}

Verdict PerformFenced(ParticipantSubject& subject) {
  if (Verdict can = CanAct(subject); can.kind != Verdict::Kind::kHolds) return can;
  v1::PerformRequest late = subject.Act(*subject.AnyStep());
  // The act itself raises the fence; what is below it is late.
  if (!IsDone(subject, subject.Insist(late))) return Skipped("needs an act that is done");
  late.set_idempotency_key(late.idempotency_key() + "-late");
  late.set_fence(late.fence() - 1);
  const absl::StatusOr<Response> answer = subject.Perform(late);
  const bool is_fenced =
      answer.ok() && (answer->outcome() == Response::FENCED || answer->outcome() == Response::ACCOUNT_DELETED);
  return is_fenced ? Holds(Told(answer)) : Broken(fmt::format("a fence below one that was seen: {}", Told(answer)));
}

Verdict PerformKeyReused(ParticipantSubject& subject) {
  const v1::PerformRequest& done = subject.done().front();
  v1::PerformRequest other = subject.MadeUpAct({done.phase(), done.stage()});
  other.set_idempotency_key(done.idempotency_key());
  other.set_fence(done.fence());
  const absl::StatusOr<Response> answer = subject.Perform(other);
  if (answer.ok() && answer->outcome() == Response::DONE)
    return Broken("another account under the key of an act that was done was answered DONE");
  return Holds(Told(answer));
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

// A step that it does not say it takes part in.
Verdict PerformElsewhere(ParticipantSubject& subject) {
  const absl::StatusOr<v1::ParticipantDescription> said = subject.Description();
  if (!said.ok() || said->stages().empty()) return Broken("it does not say where it takes part");
  int highest = 0;
  const v1::ParticipantPhase phase = said->stages(0).phase();
  for (const auto& each : said->stages()) {
    if (each.phase() == phase) highest = std::max(highest, each.stage());
  }
  const v1::PerformRequest request = subject.MadeUpAct({phase, highest + 1});
  const absl::StatusOr<Response> answer = subject.Perform(request);
  if (absl::IsInvalidArgument(answer.status())) return Holds(Told(answer));
  return Broken(fmt::format("{}, where it takes no part, was answered {}", Named(request), Told(answer)));
}

}  // namespace

std::vector<ParticipantCase> ParticipantCases() {
  return {
      {"describe-complete", "DescribeParticipant gives name, version and stages as the contract has them",
       DescribeComplete},
      {"describe-steady", "A second DescribeParticipant answers the same", DescribeSteady},
      {"perform-incomplete", "A Perform that lacks a required field is INVALID_ARGUMENT", PerformIncomplete},
      {"perform-elsewhere", "A stage that it takes no part in is INVALID_ARGUMENT, and never DONE", PerformElsewhere},
      {"perform-at-once", "One key asked for at the same time is answered as one act", PerformAtOnce},
      {"perform-left", "An act whose caller left is DONE when it is asked for again", PerformLeft},
      {"perform-fenced", "A fence below one that was seen is FENCED", PerformFenced},
      {kDone, "Each act of a closure's life is DONE in the end", PerformDone},
      {"perform-repeated", "The key of an act that is done is DONE again, whatever its fence is", PerformRepeated,
       kDone},
      {"perform-key-reused", "The key of an act does nothing for another account", PerformKeyReused, kDone},
  };
}

}  // namespace closure
