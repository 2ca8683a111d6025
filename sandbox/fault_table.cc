// SPDX-License-Identifier: Apache-2.0
#include "sandbox/fault_table.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "closure/upstream/v1/account_service.pb.h"
#include "closure/upstream/v1/billing_service.pb.h"
#include "closure/upstream/v1/domain_service.pb.h"
#include "closure/upstream/v1/messaging_service.pb.h"
#include "closure/upstream/v1/partner_service.pb.h"
#include "closure/upstream/v1/resource_directory_service.pb.h"
#include "closure/upstream/v1/resource_service.pb.h"
#include "closure/upstream/v1/trusteeship_service.pb.h"
#include "closure/v1/participant_service.pb.h"
#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "protos/suggestion.h"
#include "sandbox/field_problems.h"

namespace closure {
namespace {

using sandbox::v1::SetFaultRequest;

constexpr absl::string_view kUpstreamPackage = "closure.upstream.v1.";

// What a name that is no method most likely meant, or may be: the nearest method, and all of the service that it names,
// or else all services.
std::string Advice(const std::string& method, const std::vector<std::string>& served) {
  const std::string service = method.substr(0, method.find('/') + 1);
  std::set<std::string> names;
  for (const std::string& each : served) {
    if (!service.empty() && absl::StartsWith(each, service)) names.insert(each.substr(service.size()));
  }
  const bool known = !names.empty();
  if (!known) {
    for (const std::string& each : served)
      names.insert(std::string(absl::StripPrefix(each.substr(0, each.find('/')), kUpstreamPackage)));
  }
  const std::string nearest = NearestWord(method, served);
  return fmt::format("{}{}: {}", nearest.empty() ? "" : fmt::format("did you mean \"{}\"? ", nearest),
                     known ? "Its service has the methods" : "The services are", absl::StrJoin(names, ", "));
}

}  // namespace

std::vector<std::string> ServedMethods() {
  const google::protobuf::FileDescriptor* const files[] = {
      upstream::v1::GetAccountRequest::descriptor()->file(),
      upstream::v1::ListFundsRequest::descriptor()->file(),
      upstream::v1::ListDomainsRequest::descriptor()->file(),
      upstream::v1::SendMailRequest::descriptor()->file(),
      upstream::v1::GetResellerRelationshipRequest::descriptor()->file(),
      upstream::v1::GetMembershipRequest::descriptor()->file(),
      upstream::v1::ListResourcesRequest::descriptor()->file(),
      upstream::v1::GetTrusteeshipRequest::descriptor()->file(),
      v1::PerformRequest::descriptor()->file(),
  };
  std::vector<std::string> methods;
  for (const google::protobuf::FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      const google::protobuf::ServiceDescriptor* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m)
        methods.push_back(fmt::format("{}/{}", service->full_name(), service->method(m)->name()));
    }
  }
  return methods;
}

absl::Status FaultTable::Set(const SetFaultRequest& fault) {
  const std::vector<std::string> served = ServedMethods();
  if (std::find(served.begin(), served.end(), fault.method()) == served.end()) {
    return BadField("method", fmt::format("sandbox: method \"{}\" is no upstream method; name it as in "
                                          "\"closure.upstream.v1.BillingService/SealBilling\"; {}",
                                          fault.method(), Advice(fault.method(), served)));
  }
  if (!SetFaultRequest::Fault_IsValid(fault.fault())) {
    return BadField("fault", fmt::format("sandbox: fault {} is unknown", static_cast<int>(fault.fault())));
  }
  if (fault.calls() < 0) return BadField("calls", fmt::format("sandbox: calls {} is negative", fault.calls()));
  absl::MutexLock lock(&mutex_);
  if (fault.fault() == SetFaultRequest::FAULT_UNSPECIFIED) {
    faults_.erase(fault.method());
  } else {
    faults_[fault.method()] = fault;
  }
  return absl::OkStatus();
}

SetFaultRequest::Fault FaultTable::Take(const std::string& method, const std::string& account_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = faults_.find(method);
  if (found == faults_.end()) return SetFaultRequest::FAULT_UNSPECIFIED;
  SetFaultRequest& fault = found->second;
  if (!fault.account_id().empty() && fault.account_id() != account_id) return SetFaultRequest::FAULT_UNSPECIFIED;
  const SetFaultRequest::Fault played = fault.fault();
  if (fault.calls() > 0) {
    fault.set_calls(fault.calls() - 1);
    if (fault.calls() == 0) faults_.erase(found);
  }
  return played;
}

}  // namespace closure
