// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CLOUD_FILE_H_
#define CLOSURE_SANDBOX_CLOUD_FILE_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/sandbox/v1/cloud_file.pb.h"

// Cloud files, as people write them. All functions are pure and thread-safe.
namespace closure {

// Reads a cloud file from JSON and checks it.
// Errors: INVALID_ARGUMENT with what is wrong: the first fault of the JSON, or a line for every broken rule, with
// account and field as JSON spells them.
absl::StatusOr<sandbox::v1::CloudFile> ParseCloudFile(std::string_view json);

// Checks every rule that protos/closure/sandbox/v1/cloud_file.proto states.
// Errors: INVALID_ARGUMENT naming account and field of each broken one.
absl::Status ValidateCloudFile(const sandbox::v1::CloudFile& file);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CLOUD_FILE_H_
