// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_calls.h"

#include <algorithm>
#include <set>

#include "checkers/proto_time.h"
#include "closure/upstream/v1/account_service.grpc.pb.h"
#include "fmt/format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"

namespace closure {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr char kOperator[] = "operator:sight";
// How long a test looks for something that is about to happen before it gives up; a disk can be slow.
constexpr int kPatienceSeconds = 60;

template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& status) {
  google::rpc::Status rich;
  Detail detail;
  if (!rich.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& each : rich.details()) {
    if (each.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string FromBuffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

class Patience {
 public:
  bool IsOver() const { return gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), end_) > 0; }

 private:
  const gpr_timespec end_ =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kPatienceSeconds, GPR_TIMESPAN));
};

// Waits for the one operation that is under way. Without assertions, which Catch2 has for the test's own thread only.
bool Next(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

std::vector<const MethodDescriptor*> MethodsOf(const ServiceDescriptor* service) {
  std::vector<const MethodDescriptor*> methods;
  for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  return methods;
}

const MethodDescriptor* MethodTaking(const Descriptor* request) {
  for (const auto& methods : {ClosureMethods(), OperatorMethods()}) {
    for (const MethodDescriptor* method : methods) {
      if (method->input_type() == request) return method;
    }
  }
  FAIL("no method takes " << request->full_name());
  return nullptr;
}

void SetEnum(Message& message, const std::string& field_name, int number) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(field_name);
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return;
  message.GetReflection()->SetEnumValue(&message, field, number);
}

// A message in a repeated field, if there is such a field; else null.
Message* Add(Message& message, const std::string& field_name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(field_name);
  return field == nullptr ? nullptr : message.GetReflection()->AddMessage(&message, field);
}

}  // namespace

std::map<std::string, std::string> Reply::metadata() const {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info) return {};
  return {info->metadata().begin(), info->metadata().end()};
}

std::vector<std::string> Reply::fields() const {
  std::vector<std::string> names;
  const auto bad_request = DetailOf<google::rpc::BadRequest>(status);
  if (!bad_request) return names;
  for (const auto& violation : bad_request->field_violations()) names.push_back(violation.field());
  return names;
}

std::vector<std::string> Reply::violations() const {
  std::vector<std::string> named;
  const auto failure = DetailOf<google::rpc::PreconditionFailure>(status);
  if (!failure) return named;
  for (const auto& each : failure->violations()) named.push_back(each.type() + " " + each.subject());
  return named;
}

std::optional<absl::Duration> Reply::retry_delay() const {
  const auto info = DetailOf<google::rpc::RetryInfo>(status);
  if (!info) return std::nullopt;
  return absl::Seconds(info->retry_delay().seconds()) + absl::Nanoseconds(info->retry_delay().nanos());
}

std::vector<const MethodDescriptor*> ClosureMethods() {
  return MethodsOf(v1::CreateClosureRequest::descriptor()->file()->FindServiceByName("ClosureService"));
}

std::vector<const MethodDescriptor*> OperatorMethods() {
  return MethodsOf(v1::HoldClosureRequest::descriptor()->file()->FindServiceByName("OperatorService"));
}

std::vector<const MethodDescriptor*> GateMethods() {
  return MethodsOf(v1::CheckAccessRequest::descriptor()->file()->FindServiceByName("AccountGateService"));
}

bool IsMutation(const MethodDescriptor* method) {
  return method->input_type()->FindFieldByName("request_id") != nullptr;
}

Reply SendBytes(RunningServer& server, const std::string& actor, const MethodDescriptor* method,
                const std::string& bytes, int messages_max) {
  return SendBytes(server.channel(), *RunningServer::As(actor), method, bytes, messages_max);
}

Reply SendBytes(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                const MethodDescriptor* method, const std::string& bytes, int messages_max) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const std::string path = fmt::format("/{}/{}", method->service()->full_name(), method->name());
  const auto call = stub.PrepareCall(&context, path, &queue);
  Reply reply;
  call->StartCall(nullptr);
  Next(queue);
  call->Write(ToBuffer(bytes), grpc::WriteOptions().set_last_message(), nullptr);
  Next(queue);
  grpc::ByteBuffer buffer;
  call->Read(&buffer, nullptr);
  while (Next(queue)) {
    reply.messages.push_back(FromBuffer(buffer));
    if (static_cast<int>(reply.messages.size()) == messages_max) context.TryCancel();
    call->Read(&buffer, nullptr);
  }
  call->Finish(&reply.status, nullptr);
  Next(queue);
  return reply;
}

Reply Send(RunningServer& server, const std::string& actor, const Message& request) {
  return SendBytes(server, actor, MethodTaking(request.GetDescriptor()), request.SerializeAsString());
}

bool SetText(Message& message, const std::string& field_name, const std::string& value) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(field_name);
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING || field->is_repeated()) return false;
  message.GetReflection()->SetString(&message, field, value);
  return true;
}

std::unique_ptr<Message> MakeRequest(const MethodDescriptor* method, const v1::Closure& closure) {
  std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
  const bool of_account = method->name() == "CreateClosure" || method->name() == "ListClosures";
  SetText(*request, "account", closure.account());
  SetText(*request, "parent", of_account ? closure.account() : closure.name());
  SetText(*request, "name", method->name() == "RetryTask" ? "tasks/1" : closure.name());
  SetText(*request, "request_id", NewRequestId());
  SetText(*request, "etag", closure.etag());
  SetText(*request, "risk_digest",
          closure.risk_prompt().digest().empty() ? std::string(64, 'a') : closure.risk_prompt().digest());
  SetText(*request, "version", "2026-01");
  SetEnum(*request, "channel", v1::EMAIL);
  if (!SetText(*request, "reason", "a test")) SetEnum(*request, "reason", v1::Closure::NO_LONGER_NEEDED);
  if (Message* const code = Add(*request, "codes")) SetText(*code, "code", "000000");
  if (Message* const selection = Add(*request, "selections")) {
    SetText(*selection, "item", fmt::format("{}/blockingItems/billing-{}", closure.name(), std::string(32, 'a')));
    SetText(*selection, "fingerprint", std::string(64, 'a'));
  }
  return request;
}

void CheckRefused(const Reply& reply, grpc::StatusCode code, v1::ErrorReason reason,
                  const std::vector<std::string>& said) {
  INFO("answered " << reply.status.error_code() << " " << v1::ErrorReason_Name(reply.reason()) << ": "
                   << reply.status.error_message());
  CHECK(reply.status.error_code() == code);
  CHECK(v1::ErrorReason_Name(reply.reason()) == v1::ErrorReason_Name(reason));
  CHECK(reply.messages.empty());
  for (const std::string& part : said) CHECK_THAT(reply.status.error_message(), Catch::Contains(part));
  google::rpc::Status rich;
  REQUIRE(rich.ParseFromString(reply.status.error_details()));
  std::set<std::string> types;
  for (const auto& detail : rich.details()) CHECK(types.insert(detail.type_url()).second);
  const auto info = DetailOf<google::rpc::ErrorInfo>(reply.status);
  REQUIRE(info);
  CHECK(info->domain() == "closure.v1");
}

void DeleteElsewhere(RunningServer& server, const std::string& account_id) {
  const auto stub = upstream::v1::AccountService::NewStub(server.cloud().channel());
  upstream::v1::DeleteAccountRequest request;
  request.mutable_act()->set_account_id(account_id);
  request.mutable_act()->set_closure(fmt::format("accounts/{}/closures/elsewhere", account_id));
  request.mutable_act()->set_idempotency_key(fmt::format("elsewhere/{}", account_id));
  request.mutable_act()->set_fence(server.Show(account_id).fence() + 1);
  upstream::v1::ActResult result;
  REQUIRE(stub->DeleteAccount(RunningServer::As("").get(), request, &result).ok());
  REQUIRE(result.outcome() == upstream::v1::ActResult::DONE);
}

v1::SystemStatus StatusOf(RunningServer& server) {
  return Send(server, kOperator, v1::GetSystemStatusRequest()).As<v1::SystemStatus>();
}

v1::SystemStatus WaitForStatus(RunningServer& server, const std::function<bool(const v1::SystemStatus&)>& condition) {
  v1::SystemStatus status;
  for (const Patience patience; !patience.IsOver();) {
    status = StatusOf(server);
    if (condition(status)) return status;
  }
  INFO(status.DebugString());
  FAIL("the system did not come to what was waited for");
  return status;
}

std::string Sight(RunningServer& server, const std::string& closure_name) {
  v1::GetClosureRecordRequest request;
  request.set_name(closure_name);
  return Send(server, kOperator, request).As<v1::ClosureRecord>().DebugString();
}

std::vector<v1::Task> TasksOf(RunningServer& server, const std::string& closure_name) {
  v1::ListTasksRequest request;
  request.set_closure(closure_name);
  request.set_page_size(200);
  const auto response = Send(server, kOperator, request).As<v1::ListTasksResponse>();
  return {response.tasks().begin(), response.tasks().end()};
}

void WaitUntilQuiet(RunningServer& server, const std::string& closure_name) {
  const auto is_due = [&](const v1::Task& task) {
    return task.parked() == v1::Task::PARKED_UNSPECIFIED && FromProto(task.due_time()) <= server.clock().Now();
  };
  std::vector<v1::Task> tasks;
  for (const Patience patience; !patience.IsOver();) {
    tasks = TasksOf(server, closure_name);
    if (std::none_of(tasks.begin(), tasks.end(), is_due)) return;
  }
  std::string text;
  for (const v1::Task& task : tasks) text += task.ShortDebugString() + "\n";
  FAIL("there is always something due for " << closure_name << " at " << absl::FormatTime(server.clock().Now()) << ":\n"
                                            << text << Sight(server, closure_name));
}

void RetryTasks(RunningServer& server, const std::string& closure_name) {
  for (const v1::Task& task : TasksOf(server, closure_name)) {
    v1::RetryTaskRequest request;
    request.set_name(task.name());
    request.set_reason("what failed works again");
    request.set_request_id(NewRequestId());
    // It may have been done meanwhile.
    Send(server, kOperator, request);
  }
}

std::string SightOfAll(RunningServer& server) {
  v1::ListClosuresRequest request;
  request.set_parent("accounts/-");
  request.set_page_size(200);
  return Send(server, kOperator, request).As<v1::ListClosuresResponse>().DebugString();
}

}  // namespace closure
