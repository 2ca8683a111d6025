// SPDX-License-Identifier: Apache-2.0
// What follows an end: the owner is told the result, and personal data goes when that is settled (D12, R64).
#include <algorithm>
#include <string>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/decision_builder.h"
#include "server/redaction.h"
#include "server/time_witness.h"

namespace closure {
namespace {

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

}  // namespace

void BeginNotices(DecisionBuilder& builder) {
  for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
    const auto& contacts = builder.data().contacts();
    const bool reachable = std::any_of(contacts.begin(), contacts.end(),
                                       [&](const auto& contact) { return contact.channel() == channel; });
    v1::Notice& notice = *builder.closure().add_notices();
    notice.set_channel(channel);
    notice.set_status(reachable ? v1::Notice::PENDING : v1::Notice::NO_ADDRESS);
    if (!reachable) continue;
    builder.AddTask(v1::Task::NOTICE, fmt::format("notice/{}", v1::Channel_Name(channel)), builder.now())
        .mutable_payload()
        ->set_channel(channel);
  }
  EraseIfSettled(builder);
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
  notice->set_last_error(WithoutAddresses(builder.data(), failed.error));
  const bool was_settled = IsSettled(*notice);
  // By the trusted clock: neither an owner must go untold nor an address be kept because the wall clock was wrong.
  const absl::Duration passed = PassedSince(builder.data().end(), builder.circumstances().time.witness);
  if (passed + failed.delay <= FromProto(builder.policy().notice_retry_limit())) {
    builder.RescheduleTask(builder.now() + failed.delay, notice->last_error(), v1::Task::PARKED_UNSPECIFIED);
    return builder.Finish();
  }
  Reach(Mark::kNoticeGivenUp);
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

}  // namespace closure
