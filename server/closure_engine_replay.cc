// SPDX-License-Identifier: Apache-2.0
// The engine's part for repeated requests: what was answered the first time.
#include <utility>

#include "fmt/format.h"
#include "server/closure_engine.h"
#include "server/closure_view.h"
#include "server/errors.h"
#include "storage/status_macros.h"

namespace closure {

absl::StatusOr<std::optional<RequestRecord>> ClosureEngine::FindRecord(std::string_view account_id,
                                                                       const CallContext& context) const {
  absl::StatusOr<std::optional<RequestRecord>> record = parts_.store->FindRequest(account_id, context.request_id);
  if (!record.ok() || !record->has_value()) return record;
  if ((*record)->body_hash != context.body_hash) {
    return Error(v1::REQUEST_ID_REUSED,
                 fmt::format("request id {} was used for another request; use a new one", context.request_id),
                 {{"requestId", context.request_id}});
  }
  return record;
}

absl::StatusOr<std::optional<v1::Closure>> ClosureEngine::FindReplay(std::string_view account_id,
                                                                     const CallContext& context) const {
  absl::StatusOr<std::optional<RequestRecord>> record = FindRecord(account_id, context);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return std::nullopt;
  v1::Closure closure;
  if (!(*record)->response.empty()) {
    if (!closure.ParseFromString((*record)->response)) return absl::InternalError("a stored answer is not understood");
    return closure;
  }
  if ((*record)->closure_id.empty()) return closure;
  // An answer that was erased with the personal data in it is told anew (D12).
  absl::StatusOr<internal::v1::ClosureData> data =
      parts_.store->LoadClosure({std::string(account_id), (*record)->closure_id});
  if (!data.ok()) return data.status();
  return Present(*data, parts_.clock->Now());
}

absl::StatusOr<std::optional<internal::v1::TaskData>> ClosureEngine::FindRetried(const CallContext& context) const {
  absl::StatusOr<std::optional<RequestRecord>> record = FindRecord("", context);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return std::nullopt;
  internal::v1::TaskData task;
  if (!task.ParseFromString((*record)->response)) return absl::InternalError("a stored answer is not understood");
  return task;
}

}  // namespace closure
