// SPDX-License-Identifier: Apache-2.0
// How a checker bears being asked much, at once, in a hurry, and by somebody who leaves.
#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/upstream_call.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/facts.h"
#include "client/conformance/words.h"
#include "fmt/format.h"

namespace closure {
namespace {

// As many as leave no worker free where each keeps one.
constexpr int kAtOnce = 64;
// How many of them are about another account.
constexpr int kOthers = 4;
// Too short for most, each a little longer than the one before.
constexpr absl::Duration kHurries[] = {absl::Milliseconds(1), absl::Milliseconds(4), absl::Milliseconds(16)};
constexpr absl::Duration kSlowDeadline = absl::Seconds(1);

// Whether it answers about the ordinary account, which it did before.
Verdict StillAnswers(CheckerSubject& subject, std::string_view after) {
  const absl::StatusOr<CheckAnswer> answer = subject.Insist(subject.Question(subject.options().account_id));
  if (!answer.ok()) return Broken(fmt::format("{}, an ordinary check was answered {}", after, Told(answer.status())));
  return Holds(fmt::format("{}, it answers as before", after));
}

// One account many times, and between them one with other items, where there is one.
std::vector<v1::CheckRequest> ManyQuestions(CheckerSubject& subject) {
  std::vector<v1::CheckRequest> questions(kAtOnce, subject.Question(subject.options().account_id));
  const std::string& other = subject.options().many_account_id;
  for (std::size_t i = 0; i < kAtOnce && !other.empty(); i += kAtOnce / kOthers) questions[i] = subject.Question(other);
  return questions;
}

Verdict CheckAtOnce(CheckerSubject& subject) {
  const std::vector<v1::CheckRequest> questions = ManyQuestions(subject);
  const auto answers = subject.CheckAtOnce(questions, subject.options().timeout);
  std::map<std::string, Facts> alone;
  std::size_t busy = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string& account = questions[i].account_id();
    if (!alone.contains(account)) {
      const absl::StatusOr<CheckAnswer> answer = subject.Insist(questions[i]);
      if (!answer.ok()) return Broken(fmt::format("behind {} at once: {}", kAtOnce, Told(answer.status())));
      alone[account] = FactsOf(*answer);
    }
    busy += IsPassing(answers[i].status()) ? 1U : 0U;
    if (!answers[i].ok() && !IsPassing(answers[i].status()))
      return Broken(fmt::format("one of {} at once: {}", kAtOnce, Told(answers[i].status())));
    const std::string other = answers[i].ok() ? FirstDifference(alone[account], FactsOf(*answers[i])) : "";
    if (!other.empty()) return Broken(fmt::format("one of {} at once, against one alone: {}", kAtOnce, other));
  }
  if (busy == questions.size()) return Broken(fmt::format("all {} at once were told to ask again", kAtOnce));
  return Holds(fmt::format("{} at once, as one alone; {} were told to ask again", kAtOnce, busy));
}

Verdict CheckHurried(CheckerSubject& subject) {
  for (const absl::Duration hurry : kHurries)
    subject.CheckAtOnce(subject.Question(subject.options().account_id), kAtOnce, hurry);
  return StillAnswers(subject, fmt::format("behind {} checks with 1, 4 and 16 ms each", kAtOnce));
}

Verdict CheckLeft(CheckerSubject& subject) {
  subject.CheckAndLeave(subject.Question(subject.options().account_id), kAtOnce);
  return StillAnswers(subject, fmt::format("behind {} checks that were cancelled", kAtOnce));
}

Verdict ManyItems(CheckerSubject& subject) {
  const std::string& account = subject.options().many_account_id;
  if (account.empty()) return Skipped("--many ACCOUNT: one with many items");
  const absl::StatusOr<CheckAnswer> answer = subject.Check(subject.Question(account));
  if (!answer.ok()) return Broken(Told(answer.status()));
  const auto expected = static_cast<std::size_t>(subject.options().many_items);
  if (answer->items.size() < expected)
    return Broken(
        fmt::format("{} items came, and at least {} were to come, as --many-items has it of the account of --many",
                    answer->items.size(), expected));
  return Holds(fmt::format("{} items", answer->items.size()));
}

// Reads the first piece of an answer, has another question answered, and reads on.
Verdict ManyReadSlowly(CheckerSubject& subject) {
  const std::string& account = subject.options().many_account_id;
  if (account.empty()) return Skipped("--many ACCOUNT: one with many items");
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = 2 * subject.options().timeout}, context);
  const auto stream = subject.stub().Check(&context, subject.Question(account));
  v1::CheckResponse piece;
  int items = 0;
  if (stream->Read(&piece)) items += piece.has_item() ? 1 : 0;
  const Verdict beside = StillAnswers(subject, "while a reader has stopped");
  while (stream->Read(&piece)) items += piece.has_item() ? 1 : 0;
  const grpc::Status status = stream->Finish();
  if (beside.kind != Verdict::Kind::kHolds) return beside;
  if (!status.ok())
    return Broken(fmt::format("read slowly, the answer ended with {} behind {} items", status.error_message(), items));
  if (!piece.has_summary() || piece.summary().item_count() != items)
    return Broken(fmt::format("read slowly, {} items came and no summary that says so", items));
  return Holds(fmt::format("{} items, with another question answered in between", items));
}

// Whether an account is as slow as it is said to be: nobody is answered, and somebody waits until his time is over. One
// that is busy may say so to the others.
Verdict IsSlow(const std::vector<absl::StatusOr<CheckAnswer>>& answers) {
  const auto is_answer = [](const absl::StatusOr<CheckAnswer>& each) { return each.ok(); };
  const auto is_late = [](const absl::StatusOr<CheckAnswer>& each) { return absl::IsDeadlineExceeded(each.status()); };
  if (std::none_of(answers.begin(), answers.end(), is_answer) && std::any_of(answers.begin(), answers.end(), is_late))
    return Holds("");
  return Unjudged(
      fmt::format("--slow: an account about which it takes a minute or more; this one was answered in time: {}",
                  Told(answers.front().status())));
}

// Asks about the slow account once, and again while it is busy.
std::vector<absl::StatusOr<CheckAnswer>> AskSlow(CheckerSubject& subject, const std::string& account) {
  auto answers = subject.CheckAtOnce(subject.Question(account), 1, kSlowDeadline);
  for (int again = 0; again < kTriesAgain && IsPassing(answers.front().status()); ++again) {
    subject.options().pause(kBetweenTries);
    answers = subject.CheckAtOnce(subject.Question(account), 1, kSlowDeadline);
  }
  return answers;
}

Verdict SlowDeadline(CheckerSubject& subject) {
  const std::string& account = subject.options().slow_account_id;
  if (account.empty()) return Skipped("--slow ACCOUNT: one about which it takes a minute or more");
  const auto answers = subject.CheckAtOnce(subject.Question(account), kAtOnce, kSlowDeadline);
  if (Verdict slow = IsSlow(answers); slow.kind != Verdict::Kind::kHolds) return slow;
  return StillAnswers(subject, fmt::format("behind {} slow checks whose second was over", kAtOnce));
}

Verdict SlowLeft(CheckerSubject& subject) {
  const std::string& account = subject.options().slow_account_id;
  if (account.empty()) return Skipped("--slow ACCOUNT: one about which it takes a minute or more");
  if (Verdict slow = IsSlow(AskSlow(subject, account)); slow.kind != Verdict::Kind::kHolds) return slow;
  subject.CheckAndLeave(subject.Question(account), kAtOnce);
  return StillAnswers(subject, fmt::format("behind {} slow checks that were cancelled", kAtOnce));
}

}  // namespace

std::vector<CheckerCase> CheckerLoadCases() {
  return {
      {"check-at-once", "Many checks at the same time are each answered as one is", CheckAtOnce, kEveryPhaseCase},
      {"check-hurried", "Checks whose deadline is over at once hold up nobody", CheckHurried, kEveryPhaseCase},
      {"check-left", "Checks that are cancelled at once hold up nobody", CheckLeft, kEveryPhaseCase},
      {kManyItemsCase, "Many items come whole, however many pages its source has", ManyItems},
      {"many-items-read-slowly", "An answer waits for its reader, and holds up nobody meanwhile", ManyReadSlowly,
       kManyItemsCase},
      {"slow-deadline", "A check ends its work when its deadline is over", SlowDeadline, kEveryPhaseCase},
      {"slow-left", "A check ends its work when it is cancelled", SlowLeft, kEveryPhaseCase},
  };
}

}  // namespace closure
