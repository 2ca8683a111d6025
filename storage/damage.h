// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_DAMAGE_H_
#define CLOSURE_STORAGE_DAMAGE_H_

#include <string_view>

#include "absl/status/status.h"

namespace closure {

// UNAVAILABLE that no new try mends: what is stored is not what was written, and somebody has to restore it. The
// message names the store, what was found and what to do.
absl::Status DamageError(std::string_view message);

// Whether a status is one of those; other failures of a store may pass by themselves.
bool IsDamage(const absl::Status& status);

}  // namespace closure

#endif  // CLOSURE_STORAGE_DAMAGE_H_
