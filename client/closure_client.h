// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURE_CLIENT_H_
#define CLOSURE_CLIENT_CLOSURE_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "closure/v1/account_gate_service.grpc.pb.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "closure/v1/operator_service.grpc.pb.h"

namespace closure {

// TLS of a connection: texts of PEM files, and a name.
struct ClientTls {
  // Who signed the server's certificate; the machine's roots when empty.
  std::string root_certificates;
  // The client's own certificate, and those that signed it, and its key; both or neither.
  std::string certificate;
  std::string key;
  // The name that the server's certificate has; that of the address when empty.
  std::string server_name;
};

// How to reach a server, and as whom.
struct ClientOptions {
  // "HOST:PORT" or "unix:/PATH".
  std::string server = "127.0.0.1:7443";
  // Sent as the metadata "closure-actor": "root:ACCOUNT", "ram:NAME@ACCOUNT" or "operator:NAME"; empty sends none.
  std::string actor;
  // By what both know each other, for the client's whole life; nothing for plain text.
  std::optional<ClientTls> tls;
  // The deadline of every call that has no other.
  absl::Duration timeout = absl::Seconds(30);
};

// Calls a closured server:
//
//   ClosureClient client({.actor = "root:1000000001"});
//   v1::CreateClosureRequest request;
//   request.set_parent("accounts/1000000001");
//   request.set_channel(v1::EMAIL);
//   absl::StatusOr<v1::Closure> closure = client.CreateClosure(request);
//
// Every call has a deadline. Reads, and calls with a request_id, are tried up to four times while the server is
// UNAVAILABLE; an empty request_id is filled in first, so each attempt carries the same one. Errors are those that the
// proto documents for the RPC, with details for DecodeErrorDetails, besides UNAVAILABLE when no server is reached and
// DEADLINE_EXCEEDED. All methods but set_actor block and can be called from any thread.
class ClosureClient {
 public:
  // Does not connect yet; the first call does.
  explicit ClosureClient(ClientOptions options);
  ClosureClient(const ClosureClient&) = delete;
  ClosureClient& operator=(const ClosureClient&) = delete;

  const ClientOptions& options() const { return options_; }
  // Changes as whom the calls from now on are made; must not run beside a call.
  void set_actor(std::string actor) { options_.actor = std::move(actor); }

  // ClosureService. A callback that returns false ends its stream, which then counts as OK.
  absl::StatusOr<v1::ClosurePlan> PreviewClosure(
      const v1::PreviewClosureRequest& request, absl::Duration timeout,
      const std::function<void(const v1::PreviewClosureResponse&)>& on_message);
  absl::StatusOr<v1::Closure> CreateClosure(v1::CreateClosureRequest request);
  absl::StatusOr<v1::Closure> ResendCode(v1::ResendCodeRequest request);
  absl::StatusOr<v1::Closure> VerifyIdentity(v1::VerifyIdentityRequest request);
  absl::StatusOr<v1::Agreement> GetAgreement(const v1::GetAgreementRequest& request);
  absl::StatusOr<v1::Closure> AcceptAgreement(v1::AcceptAgreementRequest request);
  absl::StatusOr<v1::Closure> GetClosure(const v1::GetClosureRequest& request);
  absl::StatusOr<v1::ListClosuresResponse> ListClosures(const v1::ListClosuresRequest& request);
  absl::Status WatchClosure(const v1::WatchClosureRequest& request, absl::Duration timeout,
                            const std::function<bool(const v1::Closure&)>& on_change);
  absl::StatusOr<v1::ListBlockingItemsResponse> ListBlockingItems(const v1::ListBlockingItemsRequest& request);
  absl::StatusOr<v1::Closure> Recheck(v1::RecheckRequest request);
  absl::StatusOr<v1::Closure> DiscardItems(v1::DiscardItemsRequest request);
  absl::StatusOr<v1::Closure> ConfirmClosure(v1::ConfirmClosureRequest request);
  absl::StatusOr<v1::Closure> CancelClosure(v1::CancelClosureRequest request);
  absl::StatusOr<v1::ListTransitionsResponse> ListTransitions(const v1::ListTransitionsRequest& request);
  absl::StatusOr<v1::ClosureRecord> GetClosureRecord(const v1::GetClosureRecordRequest& request);

  // AccountGateService.
  absl::StatusOr<v1::CheckAccessResponse> CheckAccess(const v1::CheckAccessRequest& request);

  // OperatorService.
  absl::StatusOr<v1::ListTasksResponse> ListTasks(const v1::ListTasksRequest& request);
  absl::StatusOr<v1::Task> RetryTask(v1::RetryTaskRequest request);
  absl::StatusOr<v1::Closure> HoldClosure(v1::HoldClosureRequest request);
  absl::StatusOr<v1::Closure> ReleaseHold(v1::ReleaseHoldRequest request);
  absl::StatusOr<v1::SystemStatus> PauseIrreversible(v1::PauseIrreversibleRequest request);
  absl::StatusOr<v1::SystemStatus> ResumeIrreversible(v1::ResumeIrreversibleRequest request);
  absl::StatusOr<v1::SystemStatus> ReleaseBreaker(v1::ReleaseBreakerRequest request);
  absl::StatusOr<v1::SystemStatus> AcknowledgeClockJump(v1::AcknowledgeClockJumpRequest request);
  absl::StatusOr<v1::SystemStatus> GetSystemStatus(const v1::GetSystemStatusRequest& request);

  // SandboxService, which only `closured dev` serves. What moves the pretended world is never retried.
  absl::StatusOr<sandbox::v1::LoadCloudResponse> LoadCloud(const sandbox::v1::LoadCloudRequest& request);
  absl::StatusOr<sandbox::v1::ShowAccountResponse> ShowAccount(const sandbox::v1::ShowAccountRequest& request);
  absl::StatusOr<sandbox::v1::ListInboxResponse> ListInbox(const sandbox::v1::ListInboxRequest& request);
  absl::StatusOr<sandbox::v1::IssueBillResponse> IssueBill(const sandbox::v1::IssueBillRequest& request);
  absl::StatusOr<sandbox::v1::SettleAccountResponse> SettleAccount(const sandbox::v1::SettleAccountRequest& request);
  absl::StatusOr<sandbox::v1::AdvanceClockResponse> AdvanceClock(const sandbox::v1::AdvanceClockRequest& request);
  absl::StatusOr<sandbox::v1::SetFaultResponse> SetFault(const sandbox::v1::SetFaultRequest& request);

  // Asks grpc.health.v1.Health for the whole server: whether it is SERVING.
  absl::StatusOr<bool> CheckHealth();

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request);
  void Prepare(grpc::ClientContext& context, absl::Duration timeout) const;

  ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ClosureService::Stub> closures_;
  const std::unique_ptr<v1::AccountGateService::Stub> gates_;
  const std::unique_ptr<v1::OperatorService::Stub> operators_;
  const std::unique_ptr<sandbox::v1::SandboxService::Stub> sandbox_;
};

// Reads every page of a list: `list` is called with the request and each page token in turn, `append` with each page.
// Stops at the first error and returns it.
template <typename Request, typename Response>
absl::Status ReadPages(Request request, const std::function<absl::StatusOr<Response>(const Request&)>& list,
                       const std::function<void(const Response&)>& append) {
  do {
    absl::StatusOr<Response> page = list(request);
    if (!page.ok()) return page.status();
    append(*page);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURE_CLIENT_H_
