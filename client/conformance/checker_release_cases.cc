// SPDX-License-Identifier: Apache-2.0
// Releases: at most once for a key, of what was shown and nothing else.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/renounced_kinds.h"
#include "checkers/text.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/words.h"
#include "fmt/format.h"

namespace closure {
namespace {

using Response = v1::DiscardResponse;

constexpr int kAtOnce = 4;
constexpr std::size_t kToldIds = 5;
constexpr char kNoRelease[] = "--release NATIVE_ID: a renounceable item of the account, which is released for good";
constexpr char kFence[] = "--fence NUMBER: a fence that is not below those that it has seen for the account";
// What the cases stand on.
constexpr char kMoved[] = "discard-moved";
constexpr char kReleased[] = "discard-released";

std::string Told(const absl::StatusOr<Response>& answer) {
  return answer.ok() ? Response::Outcome_Name(answer->outcome()) : closure::Told(answer.status());
}

bool Is(const absl::StatusOr<Response>& answer, Response::Outcome outcome) {
  return answer.ok() && answer->outcome() == outcome;
}

// Whether the account has this item, with this disposition still.
absl::StatusOr<bool> IsReported(CheckerSubject& subject, const v1::ReportedItem& wanted) {
  const absl::StatusOr<CheckAnswer> answer = subject.Check(subject.Question(subject.options().account_id));
  if (!answer.ok()) return answer.status();
  return std::any_of(answer->items.begin(), answer->items.end(), [&wanted](const v1::ReportedItem& item) {
    return item.native_id() == wanted.native_id() && item.disposition() == wanted.disposition();
  });
}

// Calls the case with the release that was wished for; tells what is in its way where there is none.
template <typename Judge>
Verdict WithWish(CheckerSubject& subject, Judge judge) {
  const std::string& native_id = subject.options().release_native_id;
  if (native_id.empty()) return Skipped(kNoRelease);
  const absl::StatusOr<CheckAnswer> answer = subject.Check(subject.Question(subject.options().account_id));
  if (!answer.ok()) return Broken(Told(answer.status()));
  std::vector<std::string> renounceable;
  for (const v1::ReportedItem& item : answer->items) {
    if (item.disposition() != v1::RENOUNCEABLE) continue;
    if (item.native_id() == native_id) return judge(subject.DiscardOf(item));
    if (renounceable.size() < kToldIds) renounceable.push_back(item.native_id());
  }
  return Unjudged(fmt::format("--release: the account has no renounceable item \"{}\"; it has {}", native_id,
                              renounceable.empty() ? "none" : fmt::format("{}", fmt::join(renounceable, ", "))));
}

// One that releases nothing reports nothing that can be released, but for money.
Verdict JudgeUnimplemented(CheckerSubject& subject) {
  const absl::StatusOr<CheckAnswer> answer = subject.Check(subject.Question(subject.options().account_id));
  if (!answer.ok()) return Holds("it releases nothing");
  for (const v1::ReportedItem& item : answer->items) {
    if (item.disposition() != v1::RENOUNCEABLE || IsRenouncedAsMoney(item.kind())) continue;
    return Broken(
        fmt::format("it reports {} as renounceable, and answers UNIMPLEMENTED", QuotedExcerpt(item.native_id())));
  }
  return Holds("it releases nothing");
}

Verdict DiscardUnknown(CheckerSubject& subject) {
  const absl::StatusOr<Response> answer = subject.Discard(subject.MadeUpDiscard());
  if (absl::IsUnimplemented(answer.status())) return JudgeUnimplemented(subject);
  if (Is(answer, Response::FACTS_MOVED)) return Holds(Told(answer));
  // One that saw a higher fence says so first.
  if (Is(answer, Response::FENCED)) return Skipped(kFence);
  return Broken(fmt::format("the release of an item that it never reported was answered {}", Told(answer)));
}

Verdict DiscardIncomplete(CheckerSubject& subject) {
  const v1::DiscardRequest whole = subject.MadeUpDiscard();
  if (absl::IsUnimplemented(subject.Discard(whole).status())) return Holds("it releases nothing");
  std::vector<Refusal> refusals;
  const auto refuse = [&](const std::string& missing, auto clear) {
    v1::DiscardRequest request = whole;
    clear(request);
    refusals.push_back({missing, subject.Discard(request).status()});
  };
  refuse("without account_id", [](v1::DiscardRequest& request) { request.clear_account_id(); });
  refuse("without closure", [](v1::DiscardRequest& request) { request.clear_closure(); });
  refuse("without native_id", [](v1::DiscardRequest& request) { request.clear_native_id(); });
  refuse("without expected", [](v1::DiscardRequest& request) { request.clear_expected(); });
  refuse("without idempotency_key", [](v1::DiscardRequest& request) { request.clear_idempotency_key(); });
  refuse("without fence", [](v1::DiscardRequest& request) { request.clear_fence(); });
  return JudgeRefusals(refusals);
}

// The release of what the account has, each with one fact that nobody was shown.
std::vector<std::pair<std::string, v1::DiscardRequest>> Moved(const v1::DiscardRequest& wish) {
  std::vector<std::pair<std::string, v1::DiscardRequest>> all;
  const auto move = [&](const std::string& fact, auto change) {
    all.emplace_back(fact, wish);
    change(*all.back().second.mutable_expected());
  };
  move("state", [](v1::ReportedItem& item) { item.set_native_state("closure-conformance-another-state"); });
  move("kind", [](v1::ReportedItem& item) {
    item.set_kind(item.kind() == v1::OTHER_ITEM ? v1::SUBSCRIPTION_RESOURCE : v1::OTHER_ITEM);
  });
  move("disposition", [](v1::ReportedItem& item) { item.set_disposition(v1::MUST_HANDLE); });
  move("amount", [](v1::ReportedItem& item) {
    item.mutable_amount()->set_units(item.amount().units() + 1);
    if (item.amount().currency_code().empty()) item.mutable_amount()->set_currency_code("USD");
  });
  return all;
}

Verdict DiscardMoved(CheckerSubject& subject) {
  return WithWish(subject, [&subject](const v1::DiscardRequest& wish) {
    for (const auto& [fact, request] : Moved(wish)) {
      const absl::StatusOr<Response> answer = subject.Discard(request);
      if (Is(answer, Response::FENCED)) return Unjudged(kFence);
      if (!Is(answer, Response::FACTS_MOVED))
        return Broken(fmt::format("with another {} than the item has it was answered {}", fact, Told(answer)));
      const absl::StatusOr<bool> reported = IsReported(subject, wish.expected());
      if (!reported.ok()) return Broken(Told(reported.status()));
      if (!*reported) return Broken(fmt::format("with another {} FACTS_MOVED, and the item is gone", fact));
    }
    return Holds("FACTS_MOVED for state, kind, disposition and amount, and the item is still there");
  });
}

// The one before it had a fence, and released nothing.
Verdict DiscardFencedByRefused(CheckerSubject& subject) {
  return WithWish(subject, [&subject](const v1::DiscardRequest& wish) {
    v1::DiscardRequest late = Moved(wish).front().second;
    late.set_fence(late.fence() - 1);
    const absl::StatusOr<Response> answer = subject.Discard(late);
    if (Is(answer, Response::FENCED)) return Holds("FENCED");
    return Broken(fmt::format("a fence below that of a release that was refused: {}", Told(answer)));
  });
}

Verdict DiscardMustHandle(CheckerSubject& subject) {
  if (subject.options().release_native_id.empty()) return Skipped(kNoRelease);
  const absl::StatusOr<CheckAnswer> found = subject.Check(subject.Question(subject.options().account_id));
  if (!found.ok()) return Broken(Told(found.status()));
  const auto item = std::find_if(found->items.begin(), found->items.end(),
                                 [](const v1::ReportedItem& each) { return each.disposition() == v1::MUST_HANDLE; });
  if (item == found->items.end()) return Skipped("an item of the account that must be handled by hand");
  const absl::StatusOr<Response> answer = subject.Discard(subject.DiscardOf(*item));
  if (Is(answer, Response::FENCED)) return Unjudged(kFence);
  const std::string seen = fmt::format("{} was answered {}", QuotedExcerpt(item->native_id()), Told(answer));
  if (!Is(answer, Response::REFUSED) && !Is(answer, Response::FACTS_MOVED)) return Broken(seen);
  const absl::StatusOr<bool> reported = IsReported(subject, *item);
  if (!reported.ok()) return Broken(Told(reported.status()));
  return *reported ? Holds(seen) : Broken(fmt::format("{}, and is gone", seen));
}

Verdict DiscardReleased(CheckerSubject& subject) {
  return WithWish(subject, [&subject](const v1::DiscardRequest& wish) {
    const absl::StatusOr<Response> answer = subject.Discard(wish);
    if (Is(answer, Response::FENCED)) return Unjudged(kFence);
    if (!Is(answer, Response::RELEASED)) return Broken(fmt::format("answered {}", Told(answer)));
    subject.set_released(wish);
    const absl::StatusOr<bool> reported = IsReported(subject, wish.expected());
    if (!reported.ok()) return Broken(Told(reported.status()));
    return *reported ? Broken("RELEASED, and the item is still reported as renounceable") : Holds("RELEASED, and gone");
  });
}

Verdict DiscardRepeated(CheckerSubject& subject) {
  for (const absl::StatusOr<Response>& answer : subject.DiscardAtOnce(*subject.released(), kAtOnce)) {
    if (!Is(answer, Response::RELEASED) && !IsPassing(answer.status()))
      return Broken(fmt::format("the same key was answered {}", Told(answer)));
  }
  v1::DiscardRequest late = *subject.released();
  for (int64_t fence : {late.fence(), late.fence() - 1}) {
    late.set_fence(fence);
    const absl::StatusOr<Response> answer = subject.Discard(late);
    if (!Is(answer, Response::RELEASED))
      return Broken(fmt::format("the same key with the fence {}: {}", fence, Told(answer)));
  }
  return Holds("RELEASED again, with a fence below, too");
}

Verdict DiscardKeyReused(CheckerSubject& subject) {
  v1::DiscardRequest other = *subject.released();
  other.set_native_id(other.native_id() + "-closure-conformance");
  other.mutable_expected()->set_native_id(other.native_id());
  const absl::StatusOr<Response> answer = subject.Discard(other);
  if (absl::IsInvalidArgument(answer.status())) return Holds(Told(answer));
  return Broken(fmt::format("another item under the key of a release was answered {}", Told(answer)));
}

Verdict DiscardFenced(CheckerSubject& subject) {
  v1::DiscardRequest late = *subject.released();
  late.set_idempotency_key(subject.NewKey());
  late.set_fence(late.fence() - 1);
  const absl::StatusOr<Response> answer = subject.Discard(late);
  if (!Is(answer, Response::FENCED)) return Broken(fmt::format("a fence below one that was seen: {}", Told(answer)));
  return Holds("FENCED");
}

}  // namespace

std::vector<CheckerCase> CheckerReleaseCases() {
  return {
      {"discard-unknown", "The release of an item that is not there is FACTS_MOVED", DiscardUnknown},
      {"discard-incomplete", "A Discard that lacks a required field is INVALID_ARGUMENT", DiscardIncomplete},
      {kMoved, "An item of which one fact is another than was shown is not released", DiscardMoved, kEveryPhaseCase},
      {"discard-fenced-by-refused", "The fence of a release that was refused counts as seen", DiscardFencedByRefused,
       kMoved},
      {"discard-must-handle", "An item that must be handled by hand is not released", DiscardMustHandle,
       kEveryPhaseCase},
      {kReleased, "An item as it was shown is released, after a refusal too, and not reported any more",
       DiscardReleased, kEveryPhaseCase},
      {"discard-repeated", "The same key again is RELEASED again, whatever its fence is", DiscardRepeated, kReleased},
      {"discard-key-reused", "The key of a release is INVALID_ARGUMENT for another item", DiscardKeyReused, kReleased},
      {"discard-fenced", "A fence below one that was seen is FENCED", DiscardFenced, kReleased},
  };
}

}  // namespace closure
