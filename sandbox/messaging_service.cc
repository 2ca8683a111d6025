// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/messaging_service.grpc.pb.h"
#include "fmt/format.h"
#include "sandbox/cloud_values.h"
#include "sandbox/contact_addresses.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using upstream::v1::ActResult;

constexpr size_t kSubjectCharactersMax = 200;
constexpr size_t kMailCharactersMax = 20'000;
constexpr size_t kTextCharactersMax = 1'000;

std::string Name(std::string_view method) { return MethodName<upstream::v1::MessagingService>(method); }

// Of valid UTF-8, which is all that protobuf lets through: every byte but those that continue a character.
size_t Characters(std::string_view text) {
  size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return characters;
}

absl::Status Invalid(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("sandbox: MessagingService: {}", what));
}

// Without the address in the message: it is a personal datum, and errors are logged.
absl::Status ValidateMail(const upstream::v1::SendMailRequest& mail) {
  if (!IsMailAddress(mail.address())) return Invalid("address is not a mail address");
  if (mail.subject().empty() || mail.subject().find_first_of("\r\n") != std::string::npos)
    return Invalid("subject is not one line");
  if (Characters(mail.subject()) > kSubjectCharactersMax) return Invalid("subject has more than 200 characters");
  if (mail.body().empty()) return Invalid("body is missing");
  if (Characters(mail.body()) > kMailCharactersMax) return Invalid("body has more than 20000 characters");
  if (mail.language_code().empty()) return Invalid("language_code is missing");
  return absl::OkStatus();
}

absl::Status ValidateText(const upstream::v1::SendTextRequest& text) {
  if (!IsPhoneNumber(text.phone_number())) return Invalid("phone_number is not an E.164 number");
  if (text.body().empty()) return Invalid("body is missing");
  if (Characters(text.body()) > kTextCharactersMax) return Invalid("body has more than 1000 characters");
  if (text.language_code().empty()) return Invalid("language_code is missing");
  return absl::OkStatus();
}

struct Message {
  const upstream::v1::Act& act;
  const char* channel;
  const std::string& address;
  std::string subject;
  const std::string& body;
  const std::string& language_code;
};

ActResult Deliver(SqliteTransaction& tx, const Message& message, absl::Time now) {
  tx.Run(
      "INSERT INTO inbox (account_id, channel, address, subject, body, language_code, idempotency_key, create_time_us)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {message.act.account_id(), message.channel, message.address, message.subject, message.body, message.language_code,
       message.act.idempotency_key(), ToMicros(now)});
  return Done();
}

class MessagingService final : public upstream::v1::MessagingService::CallbackService {
 public:
  explicit MessagingService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  ServerUnaryReactor* SendMail(CallbackServerContext* context, const upstream::v1::SendMailRequest* mail,
                               ActResult* response) override {
    return calls_.Act(
        context, {.method = Name("SendMail"), .act = mail->act(), .amount = {}, .subject = {}, .is_message = true},
        response, [&](SqliteTransaction& tx, absl::Time now) -> absl::StatusOr<ActResult> {
          if (absl::Status status = ValidateMail(*mail); !status.ok()) return status;
          return Deliver(
              tx, {mail->act(), "email", mail->address(), mail->subject(), mail->body(), mail->language_code()}, now);
        });
  }

  ServerUnaryReactor* SendText(CallbackServerContext* context, const upstream::v1::SendTextRequest* text,
                               ActResult* response) override {
    return calls_.Act(
        context, {.method = Name("SendText"), .act = text->act(), .amount = {}, .subject = {}, .is_message = true},
        response, [&](SqliteTransaction& tx, absl::Time now) -> absl::StatusOr<ActResult> {
          if (absl::Status status = ValidateText(*text); !status.ok()) return status;
          return Deliver(tx, {text->act(), "sms", text->phone_number(), "", text->body(), text->language_code()}, now);
        });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMessagingService(UpstreamCalls& calls) {
  return std::make_unique<MessagingService>(calls);
}

}  // namespace closure
