// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/direct_stubs.h"

#include <cstdlib>
#include <functional>
#include <utility>

namespace closure::simulation {
namespace {

using grpc::ClientAsyncResponseReaderInterface;
using grpc::ClientContext;
using grpc::CompletionQueue;

// What of a stub the service never uses.
[[noreturn]] void NeverUsed() { std::abort(); }

// Overrides all that a generated stub has for one method: the one form that is used, and those that are not.
#define CLOSURE_DIRECT_METHOD(Method, Request, Response)                                                             \
  void Method(ClientContext*, const Request* request, Response* response, std::function<void(grpc::Status)> done)    \
      override {                                                                                                     \
    wire_.Call(                                                                                                      \
        life_, *request, response,                                                                                   \
        [service = service_](grpc::CallbackServerContext* context, const Request* asked, Response* answer) {         \
          service->Method(context, asked, answer);                                                                   \
        },                                                                                                           \
        std::move(done));                                                                                            \
  }                                                                                                                  \
  void Method(ClientContext*, const Request*, Response*, grpc::ClientUnaryReactor*) override { NeverUsed(); }        \
  grpc::Status Method(ClientContext*, const Request&, Response*) override { NeverUsed(); }                           \
  ClientAsyncResponseReaderInterface<Response>* Async##Method##Raw(ClientContext*, const Request&, CompletionQueue*) \
      override {                                                                                                     \
    NeverUsed();                                                                                                     \
  }                                                                                                                  \
  ClientAsyncResponseReaderInterface<Response>* PrepareAsync##Method##Raw(ClientContext*, const Request&,            \
                                                                          CompletionQueue*) override {               \
    NeverUsed();                                                                                                     \
  }

// A stub whose calls go over the wire to a service of this process.
template <typename Service>
class DirectStub : public Service::StubInterface, public Service::StubInterface::async_interface {
 public:
  DirectStub(Wire& wire, Life life, grpc::Service& service)
      : wire_(wire), life_(life), service_(dynamic_cast<typename Service::CallbackService*>(&service)) {
    if (service_ == nullptr) NeverUsed();
  }
  typename Service::StubInterface::async_interface* async() override { return this; }

 protected:
  Wire& wire_;
  const Life life_;
  typename Service::CallbackService* const service_;
};

class AccountStub final : public DirectStub<upstream::v1::AccountService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(GetAccount, upstream::v1::GetAccountRequest, upstream::v1::Account)
  CLOSURE_DIRECT_METHOD(CountAccounts, upstream::v1::CountAccountsRequest, upstream::v1::CountAccountsResponse)
  CLOSURE_DIRECT_METHOD(FreezeAccount, upstream::v1::FreezeAccountRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(ThawAccount, upstream::v1::ThawAccountRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(TerminateSessions, upstream::v1::TerminateSessionsRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(CreateServiceLinkedRole, upstream::v1::CreateServiceLinkedRoleRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(DeleteServiceLinkedRole, upstream::v1::DeleteServiceLinkedRoleRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(UnbindThirdParties, upstream::v1::UnbindThirdPartiesRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(DeleteAccount, upstream::v1::DeleteAccountRequest, upstream::v1::ActResult)
};

class BillingStub final : public DirectStub<upstream::v1::BillingService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(ListFunds, upstream::v1::ListFundsRequest, upstream::v1::ListFundsResponse)
  CLOSURE_DIRECT_METHOD(ListUnpaidBills, upstream::v1::ListUnpaidBillsRequest, upstream::v1::ListUnpaidBillsResponse)
  CLOSURE_DIRECT_METHOD(ListUnbilledCharges, upstream::v1::ListUnbilledChargesRequest,
                        upstream::v1::ListUnbilledChargesResponse)
  CLOSURE_DIRECT_METHOD(ListCreditNotes, upstream::v1::ListCreditNotesRequest, upstream::v1::ListCreditNotesResponse)
  CLOSURE_DIRECT_METHOD(FreezeBilling, upstream::v1::FreezeBillingRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(ThawBilling, upstream::v1::ThawBillingRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(SealBilling, upstream::v1::SealBillingRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(UnsealBilling, upstream::v1::UnsealBillingRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(ForfeitBalance, upstream::v1::ForfeitBalanceRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(VoidDebt, upstream::v1::VoidDebtRequest, upstream::v1::ActResult)
};

class DomainStub final : public DirectStub<upstream::v1::DomainService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(ListDomains, upstream::v1::ListDomainsRequest, upstream::v1::ListDomainsResponse)
  CLOSURE_DIRECT_METHOD(ListIcpFilings, upstream::v1::ListIcpFilingsRequest, upstream::v1::ListIcpFilingsResponse)
};

class MessagingStub final : public DirectStub<upstream::v1::MessagingService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(SendMail, upstream::v1::SendMailRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(SendText, upstream::v1::SendTextRequest, upstream::v1::ActResult)
};

class PartnerStub final : public DirectStub<upstream::v1::PartnerService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(GetResellerRelationship, upstream::v1::GetResellerRelationshipRequest,
                        upstream::v1::ResellerRelationship)
};

class ResourceDirectoryStub final : public DirectStub<upstream::v1::ResourceDirectoryService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(GetMembership, upstream::v1::GetMembershipRequest, upstream::v1::Membership)
};

class ResourceStub final : public DirectStub<upstream::v1::ResourceService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(ListResources, upstream::v1::ListResourcesRequest, upstream::v1::ListResourcesResponse)
  CLOSURE_DIRECT_METHOD(ReleaseResource, upstream::v1::ReleaseResourceRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(FreezeResources, upstream::v1::FreezeResourcesRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(ThawResources, upstream::v1::ThawResourcesRequest, upstream::v1::ActResult)
  CLOSURE_DIRECT_METHOD(PurgeData, upstream::v1::PurgeDataRequest, upstream::v1::ActResult)
};

class TrusteeshipStub final : public DirectStub<upstream::v1::TrusteeshipService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(GetTrusteeship, upstream::v1::GetTrusteeshipRequest, upstream::v1::Trusteeship)
  CLOSURE_DIRECT_METHOD(ListTrusteeshipMembers, upstream::v1::ListTrusteeshipMembersRequest,
                        upstream::v1::ListTrusteeshipMembersResponse)
};

class ParticipantStub final : public DirectStub<v1::ParticipantService> {
 public:
  using DirectStub::DirectStub;
  CLOSURE_DIRECT_METHOD(DescribeParticipant, v1::DescribeParticipantRequest, v1::ParticipantDescription)
  CLOSURE_DIRECT_METHOD(Perform, v1::PerformRequest, v1::PerformResponse)
};

#undef CLOSURE_DIRECT_METHOD

}  // namespace

Upstreams StubsOn(Wire& wire, Life life, const UpstreamServices& services) {
  return {.account = std::make_shared<AccountStub>(wire, life, *services.account),
          .billing = std::make_shared<BillingStub>(wire, life, *services.billing),
          .domain = std::make_shared<DomainStub>(wire, life, *services.domain),
          .messaging = std::make_shared<MessagingStub>(wire, life, *services.messaging),
          .partner = std::make_shared<PartnerStub>(wire, life, *services.partner),
          .resource = std::make_shared<ResourceStub>(wire, life, *services.resource),
          .resource_directory = std::make_shared<ResourceDirectoryStub>(wire, life, *services.resource_directory),
          .trusteeship = std::make_shared<TrusteeshipStub>(wire, life, *services.trusteeship)};
}

std::shared_ptr<v1::ParticipantService::StubInterface> ParticipantStubOn(Wire& wire, Life life,
                                                                         grpc::Service& participant) {
  return std::make_shared<ParticipantStub>(wire, life, participant);
}

}  // namespace closure::simulation
