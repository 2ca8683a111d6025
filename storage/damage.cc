// SPDX-License-Identifier: Apache-2.0
#include "storage/damage.h"

#include "absl/strings/cord.h"

namespace closure {
namespace {

constexpr char kPayload[] = "closure.storage/damage";

}  // namespace

absl::Status DamageError(std::string_view message) {
  absl::Status status = absl::UnavailableError(absl::string_view(message.data(), message.size()));
  status.SetPayload(kPayload, absl::Cord());
  return status;
}

bool IsDamage(const absl::Status& status) { return status.GetPayload(kPayload).has_value(); }

}  // namespace closure
