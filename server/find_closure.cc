// SPDX-License-Identifier: Apache-2.0
#include "server/find_closure.h"

#include <string>

#include "server/errors.h"
#include "server/resource_names.h"
#include "server/strings.h"

namespace closure {

absl::StatusOr<internal::v1::ClosureData> FindClosure(ClosureStore& store, const ClosureKey& key) {
  absl::StatusOr<internal::v1::ClosureData> data = store.LoadClosure(key);
  if (!absl::IsNotFound(data.status())) return data;
  const std::string name = FormatClosureName(key);
  return Error(v1::CLOSURE_NOT_FOUND, Concat(FormatAccountName(key.account_id), " has no closure ", name),
               {{"closure", name}});
}

}  // namespace closure
