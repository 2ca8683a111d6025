// SPDX-License-Identifier: Apache-2.0
#include "client/closure_client.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <future>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/request_id.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

using sandbox::v1::SandboxService;
using v1::AccountGateService;
using v1::ClosureService;
using v1::OperatorService;

constexpr char kActorKey[] = "closure-actor";
// A record holds every item that a scan found, 10,000 of each checker in one scan.
constexpr int kReceiveBytesMax = 256 * 1024 * 1024;

// Four attempts, backoff doubled from 0.2 s with gRPC's own jitter. All of ClosureService, AccountGateService and
// OperatorService are reads or carry a request_id; watching is resumed by its revision instead. A server that stops may
// end a call with CANCELLED; this client never cancels a call that is retried.
constexpr char kServiceConfig[] = R"({
  "methodConfig": [
    {"name": [{"service": "closure.v1.ClosureService", "method": "WatchClosure"},
              {"service": "closure.v1.AccountGateService", "method": "WatchGates"}]},
    {"name": [{"service": "closure.v1.ClosureService"}, {"service": "closure.v1.AccountGateService"},
              {"service": "closure.v1.OperatorService"}, {"service": "grpc.health.v1.Health"},
              {"service": "closure.sandbox.v1.SandboxService", "method": "ShowAccount"},
              {"service": "closure.sandbox.v1.SandboxService", "method": "ListInbox"}],
     "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.2s", "maxBackoff": "2s", "backoffMultiplier": 2,
                     "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]}}]
})";

std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetMaxReceiveMessageSize(kReceiveBytesMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A watch reconnects within this time of a restarted server, not after gRPC's two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  if (!options.tls) return grpc::CreateCustomChannel(options.server, grpc::InsecureChannelCredentials(), arguments);
  const ClientTls& tls = *options.tls;
  if (!tls.server_name.empty()) arguments.SetSslTargetNameOverride(tls.server_name);
  const grpc::SslCredentialsOptions texts{
      .pem_root_certs = tls.root_certificates, .pem_private_key = tls.key, .pem_cert_chain = tls.certificate};
  return grpc::CreateCustomChannel(options.server, grpc::SslCredentials(texts), arguments);
}

template <typename Request>
Request WithRequestId(Request request) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return request;
}

// Reads `status`, field 1 of grpc.health.v1.HealthCheckResponse, where 1 is SERVING.
bool IsServing(const google::protobuf::Empty& response) {
  const google::protobuf::UnknownFieldSet& fields = response.GetReflection()->GetUnknownFields(response);
  for (int i = 0; i < fields.field_count(); ++i) {
    const google::protobuf::UnknownField& field = fields.field(i);
    if (field.number() == 1 && field.type() == google::protobuf::UnknownField::TYPE_VARINT) return field.varint() == 1;
  }
  return false;
}

}  // namespace

ClosureClient::ClosureClient(ClientOptions options)
    : options_(std::move(options)),
      channel_(MakeChannel(options_)),
      closures_(ClosureService::NewStub(channel_)),
      gates_(AccountGateService::NewStub(channel_)),
      operators_(OperatorService::NewStub(channel_)),
      sandbox_(SandboxService::NewStub(channel_)) {}

void ClosureClient::Prepare(grpc::ClientContext& context, absl::Duration timeout) const {
  context.set_deadline(gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN));
  if (!options_.actor.empty()) context.AddMetadata(kActorKey, options_.actor);
}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> ClosureClient::Call(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request) {
  grpc::ClientContext context;
  Prepare(context, options_.timeout);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status, absl::StrCat("server ", options_.server));
  return response;
}

absl::StatusOr<v1::ClosurePlan> ClosureClient::PreviewClosure(
    const v1::PreviewClosureRequest& request, absl::Duration timeout,
    const std::function<void(const v1::PreviewClosureResponse&)>& on_message) {
  grpc::ClientContext context;
  Prepare(context, timeout);
  auto reader = closures_->PreviewClosure(&context, request);
  std::optional<v1::ClosurePlan> plan;
  v1::PreviewClosureResponse message;
  while (reader->Read(&message)) {
    on_message(message);
    if (message.has_plan()) plan = message.plan();
  }
  const grpc::Status status = reader->Finish();
  const std::string who = absl::StrCat("server ", options_.server);
  if (!status.ok()) return FromGrpcStatus(status, who);
  if (!plan)
    return absl::InternalError(absl::StrCat(who, ": the preview of ", request.account(), " ended without a plan"));
  return *std::move(plan);
}

absl::StatusOr<v1::Closure> ClosureClient::CreateClosure(v1::CreateClosureRequest request) {
  return Call(*closures_, &ClosureService::Stub::CreateClosure, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::ResendCode(v1::ResendCodeRequest request) {
  return Call(*closures_, &ClosureService::Stub::ResendCode, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::VerifyIdentity(v1::VerifyIdentityRequest request) {
  return Call(*closures_, &ClosureService::Stub::VerifyIdentity, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Agreement> ClosureClient::GetAgreement(const v1::GetAgreementRequest& request) {
  return Call(*closures_, &ClosureService::Stub::GetAgreement, request);
}

absl::StatusOr<v1::Closure> ClosureClient::AcceptAgreement(v1::AcceptAgreementRequest request) {
  return Call(*closures_, &ClosureService::Stub::AcceptAgreement, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::GetClosure(const v1::GetClosureRequest& request) {
  return Call(*closures_, &ClosureService::Stub::GetClosure, request);
}

absl::StatusOr<v1::ListClosuresResponse> ClosureClient::ListClosures(const v1::ListClosuresRequest& request) {
  return Call(*closures_, &ClosureService::Stub::ListClosures, request);
}

absl::Status ClosureClient::WatchClosure(const v1::WatchClosureRequest& request, absl::Duration timeout,
                                         const std::function<bool(const v1::Closure&)>& on_change) {
  grpc::ClientContext context;
  Prepare(context, timeout);
  auto reader = closures_->WatchClosure(&context, request);
  v1::WatchClosureResponse message;
  bool wanted = true;
  while (wanted && reader->Read(&message)) wanted = on_change(message.closure());
  if (!wanted) context.TryCancel();
  const grpc::Status status = reader->Finish();
  return wanted ? FromGrpcStatus(status, absl::StrCat("server ", options_.server)) : absl::OkStatus();
}

absl::StatusOr<v1::ListBlockingItemsResponse> ClosureClient::ListBlockingItems(
    const v1::ListBlockingItemsRequest& request) {
  return Call(*closures_, &ClosureService::Stub::ListBlockingItems, request);
}

absl::StatusOr<v1::Closure> ClosureClient::Recheck(v1::RecheckRequest request) {
  return Call(*closures_, &ClosureService::Stub::Recheck, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::DiscardItems(v1::DiscardItemsRequest request) {
  return Call(*closures_, &ClosureService::Stub::DiscardItems, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::ConfirmClosure(v1::ConfirmClosureRequest request) {
  return Call(*closures_, &ClosureService::Stub::ConfirmClosure, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::CancelClosure(v1::CancelClosureRequest request) {
  return Call(*closures_, &ClosureService::Stub::CancelClosure, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::ListTransitionsResponse> ClosureClient::ListTransitions(const v1::ListTransitionsRequest& request) {
  return Call(*closures_, &ClosureService::Stub::ListTransitions, request);
}

absl::StatusOr<v1::ClosureRecord> ClosureClient::GetClosureRecord(const v1::GetClosureRecordRequest& request) {
  return Call(*closures_, &ClosureService::Stub::GetClosureRecord, request);
}

absl::StatusOr<v1::CheckAccessResponse> ClosureClient::CheckAccess(const v1::CheckAccessRequest& request) {
  return Call(*gates_, &AccountGateService::Stub::CheckAccess, request);
}

absl::StatusOr<v1::ListTasksResponse> ClosureClient::ListTasks(const v1::ListTasksRequest& request) {
  return Call(*operators_, &OperatorService::Stub::ListTasks, request);
}

absl::StatusOr<v1::Task> ClosureClient::RetryTask(v1::RetryTaskRequest request) {
  return Call(*operators_, &OperatorService::Stub::RetryTask, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::HoldClosure(v1::HoldClosureRequest request) {
  return Call(*operators_, &OperatorService::Stub::HoldClosure, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::Closure> ClosureClient::ReleaseHold(v1::ReleaseHoldRequest request) {
  return Call(*operators_, &OperatorService::Stub::ReleaseHold, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::SystemStatus> ClosureClient::PauseIrreversible(v1::PauseIrreversibleRequest request) {
  return Call(*operators_, &OperatorService::Stub::PauseIrreversible, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::SystemStatus> ClosureClient::ResumeIrreversible(v1::ResumeIrreversibleRequest request) {
  return Call(*operators_, &OperatorService::Stub::ResumeIrreversible, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::SystemStatus> ClosureClient::ReleaseBreaker(v1::ReleaseBreakerRequest request) {
  return Call(*operators_, &OperatorService::Stub::ReleaseBreaker, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::SystemStatus> ClosureClient::AcknowledgeClockJump(v1::AcknowledgeClockJumpRequest request) {
  return Call(*operators_, &OperatorService::Stub::AcknowledgeClockJump, WithRequestId(std::move(request)));
}

absl::StatusOr<v1::SystemStatus> ClosureClient::GetSystemStatus(const v1::GetSystemStatusRequest& request) {
  return Call(*operators_, &OperatorService::Stub::GetSystemStatus, request);
}

absl::StatusOr<sandbox::v1::LoadCloudResponse> ClosureClient::LoadCloud(const sandbox::v1::LoadCloudRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::LoadCloud, request);
}

absl::StatusOr<sandbox::v1::ShowAccountResponse> ClosureClient::ShowAccount(
    const sandbox::v1::ShowAccountRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::ShowAccount, request);
}

absl::StatusOr<sandbox::v1::ListInboxResponse> ClosureClient::ListInbox(const sandbox::v1::ListInboxRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::ListInbox, request);
}

absl::StatusOr<sandbox::v1::IssueBillResponse> ClosureClient::IssueBill(const sandbox::v1::IssueBillRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::IssueBill, request);
}

absl::StatusOr<sandbox::v1::SettleAccountResponse> ClosureClient::SettleAccount(
    const sandbox::v1::SettleAccountRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::SettleAccount, request);
}

absl::StatusOr<sandbox::v1::AdvanceClockResponse> ClosureClient::AdvanceClock(
    const sandbox::v1::AdvanceClockRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::AdvanceClock, request);
}

absl::StatusOr<sandbox::v1::SetFaultResponse> ClosureClient::SetFault(const sandbox::v1::SetFaultRequest& request) {
  return Call(*sandbox_, &SandboxService::Stub::SetFault, request);
}

absl::StatusOr<bool> ClosureClient::CheckHealth() {
  // The request with an empty service name is the empty message, and Debian ships no generated health messages.
  grpc::TemplatedGenericStub<google::protobuf::Empty, google::protobuf::Empty> stub(channel_);
  grpc::ClientContext context;
  Prepare(context, options_.timeout);
  const google::protobuf::Empty request;
  google::protobuf::Empty response;
  std::promise<grpc::Status> finished;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&finished](grpc::Status status) { finished.set_value(std::move(status)); });
  const grpc::Status status = finished.get_future().get();
  if (!status.ok()) return FromGrpcStatus(status, absl::StrCat("server ", options_.server));
  return IsServing(response);
}

}  // namespace closure
