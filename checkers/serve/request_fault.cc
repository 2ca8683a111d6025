// SPDX-License-Identifier: Apache-2.0
#include "checkers/serve/request_fault.h"

#include <algorithm>
#include <string_view>

#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "protos/account_id.h"

namespace closure {
namespace {

absl::Status Fault(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
}

absl::Status JudgeAccount(const std::string& id) {
  if (id.empty()) return Fault("account_id", "is required");
  if (IsAccountId(id)) return absl::OkStatus();
  return Fault("account_id", fmt::format("{} is not {}", Quoted(id), kAccountIdForm));
}

// What every act has.
template <typename Request>
absl::Status JudgeAct(const Request& request) {
  if (absl::Status account = JudgeAccount(request.account_id()); !account.ok()) return account;
  if (request.closure().empty()) return Fault("closure", "is required");
  if (request.idempotency_key().empty()) return Fault("idempotency_key", "is required");
  if (request.fence() <= 0) return Fault("fence", "is required, and above zero");
  return absl::OkStatus();
}

}  // namespace

absl::Status JudgeRequest(const v1::CheckRequest& request, const v1::CheckerDescription& description) {
  if (absl::Status account = JudgeAccount(request.account_id()); !account.ok()) return account;
  if (request.phase() == v1::CHECK_PHASE_UNSPECIFIED) return Fault("phase", "is required");
  const auto& phases = description.phases();
  if (std::find(phases.begin(), phases.end(), static_cast<int>(request.phase())) == phases.end())
    return Fault("phase", "is not one that this checker takes part in");
  if (!request.has_check_time() || !TimeFromProto(request.check_time()).has_value())
    return Fault("check_time", "is required, and a time");
  return absl::OkStatus();
}

absl::Status JudgeRequest(const v1::DiscardRequest& request) {
  if (absl::Status act = JudgeAct(request); !act.ok()) return act;
  if (request.native_id().empty()) return Fault("native_id", "is required");
  if (!request.has_expected()) return Fault("expected", "is required");
  return absl::OkStatus();
}

absl::Status JudgeRequest(const v1::PerformRequest& request) {
  if (absl::Status act = JudgeAct(request); !act.ok()) return act;
  if (request.phase() == v1::PARTICIPANT_PHASE_UNSPECIFIED) return Fault("phase", "is required");
  if (!v1::ParticipantPhase_IsValid(request.phase())) return Fault("phase", "is not one that closure.v1 knows");
  if (request.stage() <= 0) return Fault("stage", "is required, and above zero");
  return absl::OkStatus();
}

}  // namespace closure
