// SPDX-License-Identifier: Apache-2.0
// What an owner is told of the start of a closure, of the sending of its identity codes and of the agreement: each
// refusal with its reason, its words and what a program reads in it; and what is kept where there is none.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/decided_closure.h"
#include "tests/support/one_decision.h"

namespace closure {
namespace {

using upstream::v1::Account;
using Challenge = v1::IdentityVerification::Challenge;

constexpr char kAccountName[] = "accounts/1000000001";
constexpr char kName[] = "accounts/1000000001/closures/0123456789abcdef0123456789abcdef";
constexpr char kLately[] = "; a contact point changed lately, so a code is demanded on both channels";

const Challenge& ChallengeOf(const internal::v1::ClosureData& data, int index) {
  return data.closure().identity_verification().challenges(index);
}

std::vector<v1::Channel> ChannelsOf(const internal::v1::ClosureData& data) {
  std::vector<v1::Channel> channels;
  for (const Challenge& challenge : data.closure().identity_verification().challenges())
    channels.push_back(challenge.channel());
  return channels;
}

std::vector<v1::Channel> Both() { return {v1::EMAIL, v1::SMS}; }

TEST_CASE("only an account in good standing can be closed, and the refusal says how it stands", "[decide][D17]") {
  CreateFacts facts = DecidedClosure::Facts();
  SECTION("suspended") {
    facts.account.set_state(Account::SUSPENDED);
    CheckRefused(Answer({}, facts), v1::ACCOUNT_NOT_ACTIVE,
                 "accounts/1000000001 is SUSPENDED; only an active account can be closed",
                 {{"account", kAccountName}, {"state", "SUSPENDED"}});
  }
  SECTION("of no known state") {
    facts.account.set_state(Account::STATE_UNSPECIFIED);
    CheckRefused(Answer({}, facts), v1::ACCOUNT_NOT_ACTIVE,
                 "accounts/1000000001 is STATE_UNSPECIFIED; only an active account can be closed",
                 {{"account", kAccountName}, {"state", "STATE_UNSPECIFIED"}});
  }
  SECTION("deleted") {
    facts.account.set_state(Account::DELETED);
    CheckRefused(Answer({}, facts), v1::ACCOUNT_CLOSED, "accounts/1000000001 was closed for good",
                 {{"account", kAccountName}});
  }
  SECTION("active") { CHECK(Answer({}, facts).ok()); }
}

TEST_CASE("no closure starts where its code cannot be sent, and the refusal names what is missing",
          "[decide][R44][D9]") {
  CreateFacts facts = DecidedClosure::Facts();
  SECTION("a mail address") {
    facts.account.clear_email();
    CheckRefused(Answer({}, facts), v1::CONTACT_POINT_MISSING, "accounts/1000000001 has no mail address",
                 {{"account", kAccountName}, {"channel", "EMAIL"}, {"demanded", "EMAIL"}});
  }
  SECTION("a telephone number") {
    facts.channel = v1::SMS;
    facts.account.clear_phone();
    CheckRefused(Answer({}, facts), v1::CONTACT_POINT_MISSING, "accounts/1000000001 has no telephone number",
                 {{"account", kAccountName}, {"channel", "SMS"}, {"demanded", "SMS"}});
  }
  SECTION("the one that the owner did not choose is not missed") {
    facts.account.clear_phone();
    CHECK(Answer({}, facts).ok());
  }
}

TEST_CASE("after a change of a contact point both are needed, and the refusal says why", "[decide][D9]") {
  CreateFacts facts = ChangedLately();
  SECTION("the mail address is missing") {
    facts.account.mutable_email()->clear_address();
    CheckRefused(Answer({}, facts), v1::CONTACT_POINT_MISSING,
                 fmt::format("accounts/1000000001 has no mail address{}", kLately),
                 {{"account", kAccountName}, {"channel", "EMAIL"}, {"demanded", "EMAIL, SMS"}});
  }
  SECTION("the telephone number is missing") {
    facts.account.clear_phone();
    CheckRefused(Answer({}, facts), v1::CONTACT_POINT_MISSING,
                 fmt::format("accounts/1000000001 has no telephone number{}", kLately),
                 {{"account", kAccountName}, {"channel", "SMS"}, {"demanded", "EMAIL, SMS"}});
  }
}

TEST_CASE("while the clocks disagree every change of a contact point may be a late one", "[decide][D9][time]") {
  CreateFacts facts = ChangedLately();
  facts.account.clear_phone();
  Circumstances circumstances = At(kNow + absl::Hours(24 * 365));
  CHECK(Answer({}, facts, circumstances).ok());
  SECTION("by a jump that nobody knew") { circumstances.time.jump = "it jumped"; }
  SECTION("by one that nobody acknowledged") { circumstances.system.mutable_clock_jump()->set_reason("it jumped"); }
  CheckRefused(
      Answer({}, facts, circumstances), v1::CONTACT_POINT_MISSING,
      "accounts/1000000001 has no telephone number; the server's clocks disagree, and a contact point may have "
      "changed lately, so a code is demanded on both channels",
      {{"account", kAccountName}, {"channel", "SMS"}, {"demanded", "EMAIL, SMS"}});
  CHECK(Answer({}, DecidedClosure::Facts(), circumstances).ok());
}

TEST_CASE("an account is sent no more codes within a day than the limit", "[decide][R44][D16]") {
  Circumstances circumstances = At(kNow);
  const CreateFacts one = DecidedClosure::Facts();
  const CreateFacts two = ChangedLately();
  circumstances.codes_today = 18;
  CHECK(Answer({}, two, circumstances).ok());
  circumstances.codes_today = 19;
  CHECK(Answer({}, one, circumstances).ok());
  const Metadata metadata = {{"account", kAccountName}, {"limit", "20"}};
  // Two codes do not fit where one would.
  const absl::Status both = Answer({}, two, circumstances);
  CheckRefused(both, v1::CODE_ATTEMPTS_EXHAUSTED,
               "account 1000000001 was sent 19 identity codes within 24 hours; the limit is 20", metadata);
  CHECK(RetryAfter(both) == absl::Hours(24));
  circumstances.codes_today = 20;
  const absl::Status full = Answer({}, one, circumstances);
  CheckRefused(full, v1::CODE_ATTEMPTS_EXHAUSTED,
               "account 1000000001 was sent 20 identity codes within 24 hours; the limit is 20", metadata);
  CHECK(RetryAfter(full) == absl::Hours(24));
}

TEST_CASE("a closure that starts sends its code over the channel that the owner chose", "[decide][R44][D9][D16]") {
  CreateFacts facts = DecidedClosure::Facts();
  const bool mail = GENERATE(true, false);
  facts.channel = mail ? v1::EMAIL : v1::SMS;
  const Commit commit = Committed({}, facts);
  CHECK(commit.history->detail == (mail ? "identity code by EMAIL" : "identity code by SMS"));
  const internal::v1::ClosureData& data = *commit.closure;
  REQUIRE(ChannelsOf(data) == std::vector<v1::Channel>{facts.channel});
  const Challenge& challenge = ChallengeOf(data, 0);
  CHECK(challenge.masked_address() == (mail ? "a***@example.com" : "+86*******0001"));
  CHECK(challenge.attempts_left() == 5);
  CHECK_FALSE(challenge.verified());
  CHECK(FromProto(challenge.expire_time()) == kNow + absl::Minutes(10));
  CHECK(FromProto(challenge.resend_time()) == kNow + absl::Seconds(60));
  REQUIRE(data.codes_size() == 1);
  CHECK(data.codes(0).channel() == facts.channel);
  CHECK(data.codes(0).challenge_id() == "first");
  CHECK(commit.codes_made == std::vector<absl::Time>{kNow});
  CHECK(data.closure().account() == kAccountName);
  CHECK(data.closure().name() == kName);
  // The idle timer, and the sending.
  REQUIRE(commit.add_tasks.size() == 2);
  CHECK(commit.add_tasks[1].kind() == v1::Task::SEND_CODE);
  CHECK(commit.add_tasks[1].payload().channel() == facts.channel);
  CHECK(commit.add_tasks[1].payload().challenge_id() == "first");
}

TEST_CASE("two codes are two challenges, each with its own address, id and task", "[decide][D9]") {
  const Commit commit = Committed({}, ChangedLately());
  CHECK(commit.history->detail == "identity code by EMAIL and SMS");
  const internal::v1::ClosureData& data = *commit.closure;
  REQUIRE(ChannelsOf(data) == Both());
  CHECK(ChallengeOf(data, 0).masked_address() == "a***@example.com");
  CHECK(ChallengeOf(data, 1).masked_address() == "+86*******0001");
  REQUIRE(data.codes_size() == 2);
  CHECK(data.codes(0).challenge_id() == "first");
  CHECK(data.codes(1).challenge_id() == "second");
  CHECK(commit.codes_made == std::vector<absl::Time>{kNow, kNow});
  REQUIRE(commit.add_tasks.size() == 3);
  CHECK(commit.add_tasks[1].idempotency_key() == fmt::format("{}/code/first", kName));
  CHECK(commit.add_tasks[2].idempotency_key() == fmt::format("{}/code/second", kName));
}

TEST_CASE("a closure keeps the account's language, organization and contact points as they were when it started",
          "[decide][D9][D14]") {
  CreateFacts facts = DecidedClosure::Facts();
  SECTION("what the account has") {
    facts.account.set_language_code("zh-Hans-CN");
    facts.account.set_organization_id("organization-7");
    const internal::v1::ClosureData data = Created(facts);
    CHECK(data.language_code() == "zh-Hans-CN");
    CHECK(data.organization_id() == "organization-7");
    REQUIRE(data.contacts_size() == 2);
    CHECK(data.contacts(0).channel() == v1::EMAIL);
    CHECK(data.contacts(0).address() == "ann@example.com");
    CHECK(data.contacts(1).channel() == v1::SMS);
    CHECK(data.contacts(1).address() == "+8613800000001");
  }
  SECTION("what stands for what it lacks") {
    facts.account.clear_phone();
    const internal::v1::ClosureData data = Created(facts);
    CHECK(data.language_code() == "en");
    CHECK(data.organization_id() == "1000000001");
    REQUIRE(data.contacts_size() == 1);
    CHECK(data.contacts(0).channel() == v1::EMAIL);
  }
  SECTION("a telephone alone") {
    facts.account.clear_email();
    facts.channel = v1::SMS;
    const internal::v1::ClosureData data = Created(facts);
    REQUIRE(data.contacts_size() == 1);
    CHECK(data.contacts(0).channel() == v1::SMS);
    CHECK(ChallengeOf(data, 0).masked_address() == "+86*******0001");
  }
}

TEST_CASE("another code is sent after the spacing, and a refusal says how long to wait", "[decide][R44][D16]") {
  const internal::v1::ClosureData data = Created(ChangedLately());
  const absl::Duration passed = GENERATE(absl::Seconds(20), absl::Seconds(60) - absl::Microseconds(1));
  const absl::Status refused = Answer(data, ResendCode{}, At(kNow + passed));
  CheckRefused(refused, v1::RESEND_TOO_SOON, fmt::format("a code of {} was sent less than 1m ago", kName),
               {{"closure", kName}, {"spacing", "60s"}});
  CHECK(RetryAfter(refused) == absl::Seconds(60) - passed);
  CHECK(Answer(data, ResendCode{}, At(kNow + absl::Seconds(60))).ok());
}

TEST_CASE("the code that was sent last says when another one may be", "[decide][R44][D16]") {
  internal::v1::ClosureData data = Created(ChangedLately());
  const int later = GENERATE(0, 1);
  *data.mutable_closure()->mutable_identity_verification()->mutable_challenges(later)->mutable_resend_time() =
      ToProto(kNow + absl::Seconds(90));
  const absl::Status refused = Answer(data, ResendCode{}, At(kNow + absl::Seconds(60)));
  CHECK(ReasonOf(refused) == v1::RESEND_TOO_SOON);
  CHECK(RetryAfter(refused) == absl::Seconds(30));
  CHECK(Answer(data, ResendCode{}, At(kNow + absl::Seconds(90))).ok());
}

TEST_CASE("one code can be had over the other channel, two stay on both", "[decide][R44][D9]") {
  const Circumstances later = At(kNow + absl::Seconds(60));
  const internal::v1::ClosureData one = Created(DecidedClosure::Facts());
  const auto channels = [&later](const internal::v1::ClosureData& data, v1::Channel wanted) {
    return ChannelsOf(*Committed(data, ResendCode{wanted}, later).closure);
  };
  CHECK(channels(one, v1::SMS) == std::vector<v1::Channel>{v1::SMS});
  CHECK(channels(one, v1::EMAIL) == std::vector<v1::Channel>{v1::EMAIL});
  CHECK(channels(one, v1::CHANNEL_UNSPECIFIED) == std::vector<v1::Channel>{v1::EMAIL});
  const internal::v1::ClosureData two = Created(ChangedLately());
  for (const v1::Channel wanted : {v1::EMAIL, v1::SMS, v1::CHANNEL_UNSPECIFIED}) CHECK(channels(two, wanted) == Both());
}

TEST_CASE("a new code takes the place of the old one, begins anew and is one step of the history",
          "[decide][R44][D16]") {
  internal::v1::ClosureData data = Created(DecidedClosure::Facts());
  data = *Committed(data, CodesGiven{{{v1::EMAIL, false}}}).closure;
  REQUIRE(ChallengeOf(data, 0).attempts_left() == 4);
  const absl::Time later = kNow + absl::Hours(1);
  const Commit commit = Committed(data, ResendCode{v1::SMS}, At(later));
  CHECK(commit.history->event == "code_resent");
  CHECK(commit.codes_made == std::vector<absl::Time>{later});
  const internal::v1::ClosureData& next = *commit.closure;
  REQUIRE(next.codes_size() == 1);
  CHECK(ChallengeOf(next, 0).attempts_left() == 5);
  CHECK(ChallengeOf(next, 0).masked_address() == "+86*******0001");
  CHECK(FromProto(ChallengeOf(next, 0).expire_time()) == later + absl::Minutes(10));
  CHECK(FromProto(next.closure().expire_time()) == later + absl::Hours(24));
}

TEST_CASE("no other code is sent where it cannot be, and the refusal names what is missing", "[decide][R44][D9]") {
  const Circumstances later = At(kNow + absl::Seconds(60));
  CreateFacts facts = DecidedClosure::Facts();
  SECTION("a telephone number") {
    facts.account.clear_phone();
    CheckRefused(Answer(Created(facts), ResendCode{v1::SMS}, later), v1::CONTACT_POINT_MISSING,
                 "accounts/1000000001 has no telephone number",
                 {{"account", kAccountName}, {"channel", "SMS"}, {"demanded", "SMS"}});
  }
  SECTION("a mail address") {
    facts.account.clear_email();
    facts.channel = v1::SMS;
    CheckRefused(Answer(Created(facts), ResendCode{v1::EMAIL}, later), v1::CONTACT_POINT_MISSING,
                 "accounts/1000000001 has no mail address",
                 {{"account", kAccountName}, {"channel", "EMAIL"}, {"demanded", "EMAIL"}});
  }
  SECTION("one of two") {
    internal::v1::ClosureData data = Created(ChangedLately());
    data.mutable_contacts()->RemoveLast();
    CheckRefused(Answer(data, ResendCode{}, later), v1::CONTACT_POINT_MISSING,
                 "accounts/1000000001 has no telephone number",
                 {{"account", kAccountName}, {"channel", "SMS"}, {"demanded", "EMAIL, SMS"}});
  }
}

TEST_CASE("codes that are asked for again count towards the limit of the day", "[decide][R44][D16]") {
  const internal::v1::ClosureData data = Created(ChangedLately());
  Circumstances later = At(kNow + absl::Seconds(60));
  later.codes_today = 18;
  CHECK(Answer(data, ResendCode{}, later).ok());
  later.codes_today = 19;
  const absl::Status refused = Answer(data, ResendCode{}, later);
  CheckRefused(refused, v1::CODE_ATTEMPTS_EXHAUSTED,
               "account 1000000001 was sent 19 identity codes within 24 hours; the limit is 20",
               {{"account", kAccountName}, {"limit", "20"}});
  CHECK(RetryAfter(refused) == absl::Hours(24));
}

v1::Agreement CurrentAgreement() {
  v1::Agreement agreement;
  agreement.set_version("2026-01");
  agreement.set_language_code("zh");
  agreement.set_digest("digest-7");
  agreement.set_current(true);
  return agreement;
}

internal::v1::ClosureData Verified() {
  return *Committed(Created(DecidedClosure::Facts()), CodesGiven{{{v1::EMAIL, true}}}).closure;
}

TEST_CASE("an agreement that is not the current one is refused with its version", "[decide][R45]") {
  v1::Agreement agreement = CurrentAgreement();
  agreement.set_current(false);
  CheckRefused(Answer(Verified(), AgreementGiven{agreement}), v1::AGREEMENT_VERSION_STALE,
               "agreement version 2026-01 is not the current one; read it again and agree to that",
               {{"version", "2026-01"}});
}

TEST_CASE("which agreement was agreed to, when and by whom is kept", "[decide][R45][R46]") {
  const Commit commit = Committed(Verified(), AgreementGiven{CurrentAgreement()});
  const v1::Closure& closure = commit.closure->closure();
  CHECK(closure.state() == v1::Closure::CHECKING);
  CHECK(closure.agreement_acceptance().version() == "2026-01");
  CHECK(closure.agreement_acceptance().language_code() == "zh");
  CHECK(closure.agreement_acceptance().digest() == "digest-7");
  CHECK(closure.agreement_acceptance().actor() == "root:1000000001");
  CHECK(FromProto(closure.agreement_acceptance().accept_time()) == kNow);
  REQUIRE(commit.consents.size() == 1);
  CHECK(commit.consents[0].kind() == v1::Consent::AGREEMENT);
  CHECK(commit.consents[0].version() == "2026-01");
  // The language that was read, which need not be the account's.
  CHECK(commit.consents[0].language_code() == "zh");
  CHECK(commit.history->detail == "version 2026-01, language zh");
}

TEST_CASE("what an owner asks for at the wrong time is refused, and the refusal says what can be asked instead",
          "[decide][D1][R45]") {
  const auto check = [](const Happening& happening, const std::string& asked, const std::string& action) {
    CheckRefused(Answer(Created(DecidedClosure::Facts()), happening), v1::STATE_NOT_ALLOWED,
                 fmt::format("closure {} is IDENTITY_PENDING, where {} is not possible; possible now: sending a new "
                             "identity code, verifying the identity, cancelling",
                             kName, asked),
                 {{"closure", kName},
                  {"state", "IDENTITY_PENDING"},
                  {"action", action},
                  {"possible", "ResendCode, VerifyIdentity, CancelClosure"}});
  };
  check(AgreementGiven{CurrentAgreement()}, "agreeing to the account cancellation agreement", "ACCEPT_AGREEMENT");
  check(Recheck{}, "checking again", "RECHECK");
}

}  // namespace
}  // namespace closure
