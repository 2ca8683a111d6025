// SPDX-License-Identifier: Apache-2.0
// What a checker says of itself, and what it answers.
#include <algorithm>
#include <string>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/proto_time.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/describe_cases.h"
#include "client/conformance/facts.h"
#include "client/conformance/words.h"
#include "fmt/format.h"

namespace closure {
namespace {

// More than clocks differ by.
constexpr absl::Duration kAhead = absl::Hours(1);
constexpr int kNoPhase = 99;

Verdict CheckEveryPhaseCase(CheckerSubject& subject) {
  const absl::StatusOr<v1::CheckerDescription> said = subject.Description();
  if (!said.ok()) return Broken(Told(said.status()));
  if (said->phases().empty()) return Broken("Describe names no phase");
  std::string seen;
  for (const int phase : said->phases()) {
    v1::CheckRequest request = subject.Question(subject.options().account_id);
    request.set_phase(static_cast<v1::CheckPhase>(phase));
    const std::string name = v1::CheckPhase_Name(request.phase());
    request.phase() == v1::PREVIEW ? request.clear_closure()
                                   : request.set_closure("accounts/" + request.account_id() + "/closures/conformance");
    const absl::StatusOr<CheckAnswer> answer = subject.Check(request);
    if (!answer.ok()) return Broken(fmt::format("{}: {}", name, Told(answer.status())));
    seen += fmt::format("{}{} {}", seen.empty() ? "items: " : ", ", name, answer->items.size());
  }
  return Holds(seen);
}

Verdict CheckSteady(CheckerSubject& subject) {
  const absl::StatusOr<CheckAnswer> first = subject.Check(subject.Question(subject.options().account_id));
  const absl::StatusOr<CheckAnswer> second = subject.Check(subject.Question(subject.options().account_id));
  if (!first.ok()) return Broken(Told(first.status()));
  if (!second.ok()) return Broken(Told(second.status()));
  if (const std::string other = FirstDifference(FactsOf(*first), FactsOf(*second)); !other.empty())
    return Broken(fmt::format("{} items, then {}; {}", first->items.size(), second->items.size(), other));
  return Holds(fmt::format("twice the same {} items", first->items.size()));
}

// Those that Describe leaves out, and one that there is not.
std::vector<int> PhasesNotNamed(CheckerSubject& subject) {
  const absl::StatusOr<v1::CheckerDescription> said = subject.Description();
  std::vector<int> phases = {kNoPhase};
  for (const int phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) {
    if (said.ok() && !said->phases().empty() &&
        std::find(said->phases().begin(), said->phases().end(), phase) == said->phases().end())
      phases.push_back(phase);
  }
  return phases;
}

Verdict CheckIncomplete(CheckerSubject& subject) {
  const v1::CheckRequest whole = subject.Question(subject.options().account_id);
  std::vector<Refusal> refusals;
  const auto refuse = [&](const std::string& fault, auto change) {
    v1::CheckRequest request = whole;
    change(request);
    refusals.push_back({fault, subject.Ask(request)});
  };
  refuse("without account_id", [](v1::CheckRequest& request) { request.clear_account_id(); });
  refuse("without phase", [](v1::CheckRequest& request) { request.clear_phase(); });
  refuse("without check_time", [](v1::CheckRequest& request) { request.clear_check_time(); });
  for (const int phase : PhasesNotNamed(subject)) {
    refuse(fmt::format("in the phase {}", phase),
           [phase](v1::CheckRequest& request) { request.set_phase(static_cast<v1::CheckPhase>(phase)); });
  }
  return JudgeRefusals(refusals);
}

Verdict CheckLanguage(CheckerSubject& subject) {
  v1::CheckRequest request = subject.Question(subject.options().account_id);
  request.set_language_code("tlh");
  const absl::StatusOr<CheckAnswer> answer = subject.Check(request);
  if (!answer.ok()) return Broken(fmt::format("language_code \"tlh\": {}", Told(answer.status())));
  return Holds("answered in the language that it has");
}

Verdict CheckTime(CheckerSubject& subject) {
  v1::CheckRequest request = subject.Question(subject.options().account_id);
  *request.mutable_check_time() = ToProto(subject.options().now() + kAhead);
  const absl::StatusOr<CheckAnswer> answer = subject.Check(request);
  if (!answer.ok()) return Broken(fmt::format("with a check_time one hour ahead: {}", Told(answer.status())));
  return Holds("as_of_time goes by the time of the server that asks");
}

Verdict CheckFailing(CheckerSubject& subject) {
  const std::string& account = subject.options().failing_account_id;
  if (account.empty()) return Skipped("--failing ACCOUNT: one about which its source does not answer");
  const absl::Status status = subject.Ask(subject.Question(account));
  if (status.ok())
    return Broken(
        "it answered: either --failing names an account whose source does answer, or the account would be "
        "closed with what its source did not tell");
  if (absl::IsDeadlineExceeded(status))
    return Unjudged(
        "--failing: an account about which its source does not answer; this one's hangs, which --slow is for");
  if (!IsPassing(status))
    return Broken(fmt::format("answered {}, and not UNAVAILABLE, RESOURCE_EXHAUSTED or ABORTED", Told(status)));
  return Holds(Told(status));
}

}  // namespace

std::vector<CheckerCase> CheckerAnswerCases() {
  return {
      {"describe-complete", "Describe gives name, version, phases and kinds as the contract has them",
       DescribeComplete<CheckerSubject>},
      {"describe-steady", "A second Describe answers the same", DescribeSteady<CheckerSubject>},
      {kEveryPhaseCase, "Check answers in each phase that Describe names, and closured takes the answer",
       CheckEveryPhaseCase},
      {"check-steady", "A second Check finds the same items with the same facts", CheckSteady, kEveryPhaseCase},
      {"check-incomplete", "A Check that lacks a required field is INVALID_ARGUMENT, and never an empty answer",
       CheckIncomplete},
      {"check-language", "A language that the checker does not have is no error", CheckLanguage, kEveryPhaseCase},
      {"check-time", "The facts are as of the check_time or later, also where the server's clock is ahead", CheckTime,
       kEveryPhaseCase},
      {"check-failing", "A source that does not answer is an error that passes, and never an empty answer",
       CheckFailing},
  };
}

}  // namespace closure
