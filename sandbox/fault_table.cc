// SPDX-License-Identifier: Apache-2.0
#include "sandbox/fault_table.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
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
#include "sandbox/field_problems.h"

namespace closure {
namespace {

using sandbox::v1::SetFaultRequest;

bool HasMethod(const google::protobuf::FileDescriptor* file, const std::string& full_name) {
  for (int s = 0; s < file->service_count(); ++s) {
    const google::protobuf::ServiceDescriptor* service = file->service(s);
    for (int m = 0; m < service->method_count(); ++m) {
      if (fmt::format("{}/{}", service->full_name(), service->method(m)->name()) == full_name) return true;
    }
  }
  return false;
}

bool IsServed(const std::string& method) {
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
  return std::any_of(std::begin(files), std::end(files), [&](const auto* file) { return HasMethod(file, method); });
}

}  // namespace

absl::Status FaultTable::Set(const SetFaultRequest& fault) {
  if (!IsServed(fault.method())) {
    return BadField("method", fmt::format("sandbox: method \"{}\" is no upstream method; name it as in "
                                          "\"closure.upstream.v1.BillingService/SealBilling\"",
                                          fault.method()));
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
