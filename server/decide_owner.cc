// SPDX-License-Identifier: Apache-2.0
// What an owner does before the scans: start, identity, agreement, recheck and cancel.
#include <algorithm>

#include "absl/strings/str_join.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/start_obstacles.h"
#include "server/texts.h"
#include "server/time_witness.h"

namespace closure {
namespace {

const upstream::v1::ContactPoint& ContactOf(const upstream::v1::Account& account, v1::Channel channel) {
  return channel == v1::EMAIL ? account.email() : account.phone();
}

std::string ChannelWords(v1::Channel channel) { return channel == v1::EMAIL ? "mail address" : "telephone number"; }

std::string ChannelNames(const std::vector<v1::Channel>& channels) {
  return absl::StrJoin(channels, ", ",
                       [](std::string* names, v1::Channel channel) { names->append(v1::Channel_Name(channel)); });
}

// Why a code is demanded on both channels, in words; empty when it is not (D9). While the clocks disagree nobody can
// tell how long ago a change was.
std::string_view WhyBoth(const CreateFacts& facts, const Circumstances& circumstances) {
  const auto changed_within = [&](absl::Duration window) {
    return ChangedContactLately(facts.account, circumstances.now, window);
  };
  if (changed_within(FromProto(facts.policy.contact_change_window()))) return "a contact point changed lately";
  const bool may_have = DoClocksDisagree(circumstances) && changed_within(absl::InfiniteDuration());
  return may_have ? "the server's clocks disagree, and a contact point may have changed lately" : "";
}

// The channels on which a code is demanded: the owner's choice, or both.
absl::StatusOr<std::vector<v1::Channel>> DemandedChannels(const CreateFacts& facts,
                                                          const Circumstances& circumstances) {
  const upstream::v1::Account& account = facts.account;
  const std::string_view why_both = WhyBoth(facts, circumstances);
  std::vector<v1::Channel> channels =
      why_both.empty() ? std::vector<v1::Channel>{facts.channel} : std::vector<v1::Channel>{v1::EMAIL, v1::SMS};
  for (const v1::Channel channel : channels) {
    if (!ContactOf(account, channel).address().empty()) continue;
    return Error(
        v1::CONTACT_POINT_MISSING,
        fmt::format("{} has no {}{}", FormatAccountName(account.account_id()), ChannelWords(channel),
                    why_both.empty() ? "" : fmt::format("; {}, so a code is demanded on both channels", why_both)),
        {{"account", FormatAccountName(account.account_id())},
         {"channel", v1::Channel_Name(channel)},
         {"demanded", ChannelNames(channels)}});
  }
  return channels;
}

// How long it is kept when a code was made: twice the day over which codes are counted, so that a clock that is set
// back loses no count.
constexpr absl::Duration kCodesKept = absl::Hours(48);

// Makes new codes for the channels; the ones before stop being accepted. The tasks that send them outlive the state.
void SendCodes(DecisionBuilder& builder, const std::vector<v1::Channel>& channels) {
  internal::v1::ClosureData& data = builder.data();
  data.clear_codes();
  builder.commit().forget_before = builder.now() - kCodesKept;
  v1::IdentityVerification& verification = *builder.closure().mutable_identity_verification();
  verification.clear_challenges();
  for (std::size_t index = 0; index < channels.size(); ++index) {
    const v1::Channel channel = channels[index];
    internal::v1::CodeChallenge& code = *data.add_codes();
    code.set_channel(channel);
    code.set_challenge_id(builder.circumstances().challenge_ids.at(index));
    *code.mutable_create_time() = ToProto(builder.now());
    v1::IdentityVerification::Challenge& challenge = *verification.add_challenges();
    challenge.set_channel(channel);
    const auto contact = std::find_if(data.contacts().begin(), data.contacts().end(),
                                      [&](const auto& each) { return each.channel() == channel; });
    if (contact != data.contacts().end()) challenge.set_masked_address(MaskAddress(channel, contact->address()));
    *challenge.mutable_expire_time() = ToProto(builder.now() + FromProto(builder.policy().code_lifetime()));
    challenge.set_attempts_left(builder.policy().code_attempts());
    *challenge.mutable_resend_time() = ToProto(builder.now() + FromProto(builder.policy().resend_spacing()));
    internal::v1::TaskData& task =
        builder.AddTask(v1::Task::SEND_CODE, fmt::format("code/{}", code.challenge_id()), builder.now());
    task.mutable_payload()->set_channel(channel);
    task.mutable_payload()->set_challenge_id(code.challenge_id());
    builder.commit().codes_made.push_back(builder.now());
  }
}

absl::Status CheckCodesOfDay(const config::v1::Policy& policy, const Circumstances& circumstances, std::size_t wanted,
                             std::string_view account_id) {
  if (circumstances.codes_today + static_cast<int>(wanted) <= policy.codes_per_account_per_day())
    return absl::OkStatus();
  // Room comes when the oldest of them is a day old, at the latest in a day.
  return WithRetryAfter(Error(v1::CODE_ATTEMPTS_EXHAUSTED,
                              fmt::format("account {} was sent {} identity codes within 24 hours; the limit is {}",
                                          account_id, circumstances.codes_today, policy.codes_per_account_per_day()),
                              {{"account", FormatAccountName(account_id)},
                               {"limit", fmt::format("{}", policy.codes_per_account_per_day())}}),
                        absl::Hours(24));
}

absl::Status CheckAccountState(const upstream::v1::Account& account) {
  const std::string name = FormatAccountName(account.account_id());
  if (account.state() == upstream::v1::Account::ACTIVE) return absl::OkStatus();
  if (account.state() == upstream::v1::Account::DELETED) return AccountClosed(account.account_id());
  const std::string state = upstream::v1::Account::State_Name(account.state());
  return Error(v1::ACCOUNT_NOT_ACTIVE, fmt::format("{} is {}; only an active account can be closed", name, state),
               {{"account", name}, {"state", state}});
}

internal::v1::ClosureData NewClosure(const CreateFacts& facts, absl::Time now) {
  internal::v1::ClosureData data;
  const std::string& account_id = facts.account.account_id();
  data.set_account_id(account_id);
  data.set_closure_id(facts.closure_id);
  data.set_fence(facts.fence);
  data.set_organization_id(facts.account.organization_id().empty() ? account_id : facts.account.organization_id());
  data.set_language_code(facts.account.language_code().empty() ? "en" : facts.account.language_code());
  *data.mutable_policy() = facts.policy;
  for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
    if (ContactOf(facts.account, channel).address().empty()) continue;
    internal::v1::Contact& contact = *data.add_contacts();
    contact.set_channel(channel);
    contact.set_address(ContactOf(facts.account, channel).address());
  }
  v1::Closure& closure = *data.mutable_closure();
  closure.set_account(FormatAccountName(account_id));
  closure.set_name(FormatClosureName({.account_id = account_id, .closure_id = facts.closure_id}));
  *closure.mutable_create_time() = ToProto(now);
  return data;
}

// The challenge that a code is for.
absl::StatusOr<v1::IdentityVerification::Challenge*> FindChallenge(v1::Closure& closure, v1::Channel channel) {
  auto& challenges = *closure.mutable_identity_verification()->mutable_challenges();
  std::vector<v1::Channel> demanded;
  for (auto& challenge : challenges) {
    if (challenge.channel() == channel) return &challenge;
    if (!challenge.verified()) demanded.push_back(challenge.channel());
  }
  const std::string names = ChannelNames(demanded);
  const std::string fault = channel == v1::CHANNEL_UNSPECIFIED
                                ? fmt::format("codes by {} are demanded, so each must name its channel", names)
                                : fmt::format("no code by {} is demanded, but by {}", v1::Channel_Name(channel), names);
  constexpr std::string_view kField = "codes.channel";
  return WithField(Error(v1::FIELD_INVALID, fmt::format("{}: {}", kField, fault),
                         {{"field", std::string(kField)}, {"demanded", names}}),
                   kField, fault);
}

// Counts one given code. A wrong one is an error whose attempt is committed all the same.
absl::Status CountCode(DecisionBuilder& builder, v1::IdentityVerification::Challenge& challenge, bool right) {
  const v1::Closure& closure = builder.closure();
  const std::string& channel = v1::Channel_Name(challenge.channel());
  const std::string which = fmt::format("identity code by {} of {}", channel, closure.name());
  const std::map<std::string, std::string> metadata = {
      {"closure", closure.name()},
      {"channel", channel},
      {"attemptsLeft", fmt::format("{}", std::max(0, challenge.attempts_left() - 1))}};
  if (challenge.verified()) return absl::OkStatus();
  if (challenge.attempts_left() <= 0) {
    return Error(v1::CODE_ATTEMPTS_EXHAUSTED,
                 fmt::format("the attempts of the {} are used up; ask for a new one", which),
                 {{"closure", closure.name()}, {"channel", channel}});
  }
  if (IsCodeExpired(challenge, builder.policy(), builder.now())) {
    return Error(v1::CODE_EXPIRED, fmt::format("the {} has expired; ask for a new one", which),
                 {{"closure", closure.name()}, {"channel", channel}});
  }
  if (right) {
    challenge.set_verified(true);
    return absl::OkStatus();
  }
  challenge.set_attempts_left(challenge.attempts_left() - 1);
  if (challenge.attempts_left() == 0) {
    return Error(v1::CODE_ATTEMPTS_EXHAUSTED,
                 fmt::format("the {} is wrong and its attempts are used up; ask for a new one", which), metadata);
  }
  return Error(v1::CODE_WRONG, fmt::format("the {} is wrong; attempts left: {}", which, challenge.attempts_left()),
               metadata);
}

}  // namespace

v1::Channel OnlyDemandedChannel(const v1::IdentityVerification& verification) {
  v1::Channel only = v1::CHANNEL_UNSPECIFIED;
  for (const auto& challenge : verification.challenges()) {
    if (challenge.verified()) continue;
    if (only != v1::CHANNEL_UNSPECIFIED) return v1::CHANNEL_UNSPECIFIED;
    only = challenge.channel();
  }
  return only;
}

bool IsCodeExpired(const v1::IdentityVerification::Challenge& challenge, const config::v1::Policy& policy,
                   absl::Time now) {
  return HasEnded(FromProto(challenge.expire_time()), FromProto(policy.code_lifetime()), now);
}

absl::StatusOr<Decision> DecideCreate(const CreateFacts& facts, const Circumstances& circumstances) {
  if (absl::Status state = CheckAccountState(facts.account); !state.ok()) return state;
  absl::StatusOr<std::vector<v1::Channel>> channels = DemandedChannels(facts, circumstances);
  if (!channels.ok()) return channels.status();
  if (absl::Status day = CheckCodesOfDay(facts.policy, circumstances, channels->size(), facts.account.account_id());
      !day.ok())
    return day;
  const internal::v1::ClosureData data = NewClosure(facts, circumstances.now);
  DecisionBuilder builder(data, circumstances);
  std::vector<std::string> names;
  for (const v1::Channel channel : *channels) names.push_back(v1::Channel_Name(channel));
  builder.Move(Event::kCreate, fmt::format("identity code by {}", absl::StrJoin(names, " and ")));
  builder.SetExpiry(FromProto(builder.policy().idle_expiry_before_agreement()));
  SendCodes(builder, *channels);
  return builder.Finish();
}

absl::StatusOr<Decision> DecideResend(DecisionBuilder& builder, const ResendCode& command) {
  if (absl::Status allowed = builder.Require(Event::kIdentityVerified, v1::Closure::RESEND_CODE); !allowed.ok())
    return allowed;
  const v1::IdentityVerification& verification = builder.closure().identity_verification();
  std::vector<v1::Channel> channels;
  for (const auto& challenge : verification.challenges()) {
    channels.push_back(challenge.channel());
    const absl::Duration spacing = FromProto(builder.policy().resend_spacing());
    if (HasEnded(FromProto(challenge.resend_time()), spacing, builder.now())) continue;
    const absl::Duration wait = FromProto(challenge.resend_time()) - builder.now();
    return WithRetryAfter(
        Error(v1::RESEND_TOO_SOON,
              fmt::format("a code of {} was sent less than {} ago", builder.closure().name(),
                          absl::FormatDuration(spacing)),
              {{"closure", builder.closure().name()}, {"spacing", fmt::format("{}s", absl::ToInt64Seconds(spacing))}}),
        wait);
  }
  if (command.channel != v1::CHANNEL_UNSPECIFIED && channels.size() == 1) channels = {command.channel};
  for (const v1::Channel channel : channels) {
    const auto& contacts = builder.data().contacts();
    if (std::any_of(contacts.begin(), contacts.end(),
                    [&](const auto& contact) { return contact.channel() == channel; }))
      continue;
    return Error(v1::CONTACT_POINT_MISSING,
                 fmt::format("{} has no {}", builder.closure().account(), ChannelWords(channel)),
                 {{"account", builder.closure().account()},
                  {"channel", v1::Channel_Name(channel)},
                  {"demanded", ChannelNames(channels)}});
  }
  absl::Status day =
      CheckCodesOfDay(builder.policy(), builder.circumstances(), channels.size(), builder.data().account_id());
  if (!day.ok()) return day;
  SendCodes(builder, channels);
  builder.SetExpiry(FromProto(builder.policy().idle_expiry_before_agreement()));
  builder.Note("code_resent", "");
  return builder.Finish();
}

absl::StatusOr<Decision> DecideCodes(DecisionBuilder& builder, const CodesGiven& given) {
  if (absl::Status allowed = builder.Require(Event::kIdentityVerified, v1::Closure::VERIFY_IDENTITY); !allowed.ok())
    return allowed;
  // A request that is refused for its form is so before any code is judged: what it says must not depend on whether
  // one was right, for nothing is counted then.
  std::vector<v1::IdentityVerification::Challenge*> meant;
  for (const CodesGiven::Code& code : given.codes) {
    const absl::StatusOr<v1::IdentityVerification::Challenge*> challenge =
        FindChallenge(builder.closure(), code.channel);
    if (!challenge.ok()) return challenge.status();
    meant.push_back(*challenge);
  }
  absl::Status reply;
  bool counted = false;
  for (std::size_t index = 0; index < meant.size(); ++index) {
    v1::IdentityVerification::Challenge& challenge = *meant[index];
    const int32_t attempts = challenge.attempts_left();
    const bool verified = challenge.verified();
    reply.Update(CountCode(builder, challenge, given.codes[index].right));
    counted = counted || challenge.attempts_left() != attempts || challenge.verified() != verified;
  }
  // Codes that are not even compared, expired or out of attempts, leave no trace however often they are given.
  if (!reply.ok() && !counted) return reply;
  const auto& challenges = builder.closure().identity_verification().challenges();
  const bool all =
      std::all_of(challenges.begin(), challenges.end(), [](const auto& challenge) { return challenge.verified(); });
  if (!reply.ok() || !all) {
    builder.Note(reply.ok() ? "code_accepted" : "code_refused", reply.ok() ? "another code is still demanded" : "");
    return builder.Finish(reply);
  }
  builder.Move(Event::kIdentityVerified, "");
  *builder.closure().mutable_identity_verification()->mutable_verify_time() = ToProto(builder.now());
  builder.data().clear_codes();
  builder.SetExpiry(FromProto(builder.policy().idle_expiry_before_agreement()));
  return builder.Finish();
}

absl::StatusOr<Decision> DecideAgreement(DecisionBuilder& builder, const AgreementGiven& given) {
  if (absl::Status allowed = builder.Require(Event::kAgreementAccepted, v1::Closure::ACCEPT_AGREEMENT); !allowed.ok())
    return allowed;
  const v1::Agreement& agreement = given.agreement;
  if (!agreement.current()) {
    return Error(v1::AGREEMENT_VERSION_STALE,
                 fmt::format("agreement version {} is not the current one; read it again and agree to that",
                             agreement.version()),
                 {{"version", agreement.version()}});
  }
  v1::AgreementAcceptance& acceptance = *builder.closure().mutable_agreement_acceptance();
  acceptance.set_version(agreement.version());
  acceptance.set_language_code(agreement.language_code());
  acceptance.set_digest(agreement.digest());
  *acceptance.mutable_accept_time() = ToProto(builder.now());
  acceptance.set_actor(builder.circumstances().actor);
  builder.AddConsent(v1::Consent::AGREEMENT, agreement.version(), agreement.digest(), "");
  builder.commit().consents.back().set_language_code(agreement.language_code());
  builder.Move(Event::kAgreementAccepted,
               fmt::format("version {}, language {}", agreement.version(), agreement.language_code()));
  BeginScan(builder, v1::SCAN);
  return builder.Finish();
}

absl::StatusOr<Decision> DecideRecheck(DecisionBuilder& builder) {
  if (absl::Status allowed = builder.Require(Event::kRecheck, v1::Closure::RECHECK); !allowed.ok()) return allowed;
  builder.Move(Event::kRecheck, "");
  BeginScan(builder, v1::SCAN);
  return builder.Finish();
}

absl::StatusOr<Decision> DecideCancel(DecisionBuilder& builder) {
  if (absl::Status allowed = builder.Require(Event::kCancel, v1::Closure::CANCEL_CLOSURE); !allowed.ok())
    return allowed;
  builder.Move(Event::kCancel, "");
  BeginEnd(builder, v1::Closure::OWNER_CANCELLED, "the owner cancelled the closure");
  return builder.Finish();
}

}  // namespace closure
