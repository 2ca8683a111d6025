// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "fmt/format.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using upstream::v1::ActResult;

// Where the archive takes part.
struct PhaseStage {
  v1::ParticipantPhase phase;
  int stage;
};
constexpr PhaseStage kStages[] = {{v1::FREEZE, 1}, {v1::THAW, 1}, {v1::DELETE, 2}, {v1::RESTORE, 1}};

absl::Status CheckTakesPart(const v1::PerformRequest& request) {
  const bool takes_part = std::any_of(std::begin(kStages), std::end(kStages), [&](const PhaseStage& entry) {
    return entry.phase == request.phase() && entry.stage == request.stage();
  });
  if (takes_part) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("participant(sandbox_archive): takes no part in stage {} of phase {} ({})", request.stage(),
                  static_cast<int>(request.phase()), v1::ParticipantPhase_Name(request.phase())));
}

ActResult SetFrozen(SqliteTransaction& tx, const std::string& account_id, bool frozen) {
  tx.Run("UPDATE accounts SET archive_frozen = ? WHERE account_id = ?", {frozen, account_id});
  return Done(frozen ? "froze the archive" : "thawed the archive");
}

ActResult Perform(SqliteTransaction& tx, const v1::PerformRequest& request) {
  if (request.phase() != v1::DELETE) return SetFrozen(tx, request.account_id(), request.phase() == v1::FREEZE);
  tx.Run("DELETE FROM archived_rows WHERE account_id = ?", {request.account_id()});
  return Done(fmt::format("purged {} archived rows", tx.Number("SELECT changes()", {})));
}

LedgerEntry EntryOf(const v1::PerformRequest& request) {
  LedgerEntry entry;
  entry.method = MethodName<v1::ParticipantService>("Perform");
  entry.act.set_account_id(request.account_id());
  entry.act.set_closure(request.closure());
  entry.act.set_idempotency_key(request.idempotency_key());
  entry.act.set_fence(request.fence());
  entry.subject = fmt::format("{} {}", v1::ParticipantPhase_Name(request.phase()), request.stage());
  return entry;
}

class ArchiveParticipant final : public v1::ParticipantService::CallbackService {
 public:
  explicit ArchiveParticipant(UpstreamCalls& calls) : calls_(calls) {}

 private:
  grpc::ServerUnaryReactor* DescribeParticipant(grpc::CallbackServerContext* context,
                                                const v1::DescribeParticipantRequest*,
                                                v1::ParticipantDescription* response) override {
    return calls_.Serve(context, MethodName<v1::ParticipantService>("DescribeParticipant"), "", response,
                        [&](SqliteTransaction&, absl::Time) {
                          response->set_name("sandbox_archive");
                          response->set_version("1");
                          for (const PhaseStage& entry : kStages) {
                            auto* stage = response->add_stages();
                            stage->set_phase(entry.phase);
                            stage->set_stage(entry.stage);
                          }
                          return absl::OkStatus();
                        });
  }

  // The two services name the same outcomes alike, with different numbers.
  grpc::ServerUnaryReactor* Perform(grpc::CallbackServerContext* context, const v1::PerformRequest* request,
                                    v1::PerformResponse* response) override {
    const auto do_act = [&](SqliteTransaction& tx, absl::Time) -> absl::StatusOr<ActResult> {
      if (absl::Status status = CheckTakesPart(*request); !status.ok()) return status;
      return closure::Perform(tx, *request);
    };
    return calls_.Act(context, EntryOf(*request), response, do_act, [&](const ActResult& result) {
      v1::PerformResponse::Outcome outcome = v1::PerformResponse::OUTCOME_UNSPECIFIED;
      v1::PerformResponse::Outcome_Parse(ActResult::Outcome_Name(result.outcome()), &outcome);
      response->set_outcome(outcome);
      response->set_detail(result.detail());
    });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeArchiveParticipant(UpstreamCalls& calls) {
  return std::make_unique<ArchiveParticipant>(calls);
}

}  // namespace closure
