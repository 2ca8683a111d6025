// SPDX-License-Identifier: Apache-2.0
// A guess at an identity code is paid for with an attempt, or it tells nothing: every answer and every commit is the
// same whether a guess that was not counted was right (R44, D9, D16).
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/error_details.h"

namespace closure {
namespace {

using v1::Closure;
using Challenge = v1::IdentityVerification::Challenge;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

enum class Standing { kNotDemanded, kOpen, kLastAttempt, kExhausted, kExpired, kVerified };
constexpr Standing kStandings[] = {Standing::kNotDemanded, Standing::kOpen,    Standing::kLastAttempt,
                                   Standing::kExhausted,   Standing::kExpired, Standing::kVerified};

void AddChallenge(v1::Channel channel, Standing standing, Closure& closure) {
  if (standing == Standing::kNotDemanded) return;
  Challenge& challenge = *closure.mutable_identity_verification()->add_challenges();
  challenge.set_channel(channel);
  challenge.set_attempts_left(standing == Standing::kExhausted ? 0 : standing == Standing::kLastAttempt ? 1 : 5);
  challenge.set_verified(standing == Standing::kVerified);
  const absl::Duration left = standing == Standing::kExpired ? -absl::Seconds(1) : absl::Minutes(5);
  *challenge.mutable_expire_time() = ToProto(kNow + left);
}

internal::v1::ClosureData WaitingForCodes(Standing email, Standing sms) {
  internal::v1::ClosureData data;
  data.set_account_id("1000000001");
  data.set_closure_id("0123456789abcdef0123456789abcdef");
  data.set_version(3);
  data.set_fence(1);
  *data.mutable_policy()->mutable_code_lifetime() = ToProto(absl::Minutes(10));
  *data.mutable_policy()->mutable_idle_expiry_before_agreement() = ToProto(absl::Hours(24));
  Closure& closure = *data.mutable_closure();
  closure.set_name("accounts/1000000001/closures/0123456789abcdef0123456789abcdef");
  closure.set_state(Closure::IDENTITY_PENDING);
  closure.set_revision(3);
  *closure.mutable_expire_time() = ToProto(kNow + absl::Hours(1));
  AddChallenge(v1::EMAIL, email, closure);
  AddChallenge(v1::SMS, sms, closure);
  return data;
}

Circumstances Quiet() {
  Circumstances circumstances;
  circumstances.now = kNow;
  circumstances.actor = "root:1000000001";
  return circumstances;
}

// All that the owner, or anybody who looks, can learn.
struct Outcome {
  std::string seen;
  int attempts_left = 0;
};

int AttemptsLeft(const Closure& closure) {
  int left = 0;
  for (const Challenge& challenge : closure.identity_verification().challenges()) left += challenge.attempts_left();
  return left;
}

// With the details' values; protobuf writes the bytes of a map in any order.
std::string InWords(const absl::Status& status) {
  if (status.ok()) return "OK";
  std::string text = fmt::format("{} {} {}", absl::StatusCodeToString(status.code()),
                                 v1::ErrorReason_Name(ReasonOf(status)), std::string(status.message()));
  for (const auto& [key, value] : MetadataOf(status)) text += fmt::format(" {}={}", key, value);
  return text;
}

// Everything that a decision about codes commits.
std::string InWords(const Commit& commit) {
  std::string text = commit.closure->ShortDebugString();
  if (commit.history.has_value()) text += fmt::format(" {} {}", commit.history->event, commit.history->detail);
  for (const internal::v1::TaskData& task : commit.add_tasks) text += " + " + task.ShortDebugString();
  return text + fmt::format(" {} consents, {} codes, {} items, drops tasks: {}", commit.consents.size(),
                            commit.codes_made.size(), commit.items.size(), commit.drop_state_tasks);
}

Outcome Give(const internal::v1::ClosureData& data, const CodesGiven& given) {
  const absl::StatusOr<Decision> decision = Decide(data, given, Quiet());
  if (!decision.ok()) return {InWords(decision.status()), AttemptsLeft(data.closure())};
  return {InWords(decision->reply) + " " + InWords(decision->commit),
          AttemptsLeft(decision->commit.closure->closure())};
}

// Every request with at most one code for each channel, and one without a channel.
std::vector<std::vector<v1::Channel>> Requests() {
  return {{v1::EMAIL},
          {v1::SMS},
          {v1::CHANNEL_UNSPECIFIED},
          {v1::EMAIL, v1::SMS},
          {v1::SMS, v1::EMAIL},
          {v1::EMAIL, v1::CHANNEL_UNSPECIFIED},
          {v1::CHANNEL_UNSPECIFIED, v1::SMS}};
}

CodesGiven CodesOf(const std::vector<v1::Channel>& channels, unsigned right) {
  CodesGiven given;
  for (std::size_t i = 0; i < channels.size(); ++i) given.codes.push_back({channels[i], ((right >> i) & 1U) != 0});
  return given;
}

// The same request with one code left out.
int AttemptsWithout(const internal::v1::ClosureData& data, CodesGiven given, std::size_t index) {
  given.codes.erase(given.codes.begin() + static_cast<std::ptrdiff_t>(index));
  return given.codes.empty() ? AttemptsLeft(data.closure()) : Give(data, given).attempts_left;
}

TEST_CASE("a guess at a code that is not counted tells nothing, in every standing of both codes",
          "[decide][R44][D9][D16]") {
  int uncounted = 0;
  int counted = 0;
  for (const Standing email : kStandings) {
    for (const Standing sms : kStandings) {
      const internal::v1::ClosureData data = WaitingForCodes(email, sms);
      for (const std::vector<v1::Channel>& channels : Requests()) {
        for (unsigned right = 0; right < 1U << channels.size(); ++right) {
          for (std::size_t guess = 0; guess < channels.size(); ++guess) {
            if (((right >> guess) & 1U) != 0) continue;
            const CodesGiven wrong = CodesOf(channels, right);
            const Outcome outcome = Give(data, wrong);
            if (outcome.attempts_left < AttemptsWithout(data, wrong, guess)) {
              ++counted;
              continue;
            }
            ++uncounted;
            INFO(static_cast<int>(email) << " " << static_cast<int>(sms) << " request " << channels.size() << " right "
                                         << right << " guess " << guess);
            CHECK(outcome.seen == Give(data, CodesOf(channels, right | 1U << guess)).seen);
          }
        }
      }
    }
  }
  // Both kinds are among them, or the test proves nothing.
  CHECK(uncounted > 100);
  CHECK(counted > 50);
}

}  // namespace
}  // namespace closure
