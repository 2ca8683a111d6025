// SPDX-License-Identifier: Apache-2.0
#include "tests/client/fake_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/client/fake_sandbox.h"

namespace closure {
namespace {

using grpc::ServerContext;
using grpc::Status;
using v1::Closure;

}  // namespace

class FakeServer::Closures final : public v1::ClosureService::Service {
 public:
  explicit Closures(FakeServer& fake) : fake_(fake) {}

  Status PreviewClosure(ServerContext* context, const v1::PreviewClosureRequest* request,
                        grpc::ServerWriter<v1::PreviewClosureResponse>* writer) override {
    if (Status entered = fake_.Enter(context, "PreviewClosure", *request); !entered.ok()) return entered;
    v1::PreviewClosureResponse response;
    response.mutable_progress()->set_checker("billing");
    response.mutable_progress()->set_status(v1::CheckerResult::ANSWERED);
    writer->Write(response);
    if (Status late = fake_.Enter(context, "PreviewClosure.plan", *request); !late.ok()) {
      response.mutable_progress()->set_checker("resources");
      response.mutable_progress()->set_status(v1::CheckerResult::RUNNING);
      writer->Write(response);
      return late;
    }
    std::lock_guard lock(fake_.mutex_);
    // One item a message, so that every reader has to put them together.
    for (const v1::BlockingItem& item : fake_.preview_items_) {
      response.mutable_items()->clear_items();
      *response.mutable_items()->add_items() = item;
      writer->Write(response);
    }
    *response.mutable_plan() = fake_.plan_;
    writer->Write(response);
    return Status::OK;
  }
  Status CreateClosure(ServerContext* context, const v1::CreateClosureRequest* request, Closure* response) override {
    return Change(context, "CreateClosure", *request, Closure::IDENTITY_PENDING, response);
  }
  Status ResendCode(ServerContext* context, const v1::ResendCodeRequest* request, Closure* response) override {
    return Change(context, "ResendCode", *request, Closure::IDENTITY_PENDING, response);
  }
  Status VerifyIdentity(ServerContext* context, const v1::VerifyIdentityRequest* request, Closure* response) override {
    return Change(context, "VerifyIdentity", *request, Closure::AGREEMENT_PENDING, response);
  }
  Status GetAgreement(ServerContext* context, const v1::GetAgreementRequest* request,
                      v1::Agreement* response) override {
    if (Status entered = fake_.Enter(context, "GetAgreement", *request); !entered.ok()) return entered;
    response->set_version("2026-01");
    response->set_language_code("en");
    response->set_text("You agree that everything is deleted.");
    response->set_current(true);
    return Status::OK;
  }
  Status AcceptAgreement(ServerContext* context, const v1::AcceptAgreementRequest* request,
                         Closure* response) override {
    return Change(context, "AcceptAgreement", *request, Closure::CHECKING, response);
  }
  Status GetClosure(ServerContext* context, const v1::GetClosureRequest* request, Closure* response) override {
    if (Status entered = fake_.Enter(context, "GetClosure", *request); !entered.ok()) return entered;
    *response = fake_.closure();
    return Status::OK;
  }
  Status ListClosures(ServerContext* context, const v1::ListClosuresRequest* request,
                      v1::ListClosuresResponse* response) override {
    if (Status entered = fake_.Enter(context, "ListClosures", *request); !entered.ok()) return entered;
    std::lock_guard lock(fake_.mutex_);
    if (fake_.exists_) *response->add_closures() = fake_.closure_;
    return Status::OK;
  }
  Status WatchClosure(ServerContext* context, const v1::WatchClosureRequest* request,
                      grpc::ServerWriter<v1::WatchClosureResponse>* writer) override;
  Status ListBlockingItems(ServerContext* context, const v1::ListBlockingItemsRequest* request,
                           v1::ListBlockingItemsResponse* response) override;
  Status Recheck(ServerContext* context, const v1::RecheckRequest* request, Closure* response) override {
    return Change(context, "Recheck", *request, Closure::CHECKING, response);
  }
  Status DiscardItems(ServerContext* context, const v1::DiscardItemsRequest* request, Closure* response) override {
    const Status discarded = Change(context, "DiscardItems", *request, Closure::DISCARDING, response);
    std::lock_guard lock(fake_.mutex_);
    v1::ItemCounts& counts = *fake_.closure_.mutable_item_counts();
    counts.set_renounceable(counts.renounceable() - fake_.releases_);
    return discarded;
  }
  Status ConfirmClosure(ServerContext* context, const v1::ConfirmClosureRequest* request, Closure* response) override {
    return Change(context, "ConfirmClosure", *request, Closure::CONFIRMING, response);
  }
  Status CancelClosure(ServerContext* context, const v1::CancelClosureRequest* request, Closure* response) override {
    return Change(context, "CancelClosure", *request, Closure::CANCELLED, response);
  }
  Status ListTransitions(ServerContext* context, const v1::ListTransitionsRequest* request,
                         v1::ListTransitionsResponse* response) override;
  Status GetClosureRecord(ServerContext* context, const v1::GetClosureRecordRequest* request,
                          v1::ClosureRecord* response) override {
    if (Status entered = fake_.Enter(context, "GetClosureRecord", *request); !entered.ok()) return entered;
    *response->mutable_closure() = fake_.closure();
    response->add_consents()->set_kind(v1::Consent::AGREEMENT);
    return Status::OK;
  }

 private:
  Status Change(ServerContext* context, const std::string& method, const google::protobuf::Message& request,
                Closure::State state, Closure* response) {
    if (Status entered = fake_.Enter(context, method, request); !entered.ok()) return entered;
    *response = fake_.Move(state);
    return Status::OK;
  }

  FakeServer& fake_;
};

Status FakeServer::Closures::WatchClosure(ServerContext* context, const v1::WatchClosureRequest* request,
                                          grpc::ServerWriter<v1::WatchClosureResponse>* writer) {
  if (Status entered = fake_.Enter(context, "WatchClosure", *request); !entered.ok()) return entered;
  WatchScript script;
  {
    std::lock_guard lock(fake_.mutex_);
    if (!fake_.watches_.empty()) {
      script = fake_.watches_.front();
      fake_.watches_.pop_front();
    }
  }
  if (script.changes.empty() && script.end.ok()) {
    const Closure::State state = fake_.closure().state();
    const bool scanning = state == Closure::CHECKING || state == Closure::DISCARDING;
    script.changes.push_back(fake_.closure());
    if (scanning) script.changes.push_back(fake_.Move(fake_.NextScanResult()));
    if (state == Closure::CONFIRMING) script.changes.push_back(fake_.Move(Closure::SILENT_PERIOD));
  }
  for (const Closure& change : script.changes) {
    v1::WatchClosureResponse response;
    *response.mutable_closure() = change;
    writer->Write(response);
  }
  return script.end;
}

Status FakeServer::Closures::ListBlockingItems(ServerContext* context, const v1::ListBlockingItemsRequest* request,
                                               v1::ListBlockingItemsResponse* response) {
  if (Status entered = fake_.Enter(context, "ListBlockingItems", *request); !entered.ok()) return entered;
  // One item a page, so that every reader has to turn pages.
  const std::vector<v1::BlockingItem> items = fake_.items();
  const size_t index = request->page_token().empty() ? 0 : std::stoul(request->page_token());
  if (index < items.size()) *response->add_items() = items[index];
  if (index + 1 < items.size()) response->set_next_page_token(absl::StrCat(index + 1));
  return Status::OK;
}

Status FakeServer::Closures::ListTransitions(ServerContext* context, const v1::ListTransitionsRequest* request,
                                             v1::ListTransitionsResponse* response) {
  if (Status entered = fake_.Enter(context, "ListTransitions", *request); !entered.ok()) return entered;
  v1::Transition* transition = response->add_transitions();
  transition->set_name(absl::StrCat(kClosureName, "/transitions/1"));
  transition->set_event("create");
  transition->set_to_state(Closure::IDENTITY_PENDING);
  transition->set_actor("root:1000000001");
  return Status::OK;
}

class FakeServer::Gates final : public v1::AccountGateService::Service {
 public:
  explicit Gates(FakeServer& fake) : fake_(fake) {}

  Status CheckAccess(ServerContext* context, const v1::CheckAccessRequest* request,
                     v1::CheckAccessResponse* response) override {
    if (Status entered = fake_.Enter(context, "CheckAccess", *request); !entered.ok()) return entered;
    response->set_allowed(true);
    response->set_gate_state(v1::GATE_OPEN);
    return Status::OK;
  }

 private:
  FakeServer& fake_;
};

class FakeServer::Operators final : public v1::OperatorService::Service {
 public:
  explicit Operators(FakeServer& fake) : fake_(fake) {}

  Status ListTasks(ServerContext* context, const v1::ListTasksRequest* request,
                   v1::ListTasksResponse* response) override {
    if (Status entered = fake_.Enter(context, "ListTasks", *request); !entered.ok()) return entered;
    std::lock_guard lock(fake_.mutex_);
    for (const v1::Task& task : fake_.tasks_) {
      if (task.stuck() || !request->stuck_only()) *response->add_tasks() = task;
    }
    return Status::OK;
  }
  Status RetryTask(ServerContext* context, const v1::RetryTaskRequest* request, v1::Task* response) override {
    {
      std::lock_guard lock(fake_.mutex_);
      for (const v1::Task& task : fake_.tasks_) {
        if (task.name() == request->name()) *response = task;
      }
    }
    response->set_name(request->name());
    return fake_.Enter(context, "RetryTask", *request);
  }
  Status HoldClosure(ServerContext* context, const v1::HoldClosureRequest* request, Closure* response) override {
    *response = fake_.closure();
    return fake_.Enter(context, "HoldClosure", *request);
  }
  Status PauseIrreversible(ServerContext* context, const v1::PauseIrreversibleRequest* request,
                           v1::SystemStatus* response) override {
    {
      std::lock_guard lock(fake_.mutex_);
      fake_.system_.mutable_pause()->set_reason(request->reason());
    }
    return Answer(context, "PauseIrreversible", *request, response);
  }
  Status ReleaseBreaker(ServerContext* context, const v1::ReleaseBreakerRequest* request,
                        v1::SystemStatus* response) override {
    return Answer(context, "ReleaseBreaker", *request, response);
  }
  Status AcknowledgeClockJump(ServerContext* context, const v1::AcknowledgeClockJumpRequest* request,
                              v1::SystemStatus* response) override {
    return Answer(context, "AcknowledgeClockJump", *request, response);
  }
  Status GetSystemStatus(ServerContext* context, const v1::GetSystemStatusRequest* request,
                         v1::SystemStatus* response) override {
    return Answer(context, "GetSystemStatus", *request, response);
  }

 private:
  Status Answer(ServerContext* context, const std::string& method, const google::protobuf::Message& request,
                v1::SystemStatus* response) {
    if (Status entered = fake_.Enter(context, method, request); !entered.ok()) return entered;
    std::lock_guard lock(fake_.mutex_);
    *response = fake_.system_;
    return Status::OK;
  }

  FakeServer& fake_;
};

FakeServer::FakeServer()
    : closures_(std::make_unique<Closures>(*this)),
      gates_(std::make_unique<Gates>(*this)),
      operators_(std::make_unique<Operators>(*this)),
      sandbox_(std::make_unique<Sandbox>(*this)) {
  system_.set_version("0.1.0");
  system_.mutable_server_time()->set_seconds(kCreateSeconds);
  tasks_.emplace_back().set_name("tasks/42");
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(closures_.get());
  builder.RegisterService(gates_.get());
  builder.RegisterService(operators_.get());
  builder.RegisterService(sandbox_.get());
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeServer::~FakeServer() { server_->Shutdown(); }

void FakeServer::SetClosure(const Closure& closure) {
  std::lock_guard lock(mutex_);
  closure_ = closure;
  exists_ = true;
}

v1::Closure FakeServer::closure() const {
  std::lock_guard lock(mutex_);
  return closure_;
}

void FakeServer::SetItems(const std::vector<v1::BlockingItem>& items) {
  std::lock_guard lock(mutex_);
  items_ = items;
}

std::vector<v1::BlockingItem> FakeServer::items() const {
  std::lock_guard lock(mutex_);
  return items_;
}

void FakeServer::SetScanResults(const std::vector<Closure::State>& states) {
  std::lock_guard lock(mutex_);
  scan_results_.assign(states.begin(), states.end());
}

v1::Closure::State FakeServer::NextScanResult() {
  std::lock_guard lock(mutex_);
  const Closure::State state = scan_results_.front();
  if (scan_results_.size() > 1) scan_results_.pop_front();
  return state;
}

void FakeServer::SetReleases(int items) {
  std::lock_guard lock(mutex_);
  releases_ = items;
}

void FakeServer::SetPlan(const v1::ClosurePlan& plan, const std::vector<v1::BlockingItem>& items) {
  std::lock_guard lock(mutex_);
  preview_items_ = items;
  plan_ = plan;
}

void FakeServer::SetTasks(const std::vector<v1::Task>& tasks) {
  std::lock_guard lock(mutex_);
  tasks_ = tasks;
}

void FakeServer::SetSystem(const v1::SystemStatus& system) {
  std::lock_guard lock(mutex_);
  system_ = system;
}

void FakeServer::AddInboxMessage(const std::string& channel, const std::string& body, int64_t seconds) {
  std::lock_guard lock(mutex_);
  sandbox::v1::InboxMessage* message = inbox_.add_messages();
  message->set_channel(channel);
  message->set_body(body);
  message->mutable_create_time()->set_seconds(kCreateSeconds + seconds);
}

void FakeServer::FailNext(const std::string& method, const grpc::Status& status) {
  std::lock_guard lock(mutex_);
  failures_[method].push_back(status);
}

void FakeServer::AddWatch(const WatchScript& script) {
  std::lock_guard lock(mutex_);
  watches_.push_back(script);
}

int FakeServer::Calls(const std::string& method) const { return static_cast<int>(RawRequests(method).size()); }

std::string FakeServer::LastActor() const {
  std::lock_guard lock(mutex_);
  return last_actor_;
}

std::vector<std::string> FakeServer::RawRequests(const std::string& method) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> requests;
  for (const auto& [called, bytes] : calls_) {
    if (called == method) requests.push_back(bytes);
  }
  return requests;
}

grpc::Status FakeServer::Enter(ServerContext* context, const std::string& method,
                               const google::protobuf::Message& request) {
  std::lock_guard lock(mutex_);
  calls_.emplace_back(method, request.SerializeAsString());
  const auto actor = context->client_metadata().find("closure-actor");
  last_actor_ =
      actor == context->client_metadata().end() ? "" : std::string(actor->second.data(), actor->second.size());
  std::deque<grpc::Status>& failures = failures_[method];
  if (failures.empty()) return Status::OK;
  const grpc::Status failure = failures.front();
  failures.pop_front();
  return failure;
}

v1::Closure FakeServer::Move(Closure::State state) {
  std::lock_guard lock(mutex_);
  const int64_t revision = closure_.revision() + 1;
  const v1::ItemCounts counts = closure_.item_counts();
  closure_ = MakeClosure(state);
  closure_.set_revision(revision);
  closure_.set_etag(absl::StrCat("\"", revision, "\""));
  *closure_.mutable_item_counts() = counts;
  exists_ = true;
  return closure_;
}

}  // namespace closure
