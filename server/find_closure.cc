// SPDX-License-Identifier: Apache-2.0
#include "server/find_closure.h"

#include "server/errors.h"
#include "server/resource_names.h"
#include "server/strings.h"

namespace closure {
namespace {

// What a store said, in the words of the API.
absl::Status InApiWords(const absl::Status& status, const ClosureKey& key) {
  if (!absl::IsNotFound(status)) return status;
  const std::string name = FormatClosureName(key);
  return Error(v1::CLOSURE_NOT_FOUND, Concat(FormatAccountName(key.account_id), " has no closure ", name),
               {{"closure", name}});
}

}  // namespace

absl::StatusOr<internal::v1::ClosureData> FindClosure(ClosureStore& store, const ClosureKey& key) {
  absl::StatusOr<internal::v1::ClosureData> data = store.LoadClosure(key);
  if (!data.ok()) return InApiWords(data.status(), key);
  return data;
}

absl::StatusOr<std::string> FindClosureBytes(ClosureStore& store, const ClosureKey& key) {
  absl::StatusOr<std::string> bytes = store.LoadClosureBytes(key);
  if (!bytes.ok()) return InApiWords(bytes.status(), key);
  return bytes;
}

}  // namespace closure
