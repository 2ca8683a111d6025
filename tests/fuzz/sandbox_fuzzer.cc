// SPDX-License-Identifier: Apache-2.0
// Requests of every method of the pretended cloud: of its own service, of the upstream services that it plays and of
// its participant. An input is one or more calls with a line "---" between them; a call is a line "SERVICE/METHOD" and
// the request in text format. What is no text format is sent as it is.
//
// Promises: every call ends; a refusal says why, and is never the cloud's own fault; what is answered can be read; and
// the cloud shows an account that it had, whatever was asked of it.
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "google/protobuf/text_format.h"
#include "sandbox/cloud_file.h"
#include "tests/fuzz/call_texts.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/fuzzed_cloud.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/text_messages.h"
#include "tests/support/api_calls.h"

namespace closure::fuzz {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using sandbox::v1::SetFaultRequest;

constexpr char kAccount[] = "1000000001";
constexpr char kCloud[] = R"({"accounts": [{
  "accountId": "1000000001",
  "email": {"address": "owner@example.com"},
  "phone": {"address": "+8613900000001"},
  "funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}],
  "resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
                 "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true,
                 "consoleUri": "https://ecs.console.example.com/i-1"}]
}]})";
// After so many inputs the cloud begins anew.
constexpr int kInputsOfOneCloud = 3000;

std::string NameOf(const MethodDescriptor& method) {
  return fmt::format("{}/{}", method.service()->name(), method.name());
}

const std::vector<const MethodDescriptor*>& Methods() {
  static const std::vector<const MethodDescriptor*> methods = [] {
    std::vector<const MethodDescriptor*> found;
    for (const char* const service :
         {"sandbox.v1.SandboxService", "upstream.v1.AccountService", "upstream.v1.BillingService",
          "upstream.v1.DomainService", "upstream.v1.MessagingService", "upstream.v1.PartnerService",
          "upstream.v1.ResourceDirectoryService", "upstream.v1.ResourceService", "upstream.v1.TrusteeshipService",
          "v1.ParticipantService"}) {
      const auto* const type =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(fmt::format("closure.{}", service));
      REQUIRE(type != nullptr);
      for (int i = 0; i < type->method_count(); ++i) found.push_back(type->method(i));
    }
    return found;
  }();
  return methods;
}

const MethodDescriptor* Find(std::string_view name) {
  for (const MethodDescriptor* method : Methods()) {
    if (NameOf(*method) == name) return method;
  }
  return nullptr;
}

struct Call {
  std::string method;
  std::string request;
};

Call ReadCall(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('\n', 1));
  return {parts.first, parts.second};
}

class Cloud {
 public:
  Cloud() { REQUIRE(cloud_.cloud().Load(*ParseCloudFile(kCloud)).ok()); }

  void Make(const Call& call) {
    const MethodDescriptor* const method = Find(call.method);
    if (method == nullptr) return;
    const std::unique_ptr<Message> read = ReadTextRequest(*method, call.request);
    const std::string bytes = read == nullptr ? call.request : read->SerializeAsString();
    if (IsHanging(bytes, *method)) return;
    grpc::ClientContext context;
    const Reply reply = SendBytes(cloud_.cloud().channel(), context, method, bytes);
    INFO(call.method << "\n"
                     << call.request << "\nanswered " << reply.status.error_code() << ": "
                     << reply.status.error_message());
    if (reply.ok()) {
      NoteFault(bytes, *method);
      REQUIRE(reply.messages.size() == 1);
      REQUIRE(NewMessage(method->output_type())->ParseFromString(reply.messages.front()));
    } else if (NewMessage(method->input_type())->ParseFromString(bytes)) {
      REQUIRE_FALSE(reply.status.error_message().empty());
      REQUIRE(reply.status.error_code() != grpc::StatusCode::INTERNAL);
      REQUIRE(reply.status.error_code() != grpc::StatusCode::UNKNOWN);
    }
    cloud_.Show(kAccount);
  }

  // Those that were set would keep later inputs from what they are about.
  void EndFaults() {
    for (SetFaultRequest& fault : faults_) {
      fault.set_fault(SetFaultRequest::FAULT_UNSPECIFIED);
      grpc::ClientContext context;
      sandbox::v1::SetFaultResponse response;
      REQUIRE(cloud_.stub().SetFault(&context, fault, &response).ok());
    }
    faults_.clear();
  }

 private:
  // Such a fault is waited for by nobody here.
  static bool IsHanging(const std::string& bytes, const MethodDescriptor& method) {
    SetFaultRequest request;
    return method.input_type() == SetFaultRequest::descriptor() && request.ParseFromString(bytes) &&
           request.fault() == SetFaultRequest::HANG;
  }

  // A fault that was set is in force until EndFaults.
  void NoteFault(const std::string& bytes, const MethodDescriptor& method) {
    SetFaultRequest request;
    if (method.input_type() == SetFaultRequest::descriptor() && request.ParseFromString(bytes))
      faults_.push_back(request);
  }

  FuzzedCloud cloud_;
  std::vector<SetFaultRequest> faults_;
};

class SandboxTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    if (cloud_ == nullptr || ++inputs_ == kInputsOfOneCloud) {
      cloud_.reset();
      cloud_ = std::make_unique<Cloud>();
      inputs_ = 0;
    }
    std::vector<std::string> calls = SplitCalls(input);
    if (calls.size() > kCallsMax) calls.resize(kCallsMax);
    for (const std::string& call : calls) cloud_->Make(ReadCall(call));
    cloud_->EndFaults();
  }

  std::string Mutate(std::string_view input, size_t size_max, std::mt19937& random) override {
    std::vector<std::string> calls = SplitCalls(input);
    Call call = ReadCall(calls[random() % calls.size()]);
    if (random() % 8 == 0 || Find(call.method) == nullptr) {
      call = {NameOf(*Methods()[random() % Methods().size()]), ""};
    } else {
      call.request = MutateRequest(*Find(call.method), call.request, random);
    }
    return WithCall(std::move(calls), call.method + "\n" + call.request, size_max, random);
  }

 private:
  static std::string MutateRequest(const MethodDescriptor& method, const std::string& text, std::mt19937& random) {
    const std::unique_ptr<Message> request = ReadTextRequest(method, text);
    if (request == nullptr) return MutateBytes(text, 4096);
    const MessageMutator mutator({kAccount, "i-1", "USD", "JPY", "PAY_AS_YOU_GO", "owner@example.com", "+8613900000001",
                                  "s1", "accounts/1000000001/closures/1", "en", "zh", "-", "/", "\n",
                                  "closure.upstream.v1.BillingService/SealBilling"},
                                 random);
    mutator.Mutate(*request);
    std::string mutated;
    google::protobuf::TextFormat::PrintToString(*request, &mutated);
    return mutated;
  }

  std::unique_ptr<Cloud> cloud_;
  int inputs_ = 0;
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<SandboxTarget>(); }

}  // namespace closure::fuzz
