// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/owner.h"

#include <utility>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "server/resource_names.h"
#include "tests/simulation/world.h"

namespace closure::simulation {
namespace {

constexpr std::size_t kRememberedMax = 40;
constexpr std::size_t kCodeDigits = 6;

// The six digits in a message; empty when there are none.
std::string CodeIn(const std::string& text) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    const bool last = i + 1 == text.size() || text[i + 1] < '0' || text[i + 1] > '9';
    if (digits == kCodeDigits && last) return text.substr(i + 1 - kCodeDigits, kCodeDigits);
  }
  return "";
}

v1::Channel OtherChannel(v1::Channel channel) { return channel == v1::EMAIL ? v1::SMS : v1::EMAIL; }

}  // namespace

std::optional<internal::v1::ClosureData> Owner::NewestOf(const std::string& account_id) const {
  const auto rows = parts_.store->ListClosures({.account_id = account_id, .limit = 1});
  if (!rows.ok() || rows->empty()) return std::nullopt;
  return rows->front().data;
}

CallContext Owner::NewContext() {
  CallContext context;
  context.actor = {.kind = Actor::Kind::kRoot, .name = "", .account_id = account_id_};
  context.request_id = fmt::format("{}-{}", account_id_, parts_.dice->generator()());
  context.body_hash = fmt::format("{}", parts_.dice->generator()());
  return context;
}

void Owner::Act(ClosureEngine* engine) {
  Dice& dice = *parts_.dice;
  if (dice.Chance(0.15)) ChangeTheWorld(dice, *parts_.cloud, account_id_);
  if (engine == nullptr) return;
  const std::optional<internal::v1::ClosureData> data = NewestOf(account_id_);
  if (!data || IsTerminal(data->closure().state())) {
    if (dice.Chance(0.3)) Create(*engine);
    if (data && dice.Chance(0.2)) Meddle(*engine, *data);
    return;
  }
  if (dice.Chance(0.03)) return Create(*engine);
  if (!given_.empty() && dice.Chance(0.1)) return Repeat(*engine);
  if (dice.Chance(0.2)) return Meddle(*engine, *data);
  GoOn(*engine, *data);
}

void Owner::Create(ClosureEngine& engine) {
  Dice& dice = *parts_.dice;
  if (!creations_.empty() && dice.Chance(0.2)) {
    const Creation again = creations_[dice.Below(creations_.size())];
    return SendCreation(engine, again);
  }
  if (creations_.size() == kRememberedMax) creations_.erase(creations_.begin());
  creations_.push_back({dice.Chance(0.6) ? v1::EMAIL : v1::SMS, NewContext(), std::nullopt});
  SendCreation(engine, creations_.back());
}

template <typename Asked>
void Owner::Refused(const std::vector<Asked>& asked, const std::string& request_id, const absl::Status& status) {
  parts_.judge->Refused(account_id_, status);
  for (const Asked& each : asked) {
    if (each.context.request_id == request_id && each.answer) parts_.judge->RefusedAgain(*each.answer);
  }
}

void Owner::SendCreation(ClosureEngine& engine, const Creation& creation) {
  engine.Create(account_id_, creation.channel, creation.context,
                [this, epoch = epoch_, id = creation.context.request_id](absl::StatusOr<v1::Closure> closure) {
                  if (epoch != epoch_) return;
                  if (!closure.ok()) return Refused(creations_, id, closure.status());
                  parts_.judge->Acknowledged(*closure);
                  parts_.judge->Created(id, *closure);
                  for (Creation& each : creations_) {
                    if (each.context.request_id != id) continue;
                    if (each.answer) parts_.judge->CreatedAgain(*each.answer, *closure);
                    each.answer = *std::move(closure);
                    return;
                  }
                });
}

void Owner::GoOn(ClosureEngine& engine, const internal::v1::ClosureData& data) {
  Dice& dice = *parts_.dice;
  switch (data.closure().state()) {
    case v1::Closure::IDENTITY_PENDING:
      if (dice.Chance(0.1)) return Give(engine, data, ResendCode{});
      return Give(engine, data, Codes(data, !dice.Chance(0.25)));
    case v1::Closure::AGREEMENT_PENDING:
      return Give(engine, data, AcceptAgreement{parts_.agreements->current_version(), "en"});
    case v1::Closure::BLOCKED:
      if (dice.Chance(0.4)) parts_.cloud->Settle(account_id_);
      if (dice.Chance(0.5)) return Give(engine, data, Selection(data, true));
      return Give(engine, data, Recheck{});
    case v1::Closure::READY:
      if (dice.Chance(0.1)) return Give(engine, data, Recheck{});
      return Give(engine, data, Confirmation(data));
    default:
      return;
  }
}

void Owner::Meddle(ClosureEngine& engine, const internal::v1::ClosureData& data) { Give(engine, data, Anything(data)); }

ClosureCommand Owner::Anything(const internal::v1::ClosureData& data) {
  Dice& dice = *parts_.dice;
  switch (dice.Below(10)) {
    case 0:
      return ResendCode{dice.Chance(0.5) ? v1::EMAIL : v1::SMS};
    case 1:
      return Codes(data, dice.Chance(0.5));
    case 2:
      return AcceptAgreement{"1999-01", "en"};
    case 3:
      return Recheck{};
    case 4:
      return Selection(data, dice.Chance(0.3));
    case 5: {
      ConfirmClosure confirm = Confirmation(data);
      confirm.risk_digest = "not what was shown";
      return confirm;
    }
    case 6:
      if (dice.Chance(0.3)) return CancelClosure{};
      return Recheck{};
    case 7:
      return AcceptAgreement{parts_.agreements->current_version(), "zh"};
    case 8:
      return Stolen(data).value_or(Recheck{});
    default:
      return Confirmation(data);
  }
}

std::map<v1::Channel, std::string> Owner::MailedCodes(const internal::v1::ClosureData& data) const {
  std::map<v1::Channel, std::string> codes;
  for (const sandbox::v1::InboxMessage& message : parts_.cloud->Inbox(data.account_id())) {
    if (!absl::StrContains(message.idempotency_key(), data.closure_id() + "/code/")) continue;
    codes[message.channel() == "email" ? v1::EMAIL : v1::SMS] = CodeIn(message.body());
  }
  return codes;
}

VerifyIdentity Owner::Codes(const internal::v1::ClosureData& data, bool right) {
  Dice& dice = *parts_.dice;
  VerifyIdentity verify;
  const std::map<v1::Channel, std::string> codes = MailedCodes(data);
  const bool swapped = !right && codes.size() > 1 && dice.Chance(0.7);
  for (const auto& challenge : data.closure().identity_verification().challenges()) {
    const v1::Channel channel = challenge.channel();
    const auto code = codes.find(swapped ? OtherChannel(channel) : channel);
    if (code == codes.end()) continue;
    verify.codes.push_back({channel, right || swapped ? code->second : "000000"});
  }
  // Where two are demanded, now and then one after the other.
  if (verify.codes.size() > 1 && dice.Chance(0.3))
    verify.codes.erase(verify.codes.begin() + static_cast<std::ptrdiff_t>(dice.Below(2)));
  if (verify.codes.empty()) verify.codes.push_back({v1::CHANNEL_UNSPECIFIED, "123456"});
  return verify;
}

std::optional<ClosureCommand> Owner::Stolen(const internal::v1::ClosureData& data) {
  Dice& dice = *parts_.dice;
  const auto other = NewestOf(other_account_id_);
  if (!other) return std::nullopt;
  if (dice.Chance(0.5)) {
    VerifyIdentity verify;
    for (const auto& [channel, code] : MailedCodes(*other)) verify.codes.push_back({channel, code});
    return verify;
  }
  const std::string& own_digest = data.closure().risk_prompt().digest();
  DiscardItems discard{.selections = {},
                       .risk_digest = dice.Chance(0.5) ? own_digest : other->closure().risk_prompt().digest()};
  const auto items = parts_.store->ListItems({other_account_id_, other->closure_id()}, {});
  if (!items.ok() || items->empty()) return std::nullopt;
  for (const v1::BlockingItem& item : *items)
    discard.selections.push_back({std::string(LastSegment(item.name())), item.fingerprint()});
  return discard;
}

DiscardItems Owner::Selection(const internal::v1::ClosureData& data, bool right) {
  Dice& dice = *parts_.dice;
  DiscardItems discard{.selections = {}, .risk_digest = data.closure().risk_prompt().digest()};
  const auto items = parts_.store->ListItems({account_id_, data.closure_id()}, {});
  if (!items.ok()) return discard;
  for (const v1::BlockingItem& item : *items) {
    if (right && item.disposition() != v1::RENOUNCEABLE) continue;
    if (right && (item.resolution() == v1::BlockingItem::RENOUNCED || dice.Chance(0.1))) continue;
    std::string fingerprint = item.fingerprint();
    if (!right && dice.Chance(0.3)) fingerprint = "moved";
    discard.selections.push_back({item.name().substr(item.name().rfind('/') + 1), fingerprint});
  }
  return discard;
}

ConfirmClosure Owner::Confirmation(const internal::v1::ClosureData& data) {
  return {.reason = v1::Closure::NO_LONGER_NEEDED,
          .reason_text = "",
          .risk_digest = data.closure().risk_prompt().digest(),
          .late_settlement_consent = parts_.dice->Chance(0.5)};
}

// Any, the present one, or one that was kept too long.
std::string Owner::Etag(const internal::v1::ClosureData& data) {
  Dice& dice = *parts_.dice;
  if (dice.Chance(0.1) || old_etag_.empty()) old_etag_ = data.closure().etag();
  if (dice.Chance(0.1)) return old_etag_;
  return dice.Chance(0.3) ? data.closure().etag() : "";
}

void Owner::Give(ClosureEngine& engine, const internal::v1::ClosureData& data, ClosureCommand command) {
  if (given_.size() == kRememberedMax) given_.erase(given_.begin());
  given_.push_back({{account_id_, data.closure_id()}, std::move(command), Etag(data), NewContext(), std::nullopt});
  // Two windows of one browser.
  if (parts_.dice->Chance(0.05)) Send(engine, given_.size() - 1);
  Send(engine, given_.size() - 1);
}

void Owner::Send(ClosureEngine& engine, std::size_t number) {
  const Given& given = given_[number];
  parts_.judge->Gave(given.key, given.command);
  engine.Execute(
      given.key, given.command, given.etag, given.context,
      [this, epoch = epoch_, id = given.context.request_id, etag = given.etag](absl::StatusOr<v1::Closure> closure) {
        if (epoch != epoch_) return;
        if (!closure.ok()) return Refused(given_, id, closure.status());
        parts_.judge->Acknowledged(*closure);
        parts_.judge->Answered(*closure, etag);
        for (Given& each : given_) {
          if (each.context.request_id != id) continue;
          if (each.answer) parts_.judge->Repeated(*each.answer, *closure);
          each.answer = *std::move(closure);
          return;
        }
      });
}

void Owner::Repeat(ClosureEngine& engine) { Send(engine, parts_.dice->Below(given_.size())); }

}  // namespace closure::simulation
