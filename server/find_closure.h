// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_FIND_CLOSURE_H_
#define CLOSURE_SERVER_FIND_CLOSURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "storage/closure_store.h"

namespace closure {

// The closure of that name, for whoever asked for it by name.
// Errors: NOT_FOUND with CLOSURE_NOT_FOUND; those of the store.
absl::StatusOr<internal::v1::ClosureData> FindClosure(ClosureStore& store, const ClosureKey& key);
// The same, serialized as it is stored (ClosureStore::LoadClosureBytes).
absl::StatusOr<std::string> FindClosureBytes(ClosureStore& store, const ClosureKey& key);

}  // namespace closure

#endif  // CLOSURE_SERVER_FIND_CLOSURE_H_
