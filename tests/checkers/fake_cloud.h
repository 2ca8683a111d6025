// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_CHECKERS_FAKE_CLOUD_H_
#define CLOSURE_TESTS_CHECKERS_FAKE_CLOUD_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "checkers/checker.h"
#include "checkers/upstreams.h"
#include "closure/upstream/v1/billing_service.grpc.pb.h"
#include "closure/upstream/v1/domain_service.grpc.pb.h"
#include "closure/upstream/v1/partner_service.grpc.pb.h"
#include "closure/upstream/v1/resource_directory_service.grpc.pb.h"
#include "closure/upstream/v1/resource_service.grpc.pb.h"
#include "closure/upstream/v1/trusteeship_service.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/server.h"

// Upstream systems that a test scripts: real gRPC services on an in-process channel, each RPC a function that a test
// can replace.
namespace closure::testing {

// A status that makes an RPC hang until it is cancelled or its deadline has passed.
grpc::Status Hang();

// Answers an RPC with what a function says.
template <typename Request, typename Response>
using Handler = std::function<grpc::Status(const Request&, Response*)>;

namespace up = upstream::v1;

// The reactor of an answer, or one that hangs.
grpc::ServerUnaryReactor* React(grpc::CallbackServerContext* context, const grpc::Status& status);

#define CLOSURE_FAKE_RPC(Method, RequestType, ResponseType, field)                                               \
  Handler<RequestType, ResponseType> field = [](const RequestType&, ResponseType*) { return grpc::Status::OK; }; \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, const RequestType* request,             \
                                   ResponseType* response) override {                                            \
    return React(context, field(*request, response));                                                            \
  }

struct FakeBilling final : up::BillingService::CallbackService {
  CLOSURE_FAKE_RPC(ListFunds, up::ListFundsRequest, up::ListFundsResponse, funds)
  CLOSURE_FAKE_RPC(ListUnpaidBills, up::ListUnpaidBillsRequest, up::ListUnpaidBillsResponse, bills)
  CLOSURE_FAKE_RPC(ListUnbilledCharges, up::ListUnbilledChargesRequest, up::ListUnbilledChargesResponse, charges)
  CLOSURE_FAKE_RPC(ListCreditNotes, up::ListCreditNotesRequest, up::ListCreditNotesResponse, credit_notes)
};

struct FakeResources final : up::ResourceService::CallbackService {
  CLOSURE_FAKE_RPC(ListResources, up::ListResourcesRequest, up::ListResourcesResponse, list)
  CLOSURE_FAKE_RPC(ReleaseResource, up::ReleaseResourceRequest, up::ActResult, release)
};

struct FakeDomains final : up::DomainService::CallbackService {
  CLOSURE_FAKE_RPC(ListDomains, up::ListDomainsRequest, up::ListDomainsResponse, domains)
  CLOSURE_FAKE_RPC(ListIcpFilings, up::ListIcpFilingsRequest, up::ListIcpFilingsResponse, filings)
};

struct FakeDirectory final : up::ResourceDirectoryService::CallbackService {
  CLOSURE_FAKE_RPC(GetMembership, up::GetMembershipRequest, up::Membership, membership)
};

struct FakeTrusteeship final : up::TrusteeshipService::CallbackService {
  CLOSURE_FAKE_RPC(GetTrusteeship, up::GetTrusteeshipRequest, up::Trusteeship, role)
  CLOSURE_FAKE_RPC(ListTrusteeshipMembers, up::ListTrusteeshipMembersRequest, up::ListTrusteeshipMembersResponse,
                   members)
};

struct FakePartners final : up::PartnerService::CallbackService {
  CLOSURE_FAKE_RPC(GetResellerRelationship, up::GetResellerRelationshipRequest, up::ResellerRelationship, relationship)
};

#undef CLOSURE_FAKE_RPC

// All of them on one server. An untouched cloud knows of no items: lists are empty, roles are NONE.
class FakeCloud {
 public:
  FakeCloud();
  ~FakeCloud();

  FakeBilling billing;
  FakeResources resources;
  FakeDomains domains;
  FakeDirectory directory;
  FakeTrusteeship trusteeship;
  FakePartners partners;

  const Upstreams& upstreams() const { return upstreams_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  Upstreams upstreams_;
};

// When tests say it is.
absl::Time TestNow();
google::protobuf::Timestamp At(absl::Time time);

v1::Money MoneyOf(std::string_view decimal, std::string_view currency);

// A scan of account 1000000001 at TestNow.
v1::CheckRequest TestRequest();

// Asks a checker and waits for its answer.
absl::StatusOr<CheckAnswer> Ask(Checker& checker, const v1::CheckRequest& request = TestRequest(),
                                const CallOptions& options = {});
absl::StatusOr<v1::DiscardResponse> AskToDiscard(Checker& checker, const v1::DiscardRequest& request);

// The item of that native id; fails the test when there is none.
const v1::ReportedItem& ItemOf(const CheckAnswer& answer, std::string_view native_id);

}  // namespace closure::testing

#endif  // CLOSURE_TESTS_CHECKERS_FAKE_CLOUD_H_
