// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_FAULT_TABLE_H_
#define CLOSURE_SANDBOX_FAULT_TABLE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "closure/sandbox/v1/sandbox_service.pb.h"

namespace closure {

// The full names of all methods that the cloud serves and that can play a fault, as in
// "closure.upstream.v1.BillingService/SealBilling", service by service.
std::vector<std::string> ServedMethods();

// Which upstream methods play a fault at present. Thread-safe. A restart forgets them.
class FaultTable {
 public:
  // Replaces the method's fault.
  // Errors: INVALID_ARGUMENT for a method that the cloud does not serve, an unknown fault or a negative number of
  // calls.
  absl::Status Set(const sandbox::v1::SetFaultRequest& fault);

  // What this call is to play; one of the calls that the fault lasts for is used up.
  sandbox::v1::SetFaultRequest::Fault Take(const std::string& method, const std::string& account_id);

 private:
  absl::Mutex mutex_;
  std::map<std::string, sandbox::v1::SetFaultRequest> faults_ ABSL_GUARDED_BY(mutex_);  // by method
};

}  // namespace closure

#endif  // CLOSURE_SANDBOX_FAULT_TABLE_H_
