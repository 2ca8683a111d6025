// SPDX-License-Identifier: Apache-2.0
// What a checker says of itself, and what it answers.
#include <map>
#include <string>

#include "checkers/answer_fault.h"
#include "checkers/description_fault.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/words.h"
#include "fmt/format.h"
#include "google/protobuf/util/message_differencer.h"

namespace closure {
namespace {

// More than clocks differ by.
constexpr absl::Duration kAhead = absl::Hours(1);
constexpr int kNoPhase = 99;
constexpr char kEveryPhase[] = "check-every-phase";

Verdict DescribeComplete(CheckerSubject& subject) {
  const absl::StatusOr<v1::CheckerDescription> said = subject.Describe();
  if (!said.ok()) return Broken(Told(said.status()));
  if (const std::string fault = DescriptionFault(*said); !fault.empty()) return Broken(fault);
  return Holds(fmt::format("{} {}", said->name(), said->version()));
}

Verdict DescribeSteady(CheckerSubject& subject) {
  const absl::StatusOr<v1::CheckerDescription> first = subject.Describe();
  const absl::StatusOr<v1::CheckerDescription> second = subject.Describe();
  if (!first.ok()) return Broken(Told(first.status()));
  if (!second.ok()) return Broken(Told(second.status()));
  if (!google::protobuf::util::MessageDifferencer::Equals(*first, *second))
    return Broken("two calls describe it differently");
  return Holds("twice the same");
}

Verdict CheckEveryPhase(CheckerSubject& subject) {
  const absl::StatusOr<v1::CheckerDescription> said = subject.Description();
  if (!said.ok()) return Broken(Told(said.status()));
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

// What of an item decides: two answers with other facts say another thing.
using Facts = std::map<std::string, std::string>;

Facts FactsOf(const CheckAnswer& answer) {
  Facts facts;
  for (const v1::ReportedItem& item : answer.items) {
    facts[item.native_id()] =
        fmt::format("{} {} {} {}", static_cast<int>(item.kind()), static_cast<int>(item.disposition()),
                    item.amount().ShortDebugString(), item.native_state());
  }
  return facts;
}

// What of two answers differs first; empty when nothing does.
std::string FirstDifference(const Facts& first, const Facts& second) {
  for (const auto& [id, facts] : first) {
    const auto found = second.find(id);
    if (found == second.end()) return fmt::format("the item {} is in the first alone", QuotedExcerpt(id));
    if (found->second != facts)
      return fmt::format("the item {} has another kind, disposition, amount or state", QuotedExcerpt(id));
  }
  return first.size() == second.size() ? "" : "the second has items more";
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

Verdict CheckIncomplete(CheckerSubject& subject) {
  const v1::CheckRequest whole = subject.Question(subject.options().account_id);
  v1::CheckRequest without_account = whole, without_phase = whole, without_time = whole, in_another = whole;
  without_account.clear_account_id();
  without_phase.clear_phase();
  without_time.clear_check_time();
  in_another.set_phase(static_cast<v1::CheckPhase>(kNoPhase));
  return JudgeRefusals({{"without account_id", subject.Ask(without_account)},
                        {"without phase", subject.Ask(without_phase)},
                        {"without check_time", subject.Ask(without_time)},
                        {"in a phase that there is not", subject.Ask(in_another)}});
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
  if (status.ok()) return Broken("it answered; with what its source did not tell, the account would be closed");
  if (!IsPassing(status) && !absl::IsDeadlineExceeded(status))
    return Broken(fmt::format("answered {}, and not UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED or ABORTED",
                              Told(status)));
  return Holds(Told(status));
}

}  // namespace

std::vector<CheckerCase> CheckerAnswerCases() {
  return {
      {"describe-complete", "Describe gives name, version, phases and kinds as the contract has them",
       DescribeComplete},
      {"describe-steady", "A second Describe answers the same", DescribeSteady},
      {kEveryPhase, "Check answers in each phase that Describe names, and closured takes the answer", CheckEveryPhase},
      {"check-steady", "A second Check finds the same items with the same facts", CheckSteady, kEveryPhase},
      {"check-incomplete", "A Check that lacks a required field is INVALID_ARGUMENT, and never an empty answer",
       CheckIncomplete},
      {"check-language", "A language that the checker does not have is no error", CheckLanguage, kEveryPhase},
      {"check-time", "The facts are as of the check_time or later, also where the server's clock is ahead", CheckTime,
       kEveryPhase},
      {"check-failing", "A source that does not answer is an error that passes, and never an empty answer",
       CheckFailing},
  };
}

}  // namespace closure
