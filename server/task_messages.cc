// SPDX-License-Identifier: Apache-2.0
// The messages that tasks send: identity codes and result notices.
#include <algorithm>
#include <string>
#include <utility>

#include "checkers/proto_time.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "server/task_handlers.h"
#include "server/texts.h"
#include "server/time_witness.h"

namespace closure {
namespace {

constexpr absl::Duration kMessageTimeout = absl::Seconds(30);

upstream::v1::Act MessageAct(const internal::v1::TaskData& task, const internal::v1::ClosureData& data) {
  upstream::v1::Act act;
  act.set_account_id(data.account_id());
  act.set_closure(data.closure().name());
  act.set_idempotency_key(task.idempotency_key());
  act.set_fence(data.fence());
  return act;
}

}  // namespace

void TaskHandlers::RunMessage(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                              Done done) const {
  const v1::Channel channel = task.payload().channel();
  const auto& codes = data.codes();
  const absl::Time now = parts_.clock->Now();
  const absl::Duration lifetime = FromProto(data.policy().code_lifetime());
  const bool replaced =
      task.kind() == v1::Task::SEND_CODE && std::none_of(codes.begin(), codes.end(), [&](const auto& code) {
        return code.challenge_id() == task.payload().challenge_id() &&
               !HasEnded(FromProto(code.create_time()) + lifetime, lifetime, now);
      });
  const auto contact = std::find_if(data.contacts().begin(), data.contacts().end(),
                                    [&](const auto& each) { return each.channel() == channel; });
  if (replaced || contact == data.contacts().end())
    return Report(task, MessageSent{.no_address = true}, std::move(done));
  SendMessage(task, data, contact->address(), std::move(done));
}

void TaskHandlers::SendMessage(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                               const std::string& address, Done done) const {
  const v1::Channel channel = task.payload().channel();
  const MessageText text = task.kind() == v1::Task::NOTICE
                               ? MakeResultMessage(data, channel)
                               : MakeCodeMessage(data.language_code(), channel,
                                                 parts_.secret_key->IdentityCode(task.payload().challenge_id()),
                                                 FromProto(data.policy().code_lifetime()));
  auto on_sent = [this, task, done = std::move(done)](absl::StatusOr<upstream::v1::ActResult> result) mutable {
    if (!result.ok()) {
      // What messaging says may quote the address, and errors are kept and logged (D12).
      return ReportFailure(
          task,
          fmt::format("{}: messaging did not accept the message", absl::StatusCodeToString(result.status().code())),
          std::move(done));
    }
    // An account that is gone still has an owner to tell; messaging systems answer DONE for it.
    if (result->outcome() != upstream::v1::ActResult::DONE) {
      return ReportFailure(
          task, fmt::format("messaging answered {}", upstream::v1::ActResult::Outcome_Name(result->outcome())),
          std::move(done));
    }
    Report(task, MessageSent{}, std::move(done));
  };
  auto stub = parts_.upstreams.messaging;
  if (channel == v1::EMAIL) {
    upstream::v1::SendMailRequest mail;
    *mail.mutable_act() = MessageAct(task, data);
    mail.set_address(address);
    mail.set_subject(text.subject);
    mail.set_body(text.body);
    mail.set_language_code(data.language_code());
    CallUpstream<upstream::v1::ActResult>(
        "messaging", mail, OptionsFor(kMessageTimeout),
        [stub](auto* call, auto* asked, auto* answer, auto on_done) {
          stub->async()->SendMail(call, asked, answer, std::move(on_done));
        },
        std::move(on_sent));
    return;
  }
  upstream::v1::SendTextRequest sms;
  *sms.mutable_act() = MessageAct(task, data);
  sms.set_phone_number(address);
  sms.set_body(text.body);
  sms.set_language_code(data.language_code());
  CallUpstream<upstream::v1::ActResult>(
      "messaging", sms, OptionsFor(kMessageTimeout),
      [stub](auto* call, auto* asked, auto* answer, auto on_done) {
        stub->async()->SendText(call, asked, answer, std::move(on_done));
      },
      std::move(on_sent));
}

}  // namespace closure
