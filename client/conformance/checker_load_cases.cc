// SPDX-License-Identifier: Apache-2.0
// How a checker bears being asked much, at once, in a hurry, and by somebody who leaves.
#include <algorithm>
#include <memory>
#include <string>

#include "checkers/answer_fault.h"
#include "checkers/upstream_call.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/words.h"
#include "fmt/format.h"

namespace closure {
namespace {

// As many as leave no worker free where each keeps one.
constexpr int kAtOnce = 64;
// Too short for most, each a little longer than the one before.
constexpr absl::Duration kHurries[] = {absl::Milliseconds(1), absl::Milliseconds(4), absl::Milliseconds(16)};
constexpr absl::Duration kSlowDeadline = absl::Seconds(1);
// What the cases stand on.
constexpr char kAnswers[] = "check-every-phase";
constexpr char kManyCome[] = "many-items";

// Whether it answers about the ordinary account, which it did before.
Verdict StillAnswers(CheckerSubject& subject, std::string_view after) {
  const absl::StatusOr<CheckAnswer> answer = subject.Insist(subject.Question(subject.options().account_id));
  if (!answer.ok()) return Broken(fmt::format("{}, an ordinary check was answered {}", after, Told(answer.status())));
  return Holds(fmt::format("{}, it answers as before", after));
}

Verdict CheckAtOnce(CheckerSubject& subject) {
  const v1::CheckRequest request = subject.Question(subject.options().account_id);
  const auto answers = subject.CheckAtOnce(request, kAtOnce, subject.options().timeout);
  const absl::StatusOr<CheckAnswer> alone = subject.Insist(request);
  if (!alone.ok()) return Broken(fmt::format("behind {} at once: {}", kAtOnce, Told(alone.status())));
  int busy = 0;
  for (const absl::StatusOr<CheckAnswer>& answer : answers) {
    busy += IsPassing(answer.status()) ? 1 : 0;
    if (!answer.ok() && !IsPassing(answer.status()))
      return Broken(fmt::format("one of {} at once: {}", kAtOnce, Told(answer.status())));
    if (answer.ok() && answer->items.size() != alone->items.size())
      return Broken(fmt::format("one of {} at once has {} items, one alone {}", kAtOnce, answer->items.size(),
                                alone->items.size()));
  }
  return Holds(fmt::format("{} at once, {} items each; {} were told to ask again", kAtOnce, alone->items.size(), busy));
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
        fmt::format("{} items came, and at least {} were to come (--many-items)", answer->items.size(), expected));
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

// Whether an account is as slow as it is said to be.
Verdict IsSlow(const std::vector<absl::StatusOr<CheckAnswer>>& answers) {
  const bool answered = std::any_of(answers.begin(), answers.end(), [](const auto& each) { return each.ok(); });
  return answered ? Unjudged("--slow: an account about which it takes a minute or more; this one was answered in time")
                  : Holds("");
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
  const auto first = subject.CheckAtOnce(subject.Question(account), 1, kSlowDeadline);
  if (Verdict slow = IsSlow(first); slow.kind != Verdict::Kind::kHolds) return slow;
  subject.CheckAndLeave(subject.Question(account), kAtOnce);
  return StillAnswers(subject, fmt::format("behind {} slow checks that were cancelled", kAtOnce));
}

}  // namespace

std::vector<CheckerCase> CheckerLoadCases() {
  return {
      {"check-at-once", "Many checks at the same time are each answered as one is", CheckAtOnce, kAnswers},
      {"check-hurried", "Checks whose deadline is over at once hold up nobody", CheckHurried, kAnswers},
      {"check-left", "Checks that are cancelled at once hold up nobody", CheckLeft, kAnswers},
      {kManyCome, "Many items come whole, however many pages its source has", ManyItems},
      {"many-items-read-slowly", "An answer waits for its reader, and holds up nobody meanwhile", ManyReadSlowly,
       kManyCome},
      {"slow-deadline", "A check ends its work when its deadline is over", SlowDeadline, kAnswers},
      {"slow-left", "A check ends its work when it is cancelled", SlowLeft, kAnswers},
  };
}

}  // namespace closure
