// SPDX-License-Identifier: Apache-2.0
// What an owner is told who gives identity codes, and which of them are still demanded.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "google/rpc/error_details.pb.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/decided_closure.h"
#include "tests/support/one_decision.h"

namespace closure {
namespace {

using v1::Closure;
using Challenge = v1::IdentityVerification::Challenge;

const std::string kName = "accounts/1000000001/closures/0123456789abcdef0123456789abcdef";
const std::string kEmailCode = "identity code by EMAIL of " + kName;
const std::string kSmsCode = "identity code by SMS of " + kName;

internal::v1::ClosureData WithOneCode() { return Created(DecidedClosure::Facts()); }
internal::v1::ClosureData WithTwoCodes() { return Created(ChangedLately()); }

Challenge& ChallengeOf(internal::v1::ClosureData& data, int index) {
  return *data.mutable_closure()->mutable_identity_verification()->mutable_challenges(index);
}

// The closure after codes were given, whatever the owner was told.
internal::v1::ClosureData After(const internal::v1::ClosureData& data, const CodesGiven& given) {
  return *Committed(data, given).closure;
}

v1::IdentityVerification Demanding(const std::vector<std::pair<v1::Channel, bool>>& codes) {
  v1::IdentityVerification verification;
  for (const auto& [channel, verified] : codes) {
    Challenge& challenge = *verification.add_challenges();
    challenge.set_channel(channel);
    challenge.set_verified(verified);
  }
  return verification;
}

TEST_CASE("a code without a channel is for the only code that is still demanded", "[decide][R44][D9]") {
  constexpr bool kVerified = true;
  constexpr bool kOpen = false;
  const auto only = [](const std::vector<std::pair<v1::Channel, bool>>& codes) {
    return v1::Channel_Name(OnlyDemandedChannel(Demanding(codes)));
  };
  CHECK(only({{v1::EMAIL, kOpen}}) == "EMAIL");
  CHECK(only({{v1::SMS, kOpen}}) == "SMS");
  CHECK(only({{v1::EMAIL, kVerified}, {v1::SMS, kOpen}}) == "SMS");
  CHECK(only({{v1::EMAIL, kOpen}, {v1::SMS, kVerified}}) == "EMAIL");
  // None is where several are demanded, or nothing is.
  CHECK(only({{v1::EMAIL, kOpen}, {v1::SMS, kOpen}}) == "CHANNEL_UNSPECIFIED");
  CHECK(only({{v1::EMAIL, kVerified}, {v1::SMS, kVerified}}) == "CHANNEL_UNSPECIFIED");
  CHECK(only({{v1::EMAIL, kVerified}}) == "CHANNEL_UNSPECIFIED");
  CHECK(only({}) == "CHANNEL_UNSPECIFIED");
}

TEST_CASE("identity codes are neither sent nor taken when the identity is verified already", "[decide][R44]") {
  const internal::v1::ClosureData verified = After(WithOneCode(), CodesGiven{{{v1::EMAIL, true}}});
  REQUIRE(verified.closure().state() == Closure::AGREEMENT_PENDING);
  const auto check = [&verified](const Happening& happening, const std::string& asked, const std::string& action) {
    const std::string possible = "possible now: agreeing to the account cancellation agreement, cancelling";
    CheckRefused(Answer(verified, happening, At(kNow + absl::Hours(1))), v1::STATE_NOT_ALLOWED,
                 fmt::format("closure {} is AGREEMENT_PENDING, where {} is not possible; {}", kName, asked, possible),
                 {{"closure", kName},
                  {"state", "AGREEMENT_PENDING"},
                  {"action", action},
                  {"possible", "AcceptAgreement, CancelClosure"}});
  };
  check(ResendCode{}, "sending a new identity code", "RESEND_CODE");
  check(CodesGiven{{{v1::EMAIL, true}}}, "verifying the identity", "VERIFY_IDENTITY");
}

void CheckFieldRefused(const absl::Status& status, const std::string& fault, const std::string& demanded) {
  CheckRefused(status, v1::FIELD_INVALID, "codes.channel: " + fault,
               {{"field", "codes.channel"}, {"demanded", demanded}});
  const auto bad_request = FindDetail<google::rpc::BadRequest>(status);
  REQUIRE(bad_request.has_value());
  REQUIRE(bad_request->field_violations_size() == 1);
  CHECK(bad_request->field_violations(0).field() == "codes.channel");
  CHECK(bad_request->field_violations(0).description() == fault);
}

TEST_CASE("a code that nobody demanded is refused with those that are demanded, and nothing is counted",
          "[decide][R44][D9]") {
  SECTION("of two no channel says which") {
    CheckFieldRefused(Answer(WithTwoCodes(), CodesGiven{{{v1::CHANNEL_UNSPECIFIED, true}}}),
                      "codes by EMAIL, SMS are demanded, so each must name its channel", "EMAIL, SMS");
  }
  SECTION("another channel than the only one") {
    CheckFieldRefused(Answer(WithOneCode(), CodesGiven{{{v1::SMS, true}}}), "no code by SMS is demanded, but by EMAIL",
                      "EMAIL");
  }
  SECTION("beside one that is right") {
    const absl::StatusOr<Decision> decision =
        Decide(WithOneCode(), CodesGiven{{{v1::EMAIL, true}, {v1::SMS, false}}}, At(kNow));
    CheckFieldRefused(decision.status(), "no code by SMS is demanded, but by EMAIL", "EMAIL");
  }
  SECTION("what was verified already is not demanded any more") {
    internal::v1::ClosureData data = WithTwoCodes();
    const int verified = GENERATE(0, 1);
    ChallengeOf(data, verified).set_verified(true);
    const std::string open = verified == 0 ? "SMS" : "EMAIL";
    CheckFieldRefused(Answer(data, CodesGiven{{{v1::CHANNEL_UNSPECIFIED, true}}}),
                      fmt::format("codes by {} are demanded, so each must name its channel", open), open);
  }
}

TEST_CASE("a wrong code tells how many attempts are left, and the last one that they are used up",
          "[decide][R44][D16]") {
  internal::v1::ClosureData data = WithOneCode();
  for (int left = 4; left >= 0; --left) {
    const CodesGiven wrong{{{v1::EMAIL, false}}};
    const std::string message = left > 0 ? " is wrong; attempts left: " + std::to_string(left)
                                         : " is wrong and its attempts are used up; ask for a new one";
    CheckRefused(Answer(data, wrong), left > 0 ? v1::CODE_WRONG : v1::CODE_ATTEMPTS_EXHAUSTED,
                 "the " + kEmailCode + message,
                 {{"closure", kName}, {"channel", "EMAIL"}, {"attemptsLeft", std::to_string(left)}});
    const Commit commit = Committed(data, wrong);
    CHECK(commit.history->event == "code_refused");
    CHECK(commit.history->detail.empty());
    data = *commit.closure;
    CHECK(ChallengeOf(data, 0).attempts_left() == left);
    CHECK(data.closure().state() == Closure::IDENTITY_PENDING);
  }
}

TEST_CASE("a code that is expired or out of attempts is not compared, and leaves no trace", "[decide][R44][D16]") {
  internal::v1::ClosureData data = WithTwoCodes();
  const bool right = GENERATE(true, false);
  const CodesGiven email{{{v1::EMAIL, right}}};
  SECTION("out of attempts") {
    ChallengeOf(data, 0).set_attempts_left(0);
    const absl::StatusOr<Decision> decision = Decide(data, email, At(kNow));
    CheckRefused(decision.status(), v1::CODE_ATTEMPTS_EXHAUSTED,
                 "the attempts of the " + kEmailCode + " are used up; ask for a new one",
                 {{"closure", kName}, {"channel", "EMAIL"}});
  }
  SECTION("expired") {
    const absl::StatusOr<Decision> decision = Decide(data, email, At(kNow + absl::Minutes(10)));
    CheckRefused(decision.status(), v1::CODE_EXPIRED, "the " + kEmailCode + " has expired; ask for a new one",
                 {{"closure", kName}, {"channel", "EMAIL"}});
  }
  SECTION("both, one for each reason: the first is told") {
    ChallengeOf(data, 0).set_attempts_left(0);
    const CodesGiven both{{{v1::SMS, right}, {v1::EMAIL, right}}};
    const absl::StatusOr<Decision> decision = Decide(data, both, At(kNow + absl::Minutes(10)));
    CheckRefused(decision.status(), v1::CODE_EXPIRED, "the " + kSmsCode + " has expired; ask for a new one",
                 {{"closure", kName}, {"channel", "SMS"}});
  }
}

TEST_CASE("of two codes both are needed, together or one after the other in any order", "[decide][R44][D9]") {
  const internal::v1::ClosureData data = WithTwoCodes();
  SECTION("together") {
    const Commit commit = Committed(data, CodesGiven{{{v1::EMAIL, true}, {v1::SMS, true}}});
    CHECK(commit.closure->closure().state() == Closure::AGREEMENT_PENDING);
    CHECK(FromProto(commit.closure->closure().identity_verification().verify_time()) == kNow);
    CHECK(commit.closure->codes().empty());
  }
  SECTION("one after the other") {
    const v1::Channel first = GENERATE(v1::EMAIL, v1::SMS);
    const v1::Channel second = first == v1::EMAIL ? v1::SMS : v1::EMAIL;
    CHECK(Answer(data, CodesGiven{{{first, true}}}).ok());
    const Commit one = Committed(data, CodesGiven{{{first, true}}});
    CHECK(one.closure->closure().state() == Closure::IDENTITY_PENDING);
    CHECK(one.history->event == "code_accepted");
    CHECK(one.history->detail == "another code is still demanded");
    CHECK(one.closure->codes_size() == 2);
    const internal::v1::ClosureData both = After(*one.closure, CodesGiven{{{second, true}}});
    CHECK(both.closure().state() == Closure::AGREEMENT_PENDING);
  }
}

TEST_CASE("of two codes each counts for itself", "[decide][R44][D9][D16]") {
  internal::v1::ClosureData data = WithTwoCodes();
  const bool email = GENERATE(true, false);
  const CodesGiven given{{{v1::EMAIL, email}, {v1::SMS, !email}}};
  CheckRefused(Answer(data, given), v1::CODE_WRONG,
               "the " + (email ? kSmsCode : kEmailCode) + " is wrong; attempts left: 4",
               {{"closure", kName}, {"channel", email ? "SMS" : "EMAIL"}, {"attemptsLeft", "4"}});
  data = After(data, given);
  CHECK(data.closure().state() == Closure::IDENTITY_PENDING);
  CHECK(ChallengeOf(data, 0).verified() == email);
  CHECK(ChallengeOf(data, 0).attempts_left() == (email ? 5 : 4));
  CHECK(ChallengeOf(data, 1).verified() != email);
  CHECK(ChallengeOf(data, 1).attempts_left() == (email ? 4 : 5));
}

TEST_CASE("a code that was verified stays so when it is given again, and takes no attempt", "[decide][R44][D9]") {
  internal::v1::ClosureData data = After(WithTwoCodes(), CodesGiven{{{v1::EMAIL, true}}});
  SECTION("with the other one right the identity is verified") {
    const bool again = GENERATE(true, false);
    data = After(data, CodesGiven{{{v1::EMAIL, again}, {v1::SMS, true}}});
    CHECK(data.closure().state() == Closure::AGREEMENT_PENDING);
  }
  SECTION("alone it changes nothing that is demanded") {
    CHECK(Answer(data, CodesGiven{{{v1::EMAIL, false}}}).ok());
    data = After(data, CodesGiven{{{v1::EMAIL, false}}});
    CHECK(data.closure().state() == Closure::IDENTITY_PENDING);
    CHECK(ChallengeOf(data, 0).verified());
    CHECK(ChallengeOf(data, 0).attempts_left() == 5);
    CHECK_FALSE(ChallengeOf(data, 1).verified());
  }
  SECTION("beside one that is expired it leaves no trace") {
    const absl::StatusOr<Decision> decision =
        Decide(data, CodesGiven{{{v1::EMAIL, true}, {v1::SMS, true}}}, At(kNow + absl::Minutes(10)));
    CHECK(ReasonOf(decision.status()) == v1::CODE_EXPIRED);
  }
}

TEST_CASE("a wrong code is counted also beside one that is not compared", "[decide][R44][D9]") {
  internal::v1::ClosureData data = WithTwoCodes();
  const int spent = GENERATE(0, 1);
  ChallengeOf(data, spent).set_attempts_left(0);
  const CodesGiven given{{{v1::EMAIL, false}, {v1::SMS, false}}};
  CHECK(ReasonOf(Answer(data, given)) == (spent == 0 ? v1::CODE_ATTEMPTS_EXHAUSTED : v1::CODE_WRONG));
  data = After(data, given);
  CHECK(ChallengeOf(data, 1 - spent).attempts_left() == 4);
  CHECK(ChallengeOf(data, spent).attempts_left() == 0);
}

TEST_CASE("a request with a wrong code does not verify the identity, even when the right one comes with it",
          "[decide][R44][D16]") {
  const CodesGiven given{{{v1::EMAIL, false}, {v1::EMAIL, true}}};
  CHECK(ReasonOf(Answer(WithOneCode(), given)) == v1::CODE_WRONG);
  const Commit commit = Committed(WithOneCode(), given);
  CHECK(commit.closure->closure().state() == Closure::IDENTITY_PENDING);
  CHECK(commit.history->event == "code_refused");
}

TEST_CASE("no code at all verifies nothing", "[decide][R44]") {
  internal::v1::ClosureData data = After(WithTwoCodes(), CodesGiven{});
  CHECK(data.closure().state() == Closure::IDENTITY_PENDING);
  CHECK_FALSE(ChallengeOf(data, 0).verified());
  CHECK_FALSE(ChallengeOf(data, 1).verified());
}

}  // namespace
}  // namespace closure
