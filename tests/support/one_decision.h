// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_ONE_DECISION_H_
#define CLOSURE_TESTS_SUPPORT_ONE_DECISION_H_

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checkers/proto_time.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/decided_closure.h"
#include "tests/support/error_details.h"

// One decision at a time, on a closure and in circumstances that a test makes itself, for what the one life of a
// DecidedClosure does not show; and all that a refusal says.
namespace closure {

inline const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

inline Circumstances At(absl::Time now) {
  Circumstances circumstances;
  circumstances.now = now;
  circumstances.actor = "root:1000000001";
  circumstances.challenge_ids = {"first", "second"};
  return circumstances;
}

// What comes with the result of a task of this kind, for this channel.
inline Circumstances AtTask(v1::Task::Kind kind, v1::Channel channel, absl::Time now = kNow) {
  Circumstances circumstances = At(now);
  internal::v1::TaskData& task = circumstances.task.emplace();
  task.set_id(7);
  task.set_kind(kind);
  task.mutable_payload()->set_channel(channel);
  return circumstances;
}

// The transaction of a decision that changes the closure.
inline Commit Committed(const internal::v1::ClosureData& data, const Happening& happening,
                        const Circumstances& circumstances = At(kNow)) {
  absl::StatusOr<Decision> decision = Decide(data, happening, circumstances);
  REQUIRE(decision.ok());
  REQUIRE(decision->commit.closure.has_value());
  return std::move(decision->commit);
}

// What the caller is told, with a commit or without one.
inline absl::Status Answer(const internal::v1::ClosureData& data, const Happening& happening,
                           const Circumstances& circumstances = At(kNow)) {
  const absl::StatusOr<Decision> decision = Decide(data, happening, circumstances);
  return decision.ok() ? decision->reply : decision.status();
}

// An account whose contact point changed lately, so that a code is demanded on both channels (D9).
inline CreateFacts ChangedLately() {
  CreateFacts facts = DecidedClosure::Facts();
  *facts.account.mutable_email()->mutable_change_time() = ToProto(kNow - absl::Hours(1));
  return facts;
}

inline internal::v1::ClosureData Created(const CreateFacts& facts) { return *Committed({}, facts).closure; }

using Metadata = std::map<std::string, std::string>;

// That an error has this reason, says this and no other thing to people, and these and no other things to programs.
inline void CheckRefused(const absl::Status& status, v1::ErrorReason reason, const std::string& message,
                         const Metadata& metadata) {
  CHECK(v1::ErrorReason_Name(ReasonOf(status)) == v1::ErrorReason_Name(reason));
  CHECK(std::string(status.message()) == message);
  CHECK(MetadataOf(status) == metadata);
}

// How long the caller is asked to wait; nothing when it is not said that waiting helps.
inline std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const auto info = FindDetail<google::rpc::RetryInfo>(status);
  if (!info.has_value()) return std::nullopt;
  return FromProto(info->retry_delay());
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_ONE_DECISION_H_
