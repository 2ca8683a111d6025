// SPDX-License-Identifier: Apache-2.0
#include "checkers/resources/resources_checker.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "fmt/format.h"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::Ask;
using testing::At;
using testing::FakeCloud;
using testing::TestNow;
using testing::TestRequest;
namespace up = upstream::v1;

up::Resource MakeResource(const std::string& id) {
  up::Resource resource;
  resource.set_resource_id(id);
  resource.set_product("ecs");
  resource.set_type("instance");
  resource.set_region_code("cn-hangzhou");
  resource.set_display_name("web " + id);
  resource.set_charge_type(up::Resource::PAY_AS_YOU_GO);
  resource.set_state("Running");
  resource.set_releasable(true);
  resource.set_console_uri("https://ecs.example.com/instances/" + id);
  return resource;
}

up::Resource MakeSubscription(const std::string& id, absl::Time expire_time) {
  up::Resource resource = MakeResource(id);
  resource.set_charge_type(up::Resource::SUBSCRIPTION);
  *resource.mutable_expire_time() = At(expire_time);
  return resource;
}

// What the checker says of an account with these instances on one page.
absl::StatusOr<CheckAnswer> AskAbout(std::vector<up::Resource> resources) {
  FakeCloud cloud;
  cloud.resources.list = [&](const auto&, up::ListResourcesResponse* page) {
    for (const up::Resource& resource : resources) *page->add_resources() = resource;
    return grpc::Status::OK;
  };
  ResourcesChecker checker(cloud.upstreams().resource, {});
  return Ask(checker);
}

// A list of `count` instances, served page by page as asked; returns how many calls it took.
void Serve(FakeCloud& cloud, int count, int& calls) {
  cloud.resources.list = [count, &calls](const up::ListResourcesRequest& request, up::ListResourcesResponse* page) {
    ++calls;
    int begin = 0;
    if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &begin)) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "page_token");
    }
    const int end = std::min(count, begin + request.page_size());
    for (int i = begin; i < end; ++i) *page->add_resources() = MakeResource(fmt::format("i-{:05}", i));
    if (end < count) page->set_next_page_token(std::to_string(end));
    return grpc::Status::OK;
  };
}

TEST_CASE("a pay-as-you-go instance blocks and is told with all that its owner needs", "[R30][R32][R48][R50]") {
  const auto answer = AskAbout({MakeResource("i-1")});
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 1);
  const v1::ReportedItem& item = answer->items[0];
  CHECK(item.native_id() == "resource/i-1");
  CHECK(item.kind() == v1::PAY_AS_YOU_GO_RESOURCE);
  CHECK(item.type() == "ecs/instance");
  CHECK(item.region_code() == "cn-hangzhou");
  CHECK(item.display_name() == "web i-1");
  CHECK_FALSE(item.has_amount());
  CHECK(item.why() == "The pay-as-you-go instance ecs instance i-1 (Running) is not released.");
  CHECK(item.resolver() == v1::OWNER);
  CHECK(item.process_uri() == "https://ecs.example.com/instances/i-1");
  CHECK(item.native_state() == "Running");
  CHECK(absl::StrContains(item.instructions(), "recheck"));
}

TEST_CASE("an instance is renounceable exactly when its product lets it be released", "[R49][R51]") {
  up::Resource fixed = MakeResource("i-2");
  fixed.set_releasable(false);
  const auto answer = AskAbout({MakeResource("i-1"), fixed});
  REQUIRE(answer.ok());
  CHECK(testing::ItemOf(*answer, "resource/i-1").disposition() == v1::RENOUNCEABLE);
  CHECK(testing::ItemOf(*answer, "resource/i-2").disposition() == v1::MUST_HANDLE);
}

TEST_CASE("a subscription blocks until the moment it expires", "[R31]") {
  up::Resource endless = MakeSubscription("s-4", TestNow());
  endless.clear_expire_time();
  const auto answer =
      AskAbout({MakeSubscription("s-1", TestNow() - absl::Nanoseconds(1)), MakeSubscription("s-2", TestNow()),
                MakeSubscription("s-3", TestNow() + absl::Nanoseconds(1)), endless});
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 2);
  const v1::ReportedItem& item = testing::ItemOf(*answer, "resource/s-3");
  CHECK(item.kind() == v1::SUBSCRIPTION_RESOURCE);
  CHECK(absl::StrContains(item.why(), "lasts until 2026-09-21 "));
  CHECK(absl::StrContains(testing::ItemOf(*answer, "resource/s-4").why(), "has no end"));
}

TEST_CASE("text of an instance cannot become part of how a time is written") {
  up::Resource resource = MakeSubscription("s-%Y%H", TestNow() + absl::Hours(1));
  resource.set_state("%E4Y{}");
  const auto answer = AskAbout({resource});
  REQUIRE(answer.ok());
  CHECK(absl::StrContains(answer->items[0].why(), "s-%Y%H (%E4Y{})"));
}

TEST_CASE("what an instance must not be makes the checker fail, never pass", "[R12][D5]") {
  up::Resource resource = MakeResource("i-1");
  SECTION("without an id") { resource.clear_resource_id(); }
  SECTION("without a product") { resource.clear_product(); }
  SECTION("without a type") { resource.clear_type(); }
  SECTION("with an endless type") { resource.set_type(std::string(97, 'x')); }
  SECTION("with an endless region") { resource.set_region_code(std::string(65, 'x')); }
  SECTION("without a charge type") { resource.clear_charge_type(); }
  SECTION("with an unknown charge type") { resource.set_charge_type(static_cast<up::Resource::ChargeType>(7)); }
  SECTION("with an endless state") { resource.set_state(std::string(101, 'x')); }
  SECTION("with an unprintable state") { resource.set_state("\x1B[2J"); }
  SECTION("without a link") { resource.clear_console_uri(); }
  SECTION("with a link that runs code") { resource.set_console_uri("javascript:alert(1)"); }
  SECTION("with an expiry that is no time") { resource.mutable_expire_time()->set_nanos(-1); }
  const auto answer = AskAbout({MakeResource("i-0"), resource});
  REQUIRE_FALSE(answer.ok());
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::MALFORMED);
}

TEST_CASE("a name that is only shown is made fit to be shown") {
  up::Resource resource = MakeResource("i-1");
  resource.set_display_name(std::string(300, 'n') + "\n");
  up::Resource nameless = MakeResource("i-2");
  nameless.clear_display_name();
  const auto answer = AskAbout({resource, nameless});
  REQUIRE(answer.ok());
  CHECK(answer->items[0].display_name() == std::string(254, 'n') + "…");
  CHECK(answer->items[1].display_name() == "i-2");
}

TEST_CASE("ten thousand instances are all reported, page by page", "[R48][D16]") {
  FakeCloud cloud;
  int calls = 0;
  Serve(cloud, 10'000, calls);
  ResourcesChecker checker(cloud.upstreams().resource, {});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  CHECK(calls == 20);
  CHECK(answer->items.size() == 10'000);
  std::set<std::string> ids;
  for (const v1::ReportedItem& item : answer->items) ids.insert(item.native_id());
  CHECK(ids.size() == 10'000);
}

TEST_CASE("more items than allowed are too much, however many more there are", "[D5][D16]") {
  FakeCloud cloud;
  int calls = 0;
  Serve(cloud, 1'000'000, calls);
  ResourcesChecker checker(cloud.upstreams().resource, {});
  const auto answer = Ask(checker);
  REQUIRE_FALSE(answer.ok());
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::TOO_MUCH);
  CHECK(answer.status().message() == "more than 10000 items stand in the way");
  CHECK(calls == 21);
}

v1::DiscardRequest MakeDiscard() {
  v1::DiscardRequest discard;
  discard.set_account_id("1000000001");
  discard.set_closure("accounts/1000000001/closures/0123456789abcdef0123456789abcdef");
  discard.set_native_id("resource/i-1");
  discard.mutable_expected()->set_native_id("resource/i-1");
  discard.mutable_expected()->set_kind(v1::PAY_AS_YOU_GO_RESOURCE);
  discard.mutable_expected()->set_disposition(v1::RENOUNCEABLE);
  discard.mutable_expected()->set_native_state("Running");
  discard.set_idempotency_key("discard/1");
  discard.set_fence(7);
  return discard;
}

TEST_CASE("a discard releases the instance with the facts that were shown, its key and fence", "[R51][R52][D11]") {
  FakeCloud cloud;
  up::ReleaseResourceRequest seen;
  cloud.resources.release = [&](const up::ReleaseResourceRequest& request, up::ActResult* result) {
    seen = request;
    result->set_outcome(up::ActResult::DONE);
    return grpc::Status::OK;
  };
  ResourcesChecker checker(cloud.upstreams().resource, {});
  const auto response = testing::AskToDiscard(checker, MakeDiscard());
  REQUIRE(response.ok());
  CHECK(response->outcome() == v1::DiscardResponse::RELEASED);
  CHECK(seen.act().account_id() == "1000000001");
  CHECK(seen.act().closure() == MakeDiscard().closure());
  CHECK(seen.act().idempotency_key() == "discard/1");
  CHECK(seen.act().fence() == 7);
  CHECK(seen.resource_id() == "i-1");
  CHECK(seen.expected_charge_type() == up::Resource::PAY_AS_YOU_GO);
  CHECK(seen.expected_state() == "Running");
}

TEST_CASE("every answer to a release has its outcome", "[D11][D15]") {
  FakeCloud cloud;
  ResourcesChecker checker(cloud.upstreams().resource, {});
  const auto outcome_of = [&](up::ActResult::Outcome outcome) {
    cloud.resources.release = [outcome](const auto&, up::ActResult* result) {
      result->set_outcome(outcome);
      result->set_detail("because");
      return grpc::Status::OK;
    };
    return testing::AskToDiscard(checker, MakeDiscard());
  };
  CHECK(outcome_of(up::ActResult::FENCED)->outcome() == v1::DiscardResponse::FENCED);
  CHECK(outcome_of(up::ActResult::FACTS_MOVED)->outcome() == v1::DiscardResponse::FACTS_MOVED);
  CHECK(outcome_of(up::ActResult::FACTS_MOVED)->detail() == "because");
  CHECK(outcome_of(up::ActResult::ACCOUNT_DELETED)->outcome() == v1::DiscardResponse::REFUSED);
  CHECK(absl::IsInternal(outcome_of(up::ActResult::OUTCOME_UNSPECIFIED).status()));
  CHECK(absl::IsInternal(outcome_of(static_cast<up::ActResult::Outcome>(9)).status()));
}

TEST_CASE("a product that refuses is told as a refusal, any other failure as a failure", "[R51]") {
  FakeCloud cloud;
  ResourcesChecker checker(cloud.upstreams().resource, {});
  cloud.resources.release = [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "in use");
  };
  const auto refused = testing::AskToDiscard(checker, MakeDiscard());
  REQUIRE(refused.ok());
  CHECK(refused->outcome() == v1::DiscardResponse::REFUSED);
  CHECK(absl::StrContains(refused->detail(), "in use"));
  cloud.resources.release = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down"); };
  CHECK(absl::IsUnavailable(testing::AskToDiscard(checker, MakeDiscard()).status()));
}

TEST_CASE("a discard that does not fit an item of this checker releases nothing", "[R52][D11]") {
  FakeCloud cloud;
  bool asked = false;
  cloud.resources.release = [&](const auto&, auto*) {
    asked = true;
    return grpc::Status::OK;
  };
  ResourcesChecker checker(cloud.upstreams().resource, {});
  v1::DiscardRequest discard = MakeDiscard();
  SECTION("with another item's facts") { discard.mutable_expected()->set_native_id("resource/i-2"); }
  SECTION("without a key") { discard.clear_idempotency_key(); }
  SECTION("without an account") { discard.clear_account_id(); }
  CHECK(absl::IsInvalidArgument(testing::AskToDiscard(checker, discard).status()));
  CHECK_FALSE(asked);
}

TEST_CASE("facts that no item of this checker can have are not those that an item has", "[R52][D11]") {
  FakeCloud cloud;
  bool asked = false;
  cloud.resources.release = [&](const auto&, auto*) {
    asked = true;
    return grpc::Status::OK;
  };
  ResourcesChecker checker(cloud.upstreams().resource, {});
  v1::DiscardRequest discard = MakeDiscard();
  SECTION("of another checker's item") {
    discard.set_native_id("balance/USD");
    discard.mutable_expected()->set_native_id("balance/USD");
  }
  SECTION("of no item") {
    discard.set_native_id("resource/");
    discard.mutable_expected()->set_native_id("resource/");
  }
  SECTION("of another kind") { discard.mutable_expected()->set_kind(v1::BALANCE); }
  SECTION("of a must-handle item") { discard.mutable_expected()->set_disposition(v1::MUST_HANDLE); }
  SECTION("of an amount") { discard.mutable_expected()->mutable_amount()->set_units(1); }
  const auto answer = testing::AskToDiscard(checker, discard);
  REQUIRE(answer.ok());
  CHECK(answer->outcome() == v1::DiscardResponse::FACTS_MOVED);
  CHECK_FALSE(asked);
}

}  // namespace
}  // namespace closure
