// SPDX-License-Identifier: Apache-2.0
#include "sandbox/upstream_calls.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "protos/failpoint.h"
#include "sandbox/account_rows.h"

namespace closure {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using sandbox::v1::SetFaultRequest;
using upstream::v1::ActResult;

// Fills what would mean something if it were empty: an empty list is "nothing there", an empty partner_id "no
// reseller".
void MakeMeaningless(Message& message) {
  const Reflection* const reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = message.GetDescriptor()->field(i);
    if (field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      reflection->AddMessage(&message, field);
    } else if (field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection->AddString(&message, field, "");
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      reflection->SetInt64(&message, field, -1);
    } else if (field->name() == "partner_name") {
      reflection->SetString(&message, field, "a partner without an id");
    }
  }
}

}  // namespace

grpc::Status PlainGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

UpstreamCalls::UpstreamCalls(CloudDatabase& database, FaultTable& faults, HangingCalls& hanging,
                             std::function<absl::Time()> now)
    : database_(database), faults_(faults), hanging_(hanging), now_(std::move(now)) {}

grpc::ServerUnaryReactor* UpstreamCalls::Play(grpc::CallbackServerContext* context, const std::string& method,
                                              const std::string& account_id, Message* response, Body body) {
  const grpc::Status unavailable(grpc::StatusCode::UNAVAILABLE, "sandbox: a fault is played");
  const SetFaultRequest::Fault fault = faults_.Take(method, account_id);
  if (fault == SetFaultRequest::HANG) return hanging_.Hang();
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  if (hanging_.released()) {
    reactor->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "sandbox: stopping"));
    return reactor;
  }
  if (fault == SetFaultRequest::UNAVAILABLE_BEFORE) {
    reactor->Finish(unavailable);
  } else if (fault == SetFaultRequest::MALFORMED) {
    MakeMeaningless(*response);
    reactor->Finish(grpc::Status::OK);
  } else {
    const absl::Status status = body(now_());
    reactor->Finish(fault == SetFaultRequest::UNAVAILABLE_AFTER ? unavailable : PlainGrpcStatus(status));
  }
  return reactor;
}

grpc::ServerUnaryReactor* UpstreamCalls::Serve(grpc::CallbackServerContext* context, const std::string& method,
                                               const std::string& account_id, Message* response, Answer answer) {
  return Play(context, method, account_id, response, [&](absl::Time now) {
    return database_.Transact([&](SqliteTransaction& tx) { return answer(tx, now); });
  });
}

grpc::ServerUnaryReactor* UpstreamCalls::Read(grpc::CallbackServerContext* context, const std::string& method,
                                              const std::string& account_id, Message* response, Answer answer) {
  return Serve(context, method, account_id, response, [&](SqliteTransaction& tx, absl::Time now) {
    if (absl::Status status = RequireLive(tx, account_id); !status.ok()) return status;
    return answer(tx, now);
  });
}

grpc::ServerUnaryReactor* UpstreamCalls::Act(grpc::CallbackServerContext* context, const LedgerEntry& entry,
                                             ActResult* response, Do do_act) {
  return Act(context, entry, response, do_act, [&](const ActResult& result) { *response = result; });
}

grpc::ServerUnaryReactor* UpstreamCalls::Act(grpc::CallbackServerContext* context, const LedgerEntry& entry,
                                             Message* response, Do do_act,
                                             absl::FunctionRef<void(const ActResult&)> fill) {
  return Play(context, entry.method, entry.act.account_id(), response, [&](absl::Time now) {
    absl::StatusOr<ActResult> result = absl::InternalError("sandbox: the act was not tried");
    const absl::Status committed = database_.Transact([&](SqliteTransaction& tx) {
      result = PerformOnce(tx, entry, now, [&](SqliteTransaction& inner) { return do_act(inner, now); });
      Failpoint("sandbox.act.written", entry.method);
      return absl::OkStatus();  // also for a refusal: the fence that it showed has been seen
    });
    Failpoint("sandbox.act.durable", entry.method);
    if (!committed.ok()) return committed;
    if (result.ok()) fill(*result);
    return result.status();
  });
}

ActResult Done(std::string_view detail) {
  ActResult result;
  result.set_outcome(ActResult::DONE);
  result.set_detail(std::string(detail));
  return result;
}

ActResult FactsMoved(std::string_view detail) {
  ActResult result;
  result.set_outcome(ActResult::FACTS_MOVED);
  result.set_detail(std::string(detail));
  return result;
}

}  // namespace closure
