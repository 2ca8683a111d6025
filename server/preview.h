// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PREVIEW_H_
#define CLOSURE_SERVER_PREVIEW_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "checkers/call_options.h"
#include "checkers/upstreams.h"
#include "closure/upstream/v1/account_service.pb.h"
#include "closure/v1/closure_service.pb.h"
#include "server/actor.h"
#include "server/business_calendar.h"
#include "server/clock.h"
#include "server/fan_out.h"
#include "server/server_stream.h"

namespace closure {

// What previews need. Everything outlives the previews.
struct PreviewParts {
  const FanOut* fan_out = nullptr;
  const Clock* clock = nullptr;
  Upstreams upstreams;
  BusinessCalendar calendar;
  // What a closure started now would have.
  absl::Duration silent_period;
  // How many previews run at the same time.
  int previews_max = 0;
  const absl::Notification* stopping = nullptr;
};

// One PreviewClosure call: reads the account, asks every checker, sends their progress, then the items, and at last the
// plan. Nothing is stored. It ends with its caller: what is under way is cancelled then.
class PreviewStream final : public ServerStream<v1::PreviewClosureResponse>,
                            public std::enable_shared_from_this<PreviewStream> {
 public:
  // `over` is called once, when the preview is over: before the caller learns its end, so that the next one can begin
  // at once.
  PreviewStream(const PreviewParts* parts, std::string account_id, std::string traceparent, std::function<void()> over);

  // Begins; to be called once.
  void Run();
  // Ends it early.
  void End(const absl::Status& why);

 private:
  void OnAbandoned() override { cancel_->Cancel(); }
  void OnOver() override { SayOver(); }
  void SayOver();
  // Ends the call, after it said that it is over.
  void EndWith(const grpc::Status& status);
  void AskCheckers(const upstream::v1::Account& account);
  void SendPlan(const ScanFindings& findings);

  const PreviewParts* const parts_;
  const std::string account_id_;
  const std::string traceparent_;
  const std::function<void()> over_;
  std::atomic<bool> said_over_ = false;
  const std::shared_ptr<CancelSignal> cancel_ = std::make_shared<CancelSignal>();
};

// Lets previews begin: one of an account at a time, and no more at once than the limit. Thread-safe; outlives its
// previews.
class PreviewDesk {
 public:
  explicit PreviewDesk(PreviewParts parts);

  // Errors: PERMISSION_DENIED and INVALID_ARGUMENT as every read of an account; UNAVAILABLE with SHUTTING_DOWN;
  // RESOURCE_EXHAUSTED with PREVIEW_IN_PROGRESS or OVERLOADED. What is found out later ends the stream: NOT_FOUND with
  // ACCOUNT_NOT_FOUND, FAILED_PRECONDITION with ACCOUNT_CLOSED, UNAVAILABLE with ACCOUNT_SYSTEM_UNAVAILABLE.
  absl::StatusOr<std::shared_ptr<PreviewStream>> Open(const Actor& actor, const v1::PreviewClosureRequest& request,
                                                      std::string traceparent);

  // Ends every preview with SHUTTING_DOWN.
  void Stop();

 private:
  absl::Status Enter(const std::string& account_id);
  void Leave(const std::string& account_id);

  const PreviewParts parts_;
  absl::Mutex mutex_;
  // By the account's id; empty until its stream is made.
  std::map<std::string, std::weak_ptr<PreviewStream>> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PREVIEW_H_
