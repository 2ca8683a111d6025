// SPDX-License-Identifier: Apache-2.0
// That what several judges ask of a closure can be broken, and is named then.
#include "tests/support/sound_closure.h"

#include <string>

#include "catch2/catch.hpp"

namespace closure {
namespace {

using Catch::Matchers::StartsWith;
using internal::v1::ClosureData;

constexpr absl::Time kEnd = absl::FromUnixSeconds(1'782'896'400);
constexpr absl::Duration kPromised = absl::Hours(168);

// On its way to a silent period, with everything that has to be there before.
v1::Closure Confirmed() {
  v1::Closure closure;
  *closure.mutable_identity_verification()->mutable_verify_time() = ToProto(kEnd);
  closure.mutable_agreement_acceptance()->set_version("2026-01");
  closure.set_reason(v1::Closure::NO_LONGER_NEEDED);
  *closure.mutable_confirm_time() = ToProto(kEnd);
  closure.mutable_scan()->set_clean(true);
  closure.mutable_scan()->set_phase(v1::CONFIRM);
  closure.mutable_scan()->set_number(4);
  return closure;
}

TEST_CASE("no step on the way to an end may be left out", "[judges]") {
  using C = v1::Closure;
  CHECK(FaultOfDirection(C::CONFIRMING, C::SILENT_PERIOD) == "");
  CHECK(FaultOfDirection(C::SILENT_PERIOD, C::FINAL_CHECK) == "");
  CHECK(FaultOfDirection(C::FINAL_CHECK, C::DELETING) == "");
  CHECK(FaultOfDirection(C::DELETING, C::CLOSED) == "");
  CHECK(FaultOfDirection(C::RESTORING, C::ABORTED) == "");
  CHECK_THAT(FaultOfDirection(C::READY, C::SILENT_PERIOD), StartsWith("N1: "));
  CHECK_THAT(FaultOfDirection(C::CONFIRMING, C::FINAL_CHECK), StartsWith("N2: "));
  CHECK_THAT(FaultOfDirection(C::CONFIRMING, C::DELETING), StartsWith("N3: "));
  CHECK_THAT(FaultOfDirection(C::FINAL_CHECK, C::CLOSED), StartsWith("S2: "));
  CHECK_THAT(FaultOfDirection(C::FINAL_CHECK, C::ABORTED), StartsWith("L4: "));
  CHECK_THAT(FaultOfDirection(C::SILENT_PERIOD, C::CANCELLED), StartsWith("S4: "));
  CHECK_THAT(FaultOfDirection(C::CLOSED, C::RESTORING), StartsWith("S5: "));
  CHECK_THAT(FaultOfDirection(C::RESTORING, C::DELETING), StartsWith("N10: "));
}

TEST_CASE("a change counts its versions, moves its fence with its state, and keeps the day that was told", "[judges]") {
  ClosureData before;
  before.set_version(3);
  before.set_fence(2);
  before.mutable_closure()->set_state(v1::Closure::SILENT_PERIOD);
  *before.mutable_closure()->mutable_silent_period_end_time() = ToProto(kEnd);
  ClosureData after = before;
  CHECK_THAT(FaultOfChange(before, after), StartsWith("S18: "));
  after.set_version(4);
  CHECK(FaultOfChange(before, after) == "");
  after.set_fence(3);
  CHECK_THAT(FaultOfChange(before, after), StartsWith("N6: "));
  after.mutable_closure()->set_state(v1::Closure::FINAL_CHECK);
  CHECK(FaultOfChange(before, after) == "");
  after.set_fence(2);
  CHECK_THAT(FaultOfChange(before, after), StartsWith("N6: "));
  after.set_fence(3);
  *after.mutable_closure()->mutable_silent_period_end_time() = ToProto(kEnd - absl::Seconds(1));
  CHECK_THAT(FaultOfChange(before, after), StartsWith("N2: "));
}

TEST_CASE("a silent period needs all that comes before it", "[judges]") {
  CHECK(FaultOfEntry(Confirmed(), 3) == "");
  CHECK_THAT(FaultOfEntry(Confirmed(), 4), StartsWith("N1: "));
  v1::Closure closure = Confirmed();
  SECTION("the identity") { closure.clear_identity_verification(); }
  SECTION("the agreement") { closure.clear_agreement_acceptance(); }
  SECTION("the reason") { closure.clear_reason(); }
  SECTION("the confirmation") { closure.clear_confirm_time(); }
  SECTION("a scan after it") { closure.mutable_scan()->set_phase(v1::SCAN); }
  SECTION("that is clean") { closure.mutable_scan()->set_clean(false); }
  CHECK_THAT(FaultOfEntry(closure, 3), StartsWith("N1: "));
}

TEST_CASE("a silent period ends on no clock before its end, with its acts done", "[judges]") {
  v1::Closure closure;
  *closure.mutable_silent_period_end_time() = ToProto(kEnd);
  closure.add_participants()->set_status(v1::ParticipantProgress::DONE);
  CHECK(FaultOfElapse(closure, kEnd, kPromised, kPromised) == "");
  CHECK_THAT(FaultOfElapse(closure, kEnd - absl::Seconds(1), kPromised, kPromised), StartsWith("N2: "));
  CHECK_THAT(FaultOfElapse(closure, kEnd, kPromised - absl::Seconds(1), kPromised), StartsWith("S3: "));
  closure.add_participants()->set_status(v1::ParticipantProgress::PERFORMING);
  CHECK_THAT(FaultOfElapse(closure, kEnd, kPromised, kPromised), StartsWith("N2: "));
}

TEST_CASE("a deletion needs a silent period and a clean final check", "[judges]") {
  v1::Closure closure;
  closure.mutable_scan()->set_clean(true);
  closure.mutable_scan()->set_phase(v1::FINAL);
  CHECK_THAT(FaultOfDeletion(closure), StartsWith("N3: "));
  *closure.mutable_silent_period_end_time() = ToProto(kEnd);
  CHECK(FaultOfDeletion(closure) == "");
  closure.mutable_scan()->set_phase(v1::CONFIRM);
  CHECK_THAT(FaultOfDeletion(closure), StartsWith("N3: "));
}

}  // namespace
}  // namespace closure
