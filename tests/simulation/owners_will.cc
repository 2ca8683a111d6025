// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/owners_will.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "server/renounced_money.h"
#include "server/resource_names.h"
#include "tests/simulation/judge_acts.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;

// What the sandbox says of a release that found nothing.
constexpr std::string_view kGoneAlready = "it is gone already";

std::string MoneyText(v1::ItemKind kind, const v1::Money& amount) {
  return fmt::format("{} {}", v1::ItemKind_Name(kind), FormatMoney(amount));
}

// Everything of a kind and currency that was taken, against the limit of the policy.
std::string FaultOfLimits(const ClosureData& data) {
  std::map<std::pair<v1::ItemKind, std::string>, v1::Money> taken;
  for (const v1::Renunciation& renunciation : data.closure().renunciations()) {
    if (renunciation.status() != v1::Renunciation::EXECUTED) continue;
    const v1::Money& amount = renunciation.amount();
    const auto [sum, added] = taken.try_emplace({renunciation.kind(), amount.currency_code()}, amount);
    if (!added) sum->second = AddMoney(sum->second, amount).value_or(v1::Money());
    const bool balance = renunciation.kind() == v1::BALANCE;
    const std::int64_t limit = balance ? data.policy().forfeit_limit_units() : data.policy().void_limit_units();
    if (CompareMoney(sum->second, WholeUnits(limit, amount.currency_code())) > 0)
      return fmt::format("S15: {} were taken, above the limit of {}", MoneyText(renunciation.kind(), sum->second),
                         limit);
  }
  return "";
}

}  // namespace

void OwnersWill::Gave(const ClosureData& data, const ClosureCommand& command, const Sight& sight) {
  if (const auto* codes = std::get_if<VerifyIdentity>(&command)) GaveCodes(data, *codes, sight);
  if (const auto* discard = std::get_if<DiscardItems>(&command)) Discarded(*discard, sight);
  if (const auto* confirm = std::get_if<ConfirmClosure>(&command))
    confirmed_[confirm->risk_digest].insert(confirm->late_settlement_consent);
  if (std::holds_alternative<AcceptAgreement>(command)) agreed_ = true;
  if (std::holds_alternative<CancelClosure>(command)) cancelled_ = true;
}

// A code is right for the challenge in whose message it stands.
void OwnersWill::GaveCodes(const ClosureData& data, const VerifyIdentity& codes, const Sight& sight) {
  const std::string prefix = data.closure().name() + "/code/";
  for (const sandbox::v1::InboxMessage& message : sight.inbox) {
    if (!absl::StartsWith(message.idempotency_key(), prefix)) continue;
    const v1::Channel channel = message.channel() == "email" ? v1::EMAIL : v1::SMS;
    for (const VerifyIdentity::Code& given : codes.codes) {
      const bool meant = given.channel == channel || given.channel == v1::CHANNEL_UNSPECIFIED;
      if (meant && !given.code.empty() && absl::StrContains(message.body(), given.code))
        right_codes_.insert(message.idempotency_key().substr(prefix.size()));
    }
  }
}

void OwnersWill::Discarded(const DiscardItems& discard, const Sight& sight) {
  for (const DiscardItems::Selection& selection : discard.selections) {
    for (const v1::BlockingItem& item : sight.items) {
      if (LastSegment(item.name()) != selection.item_id || item.fingerprint() != selection.fingerprint) continue;
      items_[selection.item_id] = item.native_id();
      if (IsRenouncedAsMoney(item.kind())) money_[item.fingerprint()] = MoneyText(item.kind(), item.amount());
    }
  }
}

std::string OwnersWill::Moved(const ClosureData& before, const ClosureData& after) {
  switch (after.closure().state()) {
    case v1::Closure::AGREEMENT_PENDING:
      return FaultOfCodes(before);
    case v1::Closure::CHECKING:
      if (before.closure().state() != v1::Closure::AGREEMENT_PENDING || agreed_) return "";
      return "S1: agreed to by nobody";
    case v1::Closure::CONFIRMING:
      consented_ = after.late_settlement_consent();
      return FaultOfConfirm(before, after);
    case v1::Closure::CANCELLED:
      if (after.closure().cause() != v1::Closure::OWNER_CANCELLED || cancelled_) return "";
      return "S1: cancelled by nobody";
    default:
      return "";
  }
}

std::string OwnersWill::FaultOfCodes(const ClosureData& before) const {
  for (const internal::v1::CodeChallenge& code : before.codes()) {
    if (right_codes_.count(code.challenge_id()) > 0) continue;
    return fmt::format("S16: an identity was verified without the code by {}", v1::Channel_Name(code.channel()));
  }
  return before.codes().empty() ? "S16: an identity was verified without any code" : "";
}

std::string OwnersWill::FaultOfConfirm(const ClosureData& before, const ClosureData& after) const {
  const auto confirmed = confirmed_.find(before.closure().risk_prompt().digest());
  if (confirmed == confirmed_.end()) return "S1: confirmed by nobody who read the risk";
  if (confirmed->second.count(after.late_settlement_consent()) == 0)
    return "S15: a consent to late settlements is not what the owner said";
  return "";
}

std::string OwnersWill::FaultOfRenunciation(const ClosureData& data, const v1::Renunciation& renunciation) const {
  const std::string money = MoneyText(renunciation.kind(), renunciation.amount());
  if (renunciation.by_consent()) {
    const bool consented = data.late_settlement_consent() && consented_;
    return consented ? "" : fmt::format("S15: {} is renounced by a consent that nobody gave", money);
  }
  const auto discarded = money_.find(renunciation.fingerprint());
  if (discarded != money_.end() && discarded->second == money) return "";
  return fmt::format("S15: {} is renounced, and the owner never discarded it", money);
}

std::string OwnersWill::FaultOfMoney(const ClosureData& data) const {
  for (const v1::Renunciation& renunciation : data.closure().renunciations()) {
    if (renunciation.status() == v1::Renunciation::DROPPED) continue;
    if (std::string fault = FaultOfRenunciation(data, renunciation); !fault.empty()) return fault;
  }
  return FaultOfLimits(data);
}

std::string OwnersWill::FaultOfReleases(const v1::Closure& closure,
                                        const sandbox::v1::ShowAccountResponse& account) const {
  const std::string prefix = closure.name() + "/discard/";
  for (const sandbox::v1::SandboxAct& act : account.acts()) {
    if (!IsDone(act) || MethodOf(act) != "ReleaseResource" || ClosureOf(act) != closure.name()) continue;
    const std::string rest = act.idempotency_key().substr(std::min(prefix.size(), act.idempotency_key().size()));
    const auto discarded = items_.find(rest.substr(0, rest.find('/')));
    if (discarded == items_.end()) return "S1: a resource was released that nobody discarded";
    // The act tells the id of what it released.
    const bool meant = act.detail() == kGoneAlready || absl::EndsWith(discarded->second, "/" + act.detail());
    if (!meant) return fmt::format("S1: {} was released in the place of {}", act.detail(), discarded->second);
  }
  return "";
}

}  // namespace closure::simulation
