// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include "catch2/catch.hpp"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using upstream::v1::ActResult;
using upstream::v1::ListResourcesRequest;
using upstream::v1::PurgeDataRequest;
using upstream::v1::ReleaseResourceRequest;
using upstream::v1::Resource;

constexpr char kResources[] = R"("resources": [
  {"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou", "chargeType": "PAY_AS_YOU_GO",
   "state": "Running", "releasable": true, "consoleUri": "https://ecs.console.example.com/i-1"},
  {"resourceId": "rm-1", "product": "rds", "type": "instance", "chargeType": "SUBSCRIPTION", "state": "Running",
   "expireTime": "2099-12-31T00:00:00Z", "consoleUri": "https://rds.console.example.com/rm-1"}],
  "domains": [{"domainName": "a.example"}], "icpFilings": [{"filingNumber": "1"}])";

ReleaseResourceRequest Release(const std::string& id, Resource::ChargeType type, const std::string& state,
                               const std::string& key) {
  auto request = ActOn<ReleaseResourceRequest>("a", key);
  request.set_resource_id(id);
  request.set_expected_charge_type(type);
  request.set_expected_state(state);
  return request;
}

int ResourceCount(Cloud& cloud, const std::string& account_id) {
  return Must(*cloud.resource, &ResourceStub::ListResources, ForAccount<ListResourcesRequest>(account_id))
      .resources_size();
}

TEST_CASE("instances are listed as they were loaded, each with its own link", "[R30][R31][R32]") {
  Cloud cloud;
  cloud.LoadAccount("a", kResources);
  const auto list = Must(*cloud.resource, &ResourceStub::ListResources, ForAccount<ListResourcesRequest>("a"));
  REQUIRE(list.resources_size() == 2);
  CHECK(list.resources(0).resource_id() == "i-1");
  CHECK(list.resources(0).releasable());
  CHECK(list.resources(0).charge_type() == Resource::PAY_AS_YOU_GO);
  CHECK_FALSE(list.resources(0).has_expire_time());
  CHECK(list.resources(0).console_uri() == "https://ecs.console.example.com/i-1");
  CHECK(list.resources(1).charge_type() == Resource::SUBSCRIPTION);
  CHECK(list.resources(1).expire_time().seconds() == 4102358400);
  CHECK_FALSE(list.resources(1).releasable());
}

TEST_CASE("an instance is released when charge type and state are the expected ones", "[R51][D11]") {
  Cloud cloud;
  cloud.LoadAccount("a", kResources);
  CHECK(Must(*cloud.resource, &ResourceStub::ReleaseResource, Release("i-1", Resource::PAY_AS_YOU_GO, "Stopped", "k1"))
            .outcome() == ActResult::FACTS_MOVED);
  CHECK(Must(*cloud.resource, &ResourceStub::ReleaseResource, Release("i-1", Resource::SUBSCRIPTION, "Running", "k2"))
            .outcome() == ActResult::FACTS_MOVED);
  CHECK(ResourceCount(cloud, "a") == 2);
  const auto right = Release("i-1", Resource::PAY_AS_YOU_GO, "Running", "k3");
  CHECK(Must(*cloud.resource, &ResourceStub::ReleaseResource, right).outcome() == ActResult::DONE);
  CHECK(ResourceCount(cloud, "a") == 1);
}

TEST_CASE("an instance that is gone counts as released", "[R51]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  CHECK(Must(*cloud.resource, &ResourceStub::ReleaseResource, Release("i-1", Resource::PAY_AS_YOU_GO, "Running", "k"))
            .outcome() == ActResult::DONE);
}

TEST_CASE("an instance whose product does not allow it is not released", "[R49][R51]") {
  Cloud cloud;
  cloud.LoadAccount("a", kResources);
  const auto answer =
      Ask(*cloud.resource, &ResourceStub::ReleaseResource, Release("rm-1", Resource::SUBSCRIPTION, "Running", "k"));
  CHECK(answer.code() == grpc::FAILED_PRECONDITION);
  CHECK(answer.status.error_message().find("rm-1") != std::string::npos);
  CHECK(ResourceCount(cloud, "a") == 2);
}

TEST_CASE("a refused release has shown its fence all the same", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a", kResources);
  auto request = Release("rm-1", Resource::SUBSCRIPTION, "Running", "k");
  request.mutable_act()->set_fence(8);
  CHECK(Ask(*cloud.resource, &ResourceStub::ReleaseResource, request).code() == grpc::FAILED_PRECONDITION);
  CHECK(cloud.Show("a").fence() == 8);
}

TEST_CASE("no instance can be made while resources are frozen", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  auto create = ForAccount<sandbox::v1::CreateResourceRequest>("a");
  create.mutable_resource()->set_resource_id("i-2");
  create.mutable_resource()->set_product("ecs");
  create.mutable_resource()->set_type("instance");
  create.mutable_resource()->set_state("Running");
  create.mutable_resource()->set_charge_type(Resource::PAY_AS_YOU_GO);
  create.mutable_resource()->set_console_uri("https://ecs.console.example.com/i-2");
  Must(*cloud.resource, &ResourceStub::FreezeResources, ActOn<upstream::v1::FreezeResourcesRequest>("a", "freeze"));
  CHECK(cloud.Show("a").resources_frozen());
  CHECK(Ask(*cloud.control, &ControlStub::CreateResource, create).code() == grpc::FAILED_PRECONDITION);
  CHECK(ResourceCount(cloud, "a") == 0);
  Must(*cloud.resource, &ResourceStub::ThawResources, ActOn<upstream::v1::ThawResourcesRequest>("a", "thaw"));
  CHECK(Ask(*cloud.control, &ControlStub::CreateResource, create).status.ok());
  CHECK(ResourceCount(cloud, "a") == 1);
  const auto taken = Ask(*cloud.control, &ControlStub::CreateResource, create);
  CHECK(taken.code() == grpc::FAILED_PRECONDITION);
  CHECK(taken.status.error_message().find("i-2") != std::string::npos);
  create.mutable_resource()->set_console_uri("http://plain.example");
  CHECK(Ask(*cloud.control, &ControlStub::CreateResource, create).code() == grpc::INVALID_ARGUMENT);
}

TEST_CASE("a purge deletes what products keep, of this account alone", "[R3][R5][R6]") {
  Cloud cloud;
  cloud.LoadAccount("a", kResources);
  cloud.LoadAccount("b", kResources);
  CHECK(Must(*cloud.resource, &ResourceStub::PurgeData, ActOn<PurgeDataRequest>("a", "purge")).outcome() ==
        ActResult::DONE);
  const auto shown = cloud.Show("a").account();
  CHECK(shown.resources_size() + shown.domains_size() + shown.icp_filings_size() == 0);
  CHECK(ResourceCount(cloud, "b") == 2);
}

TEST_CASE("ten thousand instances are listed page by page, each once and in order", "[R30]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("bulkResourceCount": 10000)");
  auto request = ForAccount<ListResourcesRequest>("a");
  request.set_page_size(5000);  // coerced to 1000
  std::set<std::string> ids;
  std::string last;
  int pages = 0;
  do {
    const auto page = Must(*cloud.resource, &ResourceStub::ListResources, request);
    CHECK(page.resources_size() == 1000);
    for (const Resource& resource : page.resources()) {
      CHECK(resource.resource_id() > last);
      last = resource.resource_id();
      ids.insert(last);
    }
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  CHECK(pages == 10);
  CHECK(ids.size() == 10000);
  CHECK(last == "bulk-010000");
  const auto shown = cloud.Show("a").account();
  CHECK(shown.bulk_resource_count() == 10000);
  CHECK(shown.resources_size() == 0);
}

}  // namespace
}  // namespace closure::test
