// SPDX-License-Identifier: Apache-2.0
#include "checkers/catalog.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::Ask;
using testing::FakeCloud;
namespace up = upstream::v1;

TEST_CASE("six checkers are built in, each under its own name, and together they cover every kind of item",
          "[R46][R48][D10]") {
  FakeCloud cloud;
  std::set<std::string> names;
  std::set<int> kinds;
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    const v1::CheckerDescription& description = checker->description();
    names.insert(description.name());
    kinds.insert(description.kinds().begin(), description.kinds().end());
    CHECK_FALSE(description.version().empty());
    CHECK(std::vector<int>(description.phases().begin(), description.phases().end()) ==
          std::vector<int>{v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL});
  }
  CHECK(names ==
        std::set<std::string>{"billing", "domains", "reseller", "resource_directory", "resources", "trusteeship"});
  for (int kind = v1::ItemKind_MIN + 1; kind <= v1::ItemKind_MAX; ++kind) {
    CAPTURE(kind);
    CHECK(kinds.contains(kind) == (kind != v1::OTHER_ITEM));
  }
}

TEST_CASE("an account without anything passes every checker") {
  FakeCloud cloud;
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    CAPTURE(checker->description().name());
    const auto answer = Ask(*checker);
    REQUIRE(answer.ok());
    CHECK(answer->items.empty());
  }
}

TEST_CASE("relations combine: each is reported by its own checker", "[R40]") {
  FakeCloud cloud;
  cloud.directory.membership = [](const auto&, up::Membership* membership) {
    membership->set_role(up::Membership::MEMBER);
    membership->set_member_type(up::Membership::CLOUD_ACCOUNT);
    membership->set_directory_id("rd-1");
    membership->set_management_account_id("1000000009");
    return grpc::Status::OK;
  };
  cloud.trusteeship.role = [](const auto&, up::Trusteeship* role) {
    role->set_role(up::Trusteeship::ADMINISTRATOR);
    return grpc::Status::OK;
  };
  cloud.trusteeship.members = [](const auto&, up::ListTrusteeshipMembersResponse* page) {
    page->add_member_account_ids("1000000002");
    return grpc::Status::OK;
  };
  cloud.partners.relationship = [](const auto&, up::ResellerRelationship* relationship) {
    relationship->set_partner_id("p-1");
    return grpc::Status::OK;
  };
  std::vector<int> kinds;
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    const auto answer = Ask(*checker);
    REQUIRE(answer.ok());
    for (const v1::ReportedItem& item : answer->items) kinds.push_back(item.kind());
  }
  std::sort(kinds.begin(), kinds.end());
  CHECK(kinds == std::vector<int>{v1::DIRECTORY_CLOUD_ACCOUNT, v1::TRUSTEESHIP_ADMINISTRATOR, v1::RESELLER_CUSTOMER});
}

TEST_CASE("only resources are released through their checker", "[R51]") {
  FakeCloud cloud;
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    CAPTURE(checker->description().name());
    const absl::Status status = testing::AskToDiscard(*checker, {}).status();
    CHECK(absl::IsUnimplemented(status) == (checker->description().name() != "resources"));
  }
}

}  // namespace
}  // namespace closure
