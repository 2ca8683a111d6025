// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_API_CALLS_H_
#define CLOSURE_TESTS_SUPPORT_API_CALLS_H_

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "tests/support/running_server.h"

// Calls that are meant to be refused, calls of every method that there is, and the proof that nothing changed.
namespace closure {

// What a call came to, with what an error says of itself in its details.
struct Reply {
  grpc::Status status;
  // The serialized messages that were answered; one for a unary call that succeeded.
  std::vector<std::string> messages;

  bool ok() const { return status.ok(); }
  v1::ErrorReason reason() const { return ReasonIn(status); }
  // The metadata of google.rpc.ErrorInfo.
  std::map<std::string, std::string> metadata() const;
  // The fields that google.rpc.BadRequest names.
  std::vector<std::string> fields() const;
  // The types and subjects that google.rpc.PreconditionFailure names, for example "ITEM_NOT_OPEN accounts/…".
  std::vector<std::string> violations() const;
  // What google.rpc.RetryInfo says.
  std::optional<absl::Duration> retry_delay() const;

  // The last message; the call must have succeeded.
  template <typename Response>
  Response As() const {
    INFO(status.error_code() << " " << status.error_message());
    REQUIRE(ok());
    REQUIRE_FALSE(messages.empty());
    Response response;
    REQUIRE(response.ParseFromString(messages.back()));
    return response;
  }
};

// The methods of each service, in the order of the protos; a new method is among them by itself.
std::vector<const google::protobuf::MethodDescriptor*> ClosureMethods();
std::vector<const google::protobuf::MethodDescriptor*> OperatorMethods();
std::vector<const google::protobuf::MethodDescriptor*> GateMethods();

// Whether a method changes something: those have a request_id.
bool IsMutation(const google::protobuf::MethodDescriptor* method);

// Calls a method with any bytes as its request; `actor` as in RunningServer::As. A stream that has not ended after
// `messages_max` messages is left. Can be called from any thread, as can Send.
Reply SendBytes(RunningServer& server, const std::string& actor, const google::protobuf::MethodDescriptor* method,
                const std::string& bytes, int messages_max = 1000);
// The same of any server.
Reply SendBytes(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                const google::protobuf::MethodDescriptor* method, const std::string& bytes, int messages_max = 1000);
// Calls the method that takes this request.
Reply Send(RunningServer& server, const std::string& actor, const google::protobuf::Message& request);

// Sets a string field by its name, if the message has it; answers whether it has.
bool SetText(google::protobuf::Message& message, const std::string& field, const std::string& value);

// A request of a method about a closure with every field as it should be: names, a new request id, the etag and the
// digest as they are, a code, an item that there is not, texts. Only the state may speak against it.
std::unique_ptr<google::protobuf::Message> MakeRequest(const google::protobuf::MethodDescriptor* method,
                                                       const v1::Closure& closure);

// A request about a closure with a new request id, and nothing else.
template <typename Request>
Request RequestOn(const std::string& closure_name) {
  Request request;
  request.set_name(closure_name);
  request.set_request_id(NewRequestId());
  return request;
}

// A request of an operator, with a reason.
template <typename Request>
Request OperatorRequest() {
  Request request;
  request.set_reason("a test");
  request.set_request_id(NewRequestId());
  return request;
}

// Deletes an account by another path than a closure (D17).
void DeleteElsewhere(RunningServer& server, const std::string& account_id);

// How the whole system stands.
v1::SystemStatus StatusOf(RunningServer& server);

// Waits until the system's status fulfils a condition.
v1::SystemStatus WaitForStatus(RunningServer& server, const std::function<bool(const v1::SystemStatus&)>& condition);

// The refusal that a call must have come to; `said` are parts of its message.
void CheckRefused(const Reply& reply, grpc::StatusCode code, v1::ErrorReason reason,
                  const std::vector<std::string>& said = {});

// The whole record of a closure with its items, history and consents, as an operator sees it. It is the same before and
// after a call that changed nothing.
std::string Sight(RunningServer& server, const std::string& closure_name);

// All closures of all accounts, likewise.
std::string SightOfAll(RunningServer& server);

// Waits until nothing that is due is left to do for a closure: what was to happen by now has happened. What is parked
// or waits for a later time does not count.
void WaitUntilQuiet(RunningServer& server, const std::string& closure_name);

// The tasks of a closure, the earliest due first.
std::vector<v1::Task> TasksOf(RunningServer& server, const std::string& closure_name);

// Asks for every waiting task of a closure to be run now, as an operator.
void RetryTasks(RunningServer& server, const std::string& closure_name);

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_API_CALLS_H_
