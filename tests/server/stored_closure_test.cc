// SPDX-License-Identifier: Apache-2.0
#include "server/stored_closure.h"

#include <catch2/catch.hpp>
#include <string>

#include "checkers/proto_time.h"
#include "server/closure_view.h"
#include "tests/storage/sample_commits.h"

namespace closure {
namespace {

using internal::v1::ClosureData;

constexpr char kName[] = "accounts/1001/closures/c1";

// A closure with something of everything that time or a wait depends on.
ClosureData Sample(v1::Closure::State state) {
  ClosureData data = *Creation({.account_id = "1001", .closure_id = "c1"}).closure;
  v1::Closure& closure = *data.mutable_closure();
  closure.set_state(state);
  closure.set_revision(7);
  closure.set_reason_text("why");
  *closure.mutable_scan()->mutable_fresh_until_time() = ToProto(kNow + absl::Minutes(30));
  closure.mutable_scan()->add_checkers()->set_checker("billing");
  *closure.mutable_silent_period_end_time() = ToProto(kNow + absl::Hours(2));
  closure.mutable_hold()->set_reason("a legal hold");
  auto& challenge = *closure.mutable_identity_verification()->add_challenges();
  challenge.set_attempts_left(5);
  *challenge.mutable_expire_time() = ToProto(kNow + absl::Minutes(10));
  *data.mutable_policy()->mutable_scan_freshness() = ToProto(absl::Minutes(30));
  *data.mutable_policy()->mutable_code_lifetime() = ToProto(absl::Minutes(10));
  return data;
}

StoredClosure MustRead(const std::string& bytes) {
  absl::StatusOr<StoredClosure> read = ReadStoredClosure(bytes, kName);
  REQUIRE(read.ok());
  return *std::move(read);
}

std::string Shown(const StoredClosure& stored, absl::Time now) {
  v1::Closure shown;
  REQUIRE(shown.ParseFromArray(stored.lasting_part.begin(), static_cast<int>(stored.lasting_part.size())));
  shown.MergeFrom(TimedPart(stored.facts, now));
  return shown.SerializeAsString();
}

TEST_CASE("what is kept of a closure shows all of it, at every time and in every state", "[cache]") {
  for (int number = v1::Closure::State_MIN; number <= v1::Closure::State_MAX; ++number) {
    const ClosureData data = Sample(static_cast<v1::Closure::State>(number));
    const StoredClosure stored = MustRead(data.SerializeAsString());
    for (const absl::Duration later : {absl::ZeroDuration(), absl::Minutes(10), absl::Minutes(30), absl::Hours(2)}) {
      INFO(v1::Closure::State_Name(data.closure().state()) << " after " << absl::FormatDuration(later));
      CHECK(Shown(stored, kNow + later) == Present(data, kNow + later).SerializeAsString());
    }
  }
}

TEST_CASE("what is kept tells a watch and a wait what they go by", "[cache]") {
  ClosureData data = Sample(v1::Closure::SILENT_PERIOD);
  *data.mutable_closure()->mutable_personal_data_erase_time() = ToProto(kNow);
  const ClosureData facts = MustRead(data.SerializeAsString()).facts;
  CHECK(facts.account_id() == "1001");
  CHECK(facts.closure_id() == "c1");
  CHECK(facts.closure().revision() == 7);
  CHECK(facts.closure().hold().reason() == "a legal hold");
  CHECK(facts.closure().has_personal_data_erase_time());
  CHECK(facts.closure().reason_text().empty());
}

TEST_CASE("bytes that this program does not write in this order are shown all the same", "[cache]") {
  const ClosureData data = Sample(v1::Closure::READY);
  const std::string expected = Present(data, kNow).SerializeAsString();
  ClosureData closure;
  *closure.mutable_closure() = data.closure();
  ClosureData others = data;
  others.clear_closure();
  SECTION("the closure comes last") {
    CHECK(Shown(MustRead(others.SerializeAsString() + closure.SerializeAsString()), kNow) == expected);
  }
  SECTION("it comes in two pieces") {
    ClosureData rest = closure;
    closure.mutable_closure()->clear_scan();
    rest.mutable_closure()->Clear();
    *rest.mutable_closure()->mutable_scan() = data.closure().scan();
    CHECK(Shown(MustRead(closure.SerializeAsString() + rest.SerializeAsString() + others.SerializeAsString()), kNow) ==
          expected);
  }
  SECTION("what depends on the time is stored") {
    ClosureData timed = data;
    timed.mutable_closure()->add_allowed_actions(v1::Closure::VERIFY_IDENTITY);
    timed.mutable_closure()->add_waits()->set_kind(v1::Wait::HOLD);
    *timed.mutable_closure()->mutable_silent_period_remaining() = ToProto(absl::Hours(1));
    CHECK(Shown(MustRead(timed.SerializeAsString()), kNow) == expected);
  }
}

TEST_CASE("bytes that are no closure are refused by name", "[cache]") {
  const absl::Status refused = ReadStoredClosure("\xff", kName).status();
  CHECK(absl::IsInternal(refused));
  CHECK_THAT(std::string(refused.message()), Catch::Contains(kName));
}

}  // namespace
}  // namespace closure
