// SPDX-License-Identifier: Apache-2.0
#include "checkers/domains/domains_checker.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::Ask;
using testing::FakeCloud;
using testing::ItemOf;
using testing::TestNow;
namespace up = upstream::v1;

void AddDomain(up::ListDomainsResponse* page, const std::string& name, std::optional<absl::Time> expire_time) {
  up::Domain& domain = *page->add_domains();
  domain.set_domain_name(name);
  domain.set_state("ok");
  if (expire_time) *domain.mutable_expire_time() = testing::At(*expire_time);
}

TEST_CASE("a domain name blocks until its registration has ended", "[R33][R49]") {
  FakeCloud cloud;
  cloud.domains.domains = [](const auto&, up::ListDomainsResponse* page) {
    AddDomain(page, "Example.com", TestNow() + absl::Nanoseconds(1));
    AddDomain(page, "forever.example", std::nullopt);
    AddDomain(page, "now.example", TestNow());
    AddDomain(page, "past.example", TestNow() - absl::Hours(1));
    return grpc::Status::OK;
  };
  DomainsChecker checker(cloud.upstreams().domain, {});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 2);
  const v1::ReportedItem& item = ItemOf(*answer, "domain/example.com");
  CHECK(item.kind() == v1::DOMAIN_NAME);
  CHECK(item.disposition() == v1::MUST_HANDLE);
  CHECK(item.display_name() == "Example.com");
  CHECK(item.resolver() == v1::OWNER);
  CHECK(item.native_state() == "ok");
  CHECK(absl::StrContains(item.why(), "until 2026-09-21 (UTC)"));
  CHECK(item.process_uri() == "https://console.example.com/domains/names/example.com");
  CHECK(ItemOf(*answer, "domain/forever.example").kind() == v1::DOMAIN_NAME);
}

TEST_CASE("every ICP filing blocks, whatever its state", "[R34][R49]") {
  FakeCloud cloud;
  cloud.domains.filings = [](const auto&, up::ListIcpFilingsResponse* page) {
    for (const char* state : {"InForce", "CancellationPending"}) {
      up::IcpFiling& filing = *page->add_filings();
      filing.set_filing_number(std::string("京ICP备-") + state);
      filing.set_entity_name("Example Ltd.");
      filing.set_domain_name("example.com");
      filing.set_state(state);
    }
    return grpc::Status::OK;
  };
  DomainsChecker checker(cloud.upstreams().domain, {.console_base_uri = "https://console.example.com/"});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 2);
  const v1::ReportedItem& item = ItemOf(*answer, "icp/京ICP备-InForce");
  CHECK(item.kind() == v1::ICP_FILING);
  CHECK(item.disposition() == v1::MUST_HANDLE);
  CHECK(item.display_name() == "example.com");
  CHECK(absl::StrContains(item.why(), "Example Ltd."));
  CHECK(item.process_uri() == "https://console.example.com/icp/filings/%E4%BA%ACICP%E5%A4%87-InForce");
}

TEST_CASE("both lists are asked and both must answer", "[D5]") {
  FakeCloud cloud;
  DomainsChecker checker(cloud.upstreams().domain, {});
  CHECK(Ask(checker)->items.empty());
  SECTION("domain names") {
    cloud.domains.domains = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, ""); };
  }
  SECTION("filings") {
    cloud.domains.filings = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, ""); };
  }
  CHECK(absl::IsUnavailable(Ask(checker).status()));
}

TEST_CASE("a domain or filing that breaks the contract makes the checker fail", "[D5]") {
  up::Domain domain;
  domain.set_domain_name("example.com");
  up::IcpFiling filing;
  filing.set_filing_number("1");
  FakeCloud cloud;  // goes first: the list that is still being asked when the other one fails reads these
  SECTION("a domain without a name") { domain.clear_domain_name(); }
  SECTION("a domain with an endless state") { domain.set_state(std::string(101, 'x')); }
  SECTION("a domain whose end is no time") { domain.mutable_expire_time()->set_seconds(-62135596801); }
  SECTION("a filing without a number") { filing.clear_filing_number(); }
  SECTION("a filing with an unprintable state") { filing.set_state("\a"); }
  cloud.domains.domains = [&](const auto&, up::ListDomainsResponse* page) {
    *page->add_domains() = domain;
    return grpc::Status::OK;
  };
  cloud.domains.filings = [&](const auto&, up::ListIcpFilingsResponse* page) {
    *page->add_filings() = filing;
    return grpc::Status::OK;
  };
  DomainsChecker checker(cloud.upstreams().domain, {});
  CHECK(FaultOf(Ask(checker).status()) == v1::CheckerResult::MALFORMED);
}

}  // namespace
}  // namespace closure
