// SPDX-License-Identifier: Apache-2.0
// The six built-in checkers, each served as a checker in another process would be, keep the promises of the published
// list, over the embedded cloud.
#include <map>
#include <memory>
#include <string>

#include "catch2/catch.hpp"
#include "checkers/catalog.h"
#include "checkers/remote/remote_channel.h"
#include "checkers/serve/checker_endpoint.h"
#include "client/conformance/case_run.h"
#include "client/conformance/checker_cases.h"
#include "fmt/format.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/sandbox/cloud_fixture.h"

namespace closure {
namespace {

using sandbox::v1::SetFaultRequest;

constexpr char kAccount[] = "verify-1";
constexpr char kMany[] = "verify-many";
constexpr char kTroubled[] = "verify-troubled";
constexpr int kManyItems = 3000;

constexpr char kHoldings[] = R"(
  "funds": [{"currencyCode": "USD", "balance": "12.50"}],
  "bills": [{"billId": "b-1", "amount": "3.20", "currencyCode": "USD"}],
  "resources": [{"resourceId": "r-1", "displayName": "db", "product": "rds", "type": "instance", "regionCode": "eu-1",
                 "chargeType": "SUBSCRIPTION", "state": "RUNNING", "releasable": true,
                 "expireTime": "2040-01-01T00:00:00Z", "consoleUri": "https://console.example.com/rds/r-1"},
                {"resourceId": "r-2", "displayName": "web", "product": "ecs", "type": "instance", "regionCode": "eu-1",
                 "chargeType": "PAY_AS_YOU_GO", "state": "RUNNING",
                 "consoleUri": "https://console.example.com/ecs/r-2"}],
  "domains": [{"domainName": "example.com"}],
  "resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "rd-1",
                        "managementAccountId": "1000000009"},
  "reseller": {"partnerId": "partner-7", "partnerName": "Cloud Friends"})";

// What each asks its system with first.
const std::map<std::string, std::string> kMethods = {
    {"billing", "closure.upstream.v1.BillingService/ListFunds"},
    {"domains", "closure.upstream.v1.DomainService/ListDomains"},
    {"reseller", "closure.upstream.v1.PartnerService/GetResellerRelationship"},
    {"resource_directory", "closure.upstream.v1.ResourceDirectoryService/GetMembership"},
    {"resources", "closure.upstream.v1.ResourceService/ListResources"},
    {"trusteeship", "closure.upstream.v1.TrusteeshipService/GetTrusteeship"},
};

// A checker on a free port of loopback.
class Served {
 public:
  explicit Served(const std::shared_ptr<Checker>& checker) : endpoint_(checker) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&endpoint_);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
  }
  std::shared_ptr<grpc::Channel> channel() const {
    return OpenRemoteChannel(fmt::format("127.0.0.1:{}", port_), nullptr);
  }

 private:
  CheckerEndpoint endpoint_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// The native id of what the checker would release; empty where it would not.
std::string Renounceable(CheckerSubject& subject) {
  const absl::StatusOr<CheckAnswer> answer = subject.Check(subject.Question(kAccount));
  REQUIRE(answer.ok());
  for (const v1::ReportedItem& item : answer->items) {
    if (item.disposition() == v1::RENOUNCEABLE && item.kind() != v1::BALANCE && item.kind() != v1::DEBT)
      return item.native_id();
  }
  return "";
}

// What its system does while a case is judged.
SetFaultRequest::Fault FaultFor(std::string_view name) {
  if (name == "check-failing") return SetFaultRequest::UNAVAILABLE_BEFORE;
  return name.starts_with("slow-") ? SetFaultRequest::HANG : SetFaultRequest::FAULT_UNSPECIFIED;
}

TEST_CASE("the built-in checkers hold in every case of the published list", "[R48][D5][D11]") {
  test::Cloud cloud;
  cloud.LoadAccount(kAccount, kHoldings);
  cloud.LoadAccount(kMany, fmt::format("\"bulkResourceCount\": {}", kManyItems));
  cloud.LoadAccount(kTroubled);
  int released = 0;
  for (const auto& checker : MakeBuiltinCheckers(Upstreams::OnChannel(cloud.sandbox->channel()), {})) {
    const std::string name = checker->description().name();
    INFO(name);
    const Served served(checker);
    CheckerSubject::Options options{.account_id = kAccount,
                                    .slow_account_id = kTroubled,
                                    .failing_account_id = kTroubled,
                                    .now = [&cloud] { return cloud.now; },
                                    .pause = [](absl::Duration) {}};
    if (name == "resources") {
      options.many_account_id = kMany;
      options.many_items = kManyItems;
    }
    CheckerSubject probe(served.channel(), options);
    options.release_native_id = Renounceable(probe);
    released += options.release_native_id.empty() ? 0 : 1;
    CheckerSubject subject(served.channel(), options);
    CaseRun<CheckerSubject> run;
    for (const CheckerCase& each : CheckerCases()) {
      INFO(each.name);
      cloud.SetFault(kMethods.at(name), FaultFor(each.name), 0, kTroubled);
      const Verdict verdict = run.Judge(each, subject);
      INFO(verdict.detail);
      CHECK((verdict.kind == Verdict::Kind::kHolds || verdict.kind == Verdict::Kind::kSkipped));
      const bool is_asked = !each.name.starts_with("many-") && !each.name.starts_with("discard-");
      if (is_asked || name == "resources") CHECK(verdict.kind == Verdict::Kind::kHolds);
    }
  }
  CHECK(released == 1);
}

}  // namespace
}  // namespace closure
