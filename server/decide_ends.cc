// SPDX-License-Identifier: Apache-2.0
// Timers, holds, restoring, and everything that follows an end: notices, erasure, and forgetting.
#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decision_builder.h"
#include "server/errors.h"
#include "server/state_refusal.h"

namespace closure {
namespace {

// An error without the owner's addresses, because it outlives them (D12).
std::string Redact(const internal::v1::ClosureData& data, std::string error) {
  for (const internal::v1::Contact& contact : data.contacts()) {
    for (std::size_t at = error.find(contact.address()); !contact.address().empty() && at != std::string::npos;
         at = error.find(contact.address())) {
      error.replace(at, contact.address().size(), "***");
    }
  }
  return error;
}

bool IsSettled(const v1::Notice& notice) { return notice.status() != v1::Notice::PENDING; }

// Personal data goes when every result notice is delivered or given up (D12).
void EraseIfSettled(DecisionBuilder& builder) {
  const auto& notices = builder.closure().notices();
  if (!std::all_of(notices.begin(), notices.end(), IsSettled)) return;
  builder.AddTask(v1::Task::ERASURE, "erasure", builder.now());
}

v1::Notice* FindNotice(DecisionBuilder& builder) {
  const v1::Channel channel = builder.circumstances().task->payload().channel();
  for (v1::Notice& notice : *builder.closure().mutable_notices()) {
    if (notice.channel() == channel) return &notice;
  }
  return nullptr;
}

// A timer may be hurried by an operator; it fires when its time has come and not before. Answers whether it waits.
bool WaitsUntil(DecisionBuilder& builder, absl::Time due) {
  if (builder.now() >= due) return false;
  builder.RescheduleTask(due, "", v1::Task::PARKED_UNSPECIFIED);
  return true;
}

Decision DecideDiscardDeadline(DecisionBuilder& builder, const TimerFired& fired) {
  const absl::Time limit =
      FromProto(builder.closure().state_enter_time()) + FromProto(builder.policy().discard_limit());
  if (builder.data().releases_open() > 0 && WaitsUntil(builder, limit)) return builder.Finish();
  for (v1::BlockingItem item : fired.items) {
    item.set_resolution(v1::BlockingItem::OUTCOME_UNKNOWN);
    item.set_resolution_detail("the release was not answered in time; the scan tells whether it happened");
    builder.commit().items.push_back(std::move(item));
  }
  builder.Move(Event::kDiscardSettled,
               fired.items.empty() ? "" : fmt::format("{} releases were not answered in time", fired.items.size()));
  builder.data().set_releases_open(0);
  BeginScan(builder, v1::SCAN);
  return builder.Finish();
}

Decision DecideExpiry(DecisionBuilder& builder) {
  if (WaitsUntil(builder, FromProto(builder.closure().expire_time()))) return builder.Finish();
  if (!NextState(builder.state(), Event::kIdle).has_value()) return builder.Finish();
  builder.Move(Event::kIdle, "");
  BeginEnd(builder, v1::Closure::IDLE, "nothing happened for too long");
  return builder.Finish();
}

}  // namespace

void BeginEnd(DecisionBuilder& builder, v1::Closure::Cause cause, std::string_view detail) {
  v1::Closure& closure = builder.closure();
  closure.set_cause(cause);
  closure.set_cause_detail(std::string(detail));
  *closure.mutable_end_time() = ToProto(builder.now());
  closure.clear_participants();
  closure.clear_risk_prompt();
  closure.clear_hold();
  builder.data().clear_codes();
  // What was not executed is not executed any more, so that nobody voids a debt and stays (D15).
  for (v1::Renunciation& renunciation : *closure.mutable_renunciations()) {
    if (renunciation.status() == v1::Renunciation::RECORDED) renunciation.set_status(v1::Renunciation::DROPPED);
  }
  for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
    const auto& contacts = builder.data().contacts();
    const bool reachable = std::any_of(contacts.begin(), contacts.end(),
                                       [&](const auto& contact) { return contact.channel() == channel; });
    v1::Notice& notice = *closure.add_notices();
    notice.set_channel(channel);
    notice.set_status(reachable ? v1::Notice::PENDING : v1::Notice::NO_ADDRESS);
    if (!reachable) continue;
    builder.AddTask(v1::Task::NOTICE, fmt::format("notice/{}", v1::Channel_Name(channel)), builder.now())
        .mutable_payload()
        ->set_channel(channel);
  }
  EraseIfSettled(builder);
  builder.AddTask(v1::Task::FORGET_REQUESTS, "forget-requests",
                  builder.now() + FromProto(builder.policy().request_id_retention()));
}

void BeginRestore(DecisionBuilder& builder, Event event, v1::Closure::Cause cause, std::string_view detail) {
  builder.closure().set_cause(cause);
  builder.closure().set_cause_detail(std::string(detail));
  builder.Move(event, detail);
  BeginPhase(builder, v1::RESTORE);
}

Decision DecideTimer(DecisionBuilder& builder, const TimerFired& fired) {
  switch (builder.circumstances().task->kind()) {
    case v1::Task::DISCARD_DEADLINE:
      return DecideDiscardDeadline(builder, fired);
    case v1::Task::CONFIRM_DEADLINE:
      if (WaitsUntil(builder, builder.now() + ConfirmTimeLeft(builder))) return builder.Finish();
      FailConfirm(builder, v1::Closure::CONFIRM_TIMED_OUT, "freeze and rescan took too long");
      return builder.Finish();
    case v1::Task::SILENT_PERIOD_END:
      return DecideSilentPeriodEnd(builder);
    case v1::Task::EXPIRY:
      return DecideExpiry(builder);
    case v1::Task::FORGET_REQUESTS:
      if (WaitsUntil(builder,
                     FromProto(builder.closure().end_time()) + FromProto(builder.policy().request_id_retention())))
        return builder.Finish();
      builder.commit().forget_requests = true;
      return builder.Finish();
    default:
      return builder.Finish();
  }
}

Decision DecideMessage(DecisionBuilder& builder, const MessageSent& sent) {
  // An identity code that was sent changes nothing.
  if (builder.circumstances().task->kind() != v1::Task::NOTICE) return builder.FinishWithoutChange();
  v1::Notice* const notice = FindNotice(builder);
  // A notice that was given up and revived by an operator after the address was erased stays given up.
  if (notice == nullptr || (sent.no_address && IsSettled(*notice))) return builder.Finish();
  const bool was_settled = IsSettled(*notice);
  notice->set_attempts(notice->attempts() + 1);
  notice->set_status(sent.no_address ? v1::Notice::NO_ADDRESS : v1::Notice::DELIVERED);
  notice->clear_last_error();
  builder.Note("notice_settled",
               fmt::format("{} {}", v1::Channel_Name(notice->channel()), v1::Notice::Status_Name(notice->status())));
  if (!was_settled) EraseIfSettled(builder);
  return builder.Finish();
}

Decision FailNotice(DecisionBuilder& builder, const TaskFailed& failed) {
  v1::Notice* const notice = FindNotice(builder);
  if (notice == nullptr) return builder.Finish();
  notice->set_attempts(notice->attempts() + 1);
  notice->set_last_error(Redact(builder.data(), failed.error));
  const bool was_settled = IsSettled(*notice);
  const absl::Time limit = FromProto(builder.closure().end_time()) + FromProto(builder.policy().notice_retry_limit());
  if (failed.due <= limit) {
    builder.RescheduleTask(failed.due, notice->last_error(), v1::Task::PARKED_UNSPECIFIED);
    return builder.Finish();
  }
  notice->set_status(v1::Notice::DEAD_LETTERED);
  builder.RescheduleTask(builder.now(), notice->last_error(), v1::Task::DEAD_LETTER);
  builder.Note("notice_settled",
               fmt::format("{} {}", v1::Channel_Name(notice->channel()), v1::Notice::Status_Name(notice->status())));
  if (!was_settled) EraseIfSettled(builder);
  return builder.Finish();
}

Decision DecideErase(DecisionBuilder& builder, const Erase& erase) {
  internal::v1::ClosureData& data = builder.data();
  data.clear_contacts();
  data.clear_codes();
  data.clear_contact_hashes();
  for (const std::string& hash : erase.contact_hashes) data.add_contact_hashes(hash);
  for (auto& challenge : *builder.closure().mutable_identity_verification()->mutable_challenges())
    challenge.clear_masked_address();
  *builder.closure().mutable_personal_data_erase_time() = ToProto(builder.now());
  builder.commit().erase_responses = true;
  builder.Note("personal_data_erased", "");
  return builder.Finish();
}

absl::StatusOr<Decision> DecideHold(DecisionBuilder& builder, const PlaceHold& command) {
  v1::Closure& closure = builder.closure();
  if (IsTerminal(closure.state())) return RefuseHoldOnEnded(closure);
  const std::string replaced =
      closure.has_hold() ? fmt::format("; replaces the hold of {}", closure.hold().operator_()) : "";
  v1::Hold& hold = *closure.mutable_hold();
  hold.set_operator_(builder.circumstances().actor);
  hold.set_reason(command.reason);
  *hold.mutable_create_time() = ToProto(builder.now());
  if (closure.state() == v1::Closure::CONFIRMING) {
    FailConfirm(builder, v1::Closure::HALTED, fmt::format("an operator's hold: {}", command.reason));
  } else {
    builder.Note("hold_placed", command.reason + replaced);
  }
  return builder.Finish();
}

absl::StatusOr<Decision> DecideReleaseHold(DecisionBuilder& builder, const ReleaseHold& command) {
  v1::Closure& closure = builder.closure();
  if (IsTerminal(closure.state()) || !closure.has_hold()) {
    return Error(v1::NOTHING_TO_RELEASE, fmt::format("closure {} has no hold", closure.name()),
                 {{"closure", closure.name()}});
  }
  closure.clear_hold();
  builder.commit().unpark_hold = builder.now();
  builder.Note("hold_released", command.reason);
  return builder.Finish();
}

}  // namespace closure
