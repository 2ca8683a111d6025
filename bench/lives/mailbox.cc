// SPDX-License-Identifier: Apache-2.0
#include "bench/lives/mailbox.h"

#include <regex>

namespace closure::bench {
namespace {

grpc::ServerUnaryReactor* AnswerDone(grpc::CallbackServerContext* context, upstream::v1::ActResult* result) {
  result->set_outcome(upstream::v1::ActResult::DONE);
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace

std::string Mailbox::AwaitCode(const std::string& account_id) {
  absl::MutexLock lock(&mutex_);
  come_.For(mutex_, absl::Minutes(1),
            [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return codes_.contains(account_id); });
  return codes_[account_id];
}

grpc::ServerUnaryReactor* Mailbox::SendMail(grpc::CallbackServerContext* context,
                                            const upstream::v1::SendMailRequest* request,
                                            upstream::v1::ActResult* result) {
  static const std::regex kCode("\\b[0-9]{6}\\b");
  std::smatch code;
  const bool is_code = request->act().idempotency_key().find("/code/") != std::string::npos;
  if (is_code && std::regex_search(request->body(), code, kCode)) {
    absl::MutexLock lock(&mutex_);
    codes_[request->act().account_id()] = code.str();
    come_.Wake();
  }
  return AnswerDone(context, result);
}

grpc::ServerUnaryReactor* Mailbox::SendText(grpc::CallbackServerContext* context,
                                            const upstream::v1::SendTextRequest* /*request*/,
                                            upstream::v1::ActResult* result) {
  return AnswerDone(context, result);
}

}  // namespace closure::bench
