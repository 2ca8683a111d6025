// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CONTROL_SERVICE_H_
#define CLOSURE_SANDBOX_CONTROL_SERVICE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "closure/v1/error_reason.pb.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/support/status.h"
#include "sandbox/cloud_database.h"
#include "sandbox/fault_table.h"

namespace closure {

// An error of SandboxService before it is made a status.
struct SandboxError {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  std::string message;
  // The path of the request field, or in a cloud file of the account's field, that it is about; empty when it is none.
  std::string field;
  // The account that the call is about; empty when it is none.
  std::string account_id;
};

// What the SandboxService works with. All of it is thread-safe.
struct SandboxControls {
  CloudDatabase* database = nullptr;
  FaultTable* faults = nullptr;
  std::function<absl::Time()> now;
  // Moves the clock forward and returns what it shows then; empty where the clock cannot be moved.
  std::function<absl::StatusOr<absl::Time>(absl::Duration)> advance;
  // Makes the status that a caller sees of an error; empty: code and message only.
  std::function<grpc::Status(const SandboxError&)> error_status;
};

// The closure.sandbox.v1.SandboxService. Thread-safe; what `controls` points at must outlive it.
std::unique_ptr<grpc::Service> MakeControlService(SandboxControls controls);

// Loads a file, all or nothing, and returns the ids of its accounts in order.
// Errors: INVALID_ARGUMENT naming account and field; INTERNAL with SQLite's words.
absl::StatusOr<std::vector<std::string>> LoadCloud(CloudDatabase& database, const sandbox::v1::CloudFile& file,
                                                   absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CONTROL_SERVICE_H_
