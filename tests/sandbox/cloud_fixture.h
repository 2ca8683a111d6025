// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SANDBOX_CLOUD_FIXTURE_H_
#define CLOSURE_TESTS_SANDBOX_CLOUD_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "closure/upstream/v1/account_service.grpc.pb.h"
#include "closure/upstream/v1/act.pb.h"
#include "closure/upstream/v1/billing_service.grpc.pb.h"
#include "closure/upstream/v1/domain_service.grpc.pb.h"
#include "closure/upstream/v1/messaging_service.grpc.pb.h"
#include "closure/upstream/v1/partner_service.grpc.pb.h"
#include "closure/upstream/v1/resource_directory_service.grpc.pb.h"
#include "closure/upstream/v1/resource_service.grpc.pb.h"
#include "closure/upstream/v1/trusteeship_service.grpc.pb.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "protos/money.h"
#include "sandbox/cloud_file.h"
#include "sandbox/sandbox.h"

namespace closure::test {

using AccountStub = upstream::v1::AccountService::StubInterface;
using BillingStub = upstream::v1::BillingService::StubInterface;
using DomainStub = upstream::v1::DomainService::StubInterface;
using MessagingStub = upstream::v1::MessagingService::StubInterface;
using PartnerStub = upstream::v1::PartnerService::StubInterface;
using ResourceStub = upstream::v1::ResourceService::StubInterface;
using DirectoryStub = upstream::v1::ResourceDirectoryService::StubInterface;
using TrusteeshipStub = upstream::v1::TrusteeshipService::StubInterface;
using ParticipantStub = v1::ParticipantService::StubInterface;
using ControlStub = sandbox::v1::SandboxService::StubInterface;

// What a call ended with.
template <typename Response>
struct Answer {
  grpc::Status status;
  Response response;

  grpc::StatusCode code() const { return status.error_code(); }
};

// Makes one call, with a deadline that only a fault of the test reaches.
template <typename Stub, typename Request, typename Response>
Answer<Response> Ask(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(gpr_time_from_seconds(20, GPR_TIMESPAN));
  Answer<Response> answer;
  answer.status = (stub.*method)(&context, request, &answer.response);
  return answer;
}

// The same for a call that must succeed.
template <typename Stub, typename Request, typename Response>
Response Must(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request) {
  const Answer<Response> answer = Ask(stub, method, request);
  INFO(answer.status.error_code() << " " << answer.status.error_message());
  REQUIRE(answer.status.ok());
  return answer.response;
}

template <typename Request>
Request ForAccount(std::string_view account_id) {
  Request request;
  request.set_account_id(std::string(account_id));
  return request;
}

// A request for an act on an account.
template <typename Request>
Request ActOn(std::string_view account_id, std::string_view key, int64_t fence = 1) {
  Request request;
  request.mutable_act()->set_account_id(std::string(account_id));
  request.mutable_act()->set_closure("accounts/" + std::string(account_id) + "/closures/c-1");
  request.mutable_act()->set_idempotency_key(std::string(key));
  request.mutable_act()->set_fence(fence);
  return request;
}

inline v1::Money Usd(std::string_view decimal) { return ParseMoney(decimal, "USD").value(); }

// A sandbox with a clock that moves when told, and a stub of each of its services.
class Cloud {
 public:
  explicit Cloud(std::string database_path = ":memory:", std::string listen_address = "");

  // Loads a cloud file that must be good.
  void Load(std::string_view json);
  // Loads one account with the given JSON members besides its id, for example R"("funds": [...])".
  void LoadAccount(std::string_view account_id, std::string_view members = "");

  sandbox::v1::ShowAccountResponse Show(std::string_view account_id);
  upstream::v1::ActResult::Outcome Freeze(std::string_view account_id, std::string_view key, int64_t fence = 1);
  upstream::v1::ActResult::Outcome Delete(std::string_view account_id, std::string_view key, int64_t fence = 1);
  // Sets a fault, which must be accepted.
  void SetFault(std::string_view method, sandbox::v1::SetFaultRequest::Fault fault, int calls = 0,
                std::string_view account_id = "");

  absl::Time now = absl::FromUnixSeconds(1'900'000'000);
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<AccountStub> account;
  std::unique_ptr<BillingStub> billing;
  std::unique_ptr<DomainStub> domain;
  std::unique_ptr<MessagingStub> messaging;
  std::unique_ptr<PartnerStub> partner;
  std::unique_ptr<ResourceStub> resource;
  std::unique_ptr<DirectoryStub> directory;
  std::unique_ptr<TrusteeshipStub> trusteeship;
  std::unique_ptr<ParticipantStub> participant;
  std::unique_ptr<ControlStub> control;
};

}  // namespace closure::test

#endif  // CLOSURE_TESTS_SANDBOX_CLOUD_FIXTURE_H_
