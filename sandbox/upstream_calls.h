// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_UPSTREAM_CALLS_H_
#define CLOSURE_SANDBOX_UPSTREAM_CALLS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/act.pb.h"
#include "closure/v1/money.pb.h"
#include "fmt/format.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"
#include "sandbox/act_ledger.h"
#include "sandbox/cloud_database.h"
#include "sandbox/fault_table.h"
#include "sandbox/hanging_calls.h"
#include "sandbox/sqlite_database.h"

namespace closure {

// "closure.upstream.v1.BillingService/SealBilling" of the service's class and the method's name.
template <typename Service>
std::string MethodName(std::string_view method) {
  return fmt::format("{}/{}", Service::service_full_name(), method);
}

// Code and message of an error; the codes of both are the same numbers.
grpc::Status PlainGrpcStatus(const absl::Status& status);

// What every method of the pretended cloud begins and ends with: the fault that is played for it, one transaction, and
// for an act its key and fence. Thread-safe. A call is done on the thread that brings it; it reads and writes one local
// file.
class UpstreamCalls {
 public:
  // The transaction to answer in, and what time it is.
  using Answer = absl::FunctionRef<absl::Status(SqliteTransaction&, absl::Time)>;
  using Do = absl::FunctionRef<absl::StatusOr<upstream::v1::ActResult>(SqliteTransaction&, absl::Time)>;

  // All must outlive this object and every call.
  UpstreamCalls(CloudDatabase& database, FaultTable& faults, HangingCalls& hanging, std::function<absl::Time()> now);

  // Answers a call whose body fills the response itself. An error of `answer` rolls its transaction back.
  grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context, const std::string& method,
                                  const std::string& account_id, google::protobuf::Message* response, Answer answer);
  // Answers a read of a live account: NOT_FOUND and FAILED_PRECONDITION are answered before `answer` is called.
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, const std::string& method,
                                 const std::string& account_id, google::protobuf::Message* response, Answer answer);
  // Answers an act (see PerformOnce).
  grpc::ServerUnaryReactor* Act(grpc::CallbackServerContext* context, const LedgerEntry& entry,
                                upstream::v1::ActResult* response, Do do_act);
  // The same for a service with an answer of its own, which `fill` makes of the result.
  grpc::ServerUnaryReactor* Act(grpc::CallbackServerContext* context, const LedgerEntry& entry,
                                google::protobuf::Message* response, Do do_act,
                                absl::FunctionRef<void(const upstream::v1::ActResult&)> fill);

 private:
  using Body = absl::FunctionRef<absl::Status(absl::Time)>;
  grpc::ServerUnaryReactor* Play(grpc::CallbackServerContext* context, const std::string& method,
                                 const std::string& account_id, google::protobuf::Message* response, Body body);

  CloudDatabase& database_;
  FaultTable& faults_;
  HangingCalls& hanging_;
  const std::function<absl::Time()> now_;
};

// A DONE that says what was done.
upstream::v1::ActResult Done(std::string_view detail = "");
// A FACTS_MOVED that says what is otherwise.
upstream::v1::ActResult FactsMoved(std::string_view detail);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_UPSTREAM_CALLS_H_
