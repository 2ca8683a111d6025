// SPDX-License-Identifier: Apache-2.0
// The engine's part for a closure that is not there yet: the account is read at its system, then the closure is made.
#include <utility>

#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/account_lookup.h"
#include "server/closure_engine.h"
#include "server/closure_view.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/start_obstacles.h"

namespace closure {
namespace {

absl::Status AlreadyOpen(const internal::v1::ClosureData& open) {
  const v1::Closure& closure = open.closure();
  return Error(v1::CLOSURE_ALREADY_OPEN,
               fmt::format("{} has an open closure already: {} is {}", closure.account(), closure.name(),
                           v1::Closure::State_Name(closure.state())),
               {{"account", closure.account()},
                {"closure", closure.name()},
                {"state", v1::Closure::State_Name(closure.state())}});
}

}  // namespace

ClosureEngine::Reply ClosureEngine::UnlessCarriedOut(const std::string& account_id, const CallContext& context,
                                                     Reply reply) const {
  return [this, account_id, context, reply = std::move(reply)](absl::StatusOr<v1::Closure> answer) mutable {
    if (answer.ok()) return std::move(reply)(std::move(answer));
    const absl::StatusOr<std::optional<v1::Closure>> replay = FindReplay(account_id, context);
    if (!replay.ok() || !replay->has_value()) return std::move(reply)(std::move(answer));
    Reach(Mark::kCreatedByRepetition);
    std::move(reply)(**replay);
  };
}

void ClosureEngine::Create(const std::string& account_id, v1::Channel channel, const CallContext& context,
                           Reply reply) {
  absl::StatusOr<std::optional<v1::Closure>> replay = FindReplay(account_id, context);
  if (!replay.ok()) return std::move(reply)(replay.status());
  if (replay->has_value()) return std::move(reply)(**replay);
  reply = UnlessCarriedOut(account_id, context, std::move(reply));
  LookUpAccount(parts_.upstreams, account_id, CallOptions{.timeout = kAccountTimeout, .cancel = cancel_},
                [this, account_id, channel, context,
                 reply = std::move(reply)](absl::StatusOr<upstream::v1::Account> account) mutable {
                  if (!account.ok()) return std::move(reply)(LookupError(account_id, account.status()));
                  CreateFrom(*std::move(account), channel, context, 0, std::move(reply));
                });
}

void ClosureEngine::CreateFrom(upstream::v1::Account account, v1::Channel channel, const CallContext& context,
                               int tries, Reply reply) {
  const std::string account_id = account.account_id();
  absl::StatusOr<std::optional<v1::Closure>> replay = FindReplay(account_id, context);
  if (!replay.ok()) return std::move(reply)(replay.status());
  if (replay->has_value()) return std::move(reply)(**replay);
  absl::StatusOr<Circumstances> circumstances = MakeCircumstances(context.actor.ToString());
  if (!circumstances.ok()) return std::move(reply)(circumstances.status());
  circumstances->challenge_ids = NewChallengeIds();
  absl::StatusOr<std::optional<internal::v1::ClosureData>> open = parts_.store->FindOpenClosure(account_id);
  if (!open.ok()) return std::move(reply)(open.status());
  if (open->has_value()) return std::move(reply)(AlreadyOpen(**open));
  // After the open closure: one that ended in between by closing the account has left its tombstone.
  absl::StatusOr<bool> closed = parts_.store->HasTombstone(parts_.secret_key->Tombstone(account_id));
  if (!closed.ok()) return std::move(reply)(closed.status());
  if (*closed) return std::move(reply)(AccountClosed(account_id));
  absl::StatusOr<int64_t> fence = parts_.store->LoadFence(account_id);
  if (!fence.ok()) return std::move(reply)(fence.status());
  absl::StatusOr<int> codes = parts_.store->CountCodes(account_id, circumstances->now - kCodeWindow);
  if (!codes.ok()) return std::move(reply)(codes.status());
  circumstances->codes_today = *codes;
  absl::StatusOr<Decision> decision =
      Decide({}, CreateFacts{account, channel, parts_.random->Id(), parts_.policy, *fence}, *circumstances);
  if (!decision.ok()) return std::move(reply)(decision.status());
  v1::Closure answer = Present(*decision->commit.closure, circumstances->now);
  decision->commit.request =
      RequestRecord{account_id, context.request_id, context.body_hash, answer.SerializeAsString(), circumstances->now};
  parts_.store->Apply(std::move(decision->commit), [this, account = std::move(account), channel, context, tries,
                                                    answer = std::move(answer),
                                                    reply = std::move(reply)](absl::Status status) mutable {
    if (status.ok()) return std::move(reply)(std::move(answer));
    const bool again = IsConflict(status) && tries < kTriesMax;
    if (!again)
      return std::move(reply)(IsConflict(status) ? ConcurrentChange(FormatAccountName(account.account_id())) : status);
    Reach(Mark::kCreationDecidedAgain);
    CreateFrom(std::move(account), channel, context, tries + 1, std::move(reply));
  });
}

}  // namespace closure
