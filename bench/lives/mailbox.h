// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LIVES_MAILBOX_H_
#define CLOSURE_BENCH_LIVES_MAILBOX_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "closure/upstream/v1/messaging_service.grpc.pb.h"
#include "protos/steady_wait.h"

namespace closure::bench {

// The messaging system, which hands every owner the code that was mailed at once: nobody has to look for it again and
// again. Thread-safe.
class Mailbox final : public upstream::v1::MessagingService::CallbackService {
 public:
  // Waits for the six digits that are mailed about an account; empty when none come within a minute.
  std::string AwaitCode(const std::string& account_id);

  grpc::ServerUnaryReactor* SendMail(grpc::CallbackServerContext* context, const upstream::v1::SendMailRequest* request,
                                     upstream::v1::ActResult* result) override;
  grpc::ServerUnaryReactor* SendText(grpc::CallbackServerContext* context, const upstream::v1::SendTextRequest* request,
                                     upstream::v1::ActResult* result) override;

 private:
  absl::Mutex mutex_;
  SteadyWait come_;
  // The latest, by account.
  absl::flat_hash_map<std::string, std::string> codes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LIVES_MAILBOX_H_
