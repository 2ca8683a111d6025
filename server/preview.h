// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PREVIEW_H_
#define CLOSURE_SERVER_PREVIEW_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "checkers/call_options.h"
#include "checkers/checker_settings.h"
#include "checkers/upstreams.h"
#include "closure/upstream/v1/account_service.pb.h"
#include "closure/v1/closure_service.pb.h"
#include "server/actor.h"
#include "server/business_calendar.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/plugins.h"
#include "server/server_stream.h"

namespace closure {

// What previews need. Previews own it together, for what they wait for may answer when the server is gone.
struct PreviewParts {
  std::shared_ptr<const Plugins> plugins;
  Upstreams upstreams;
  BusinessCalendar calendar;
  // What a closure started now would have.
  absl::Duration silent_period;
  // How much money it could renounce, in units of any settlement currency.
  int64_t forfeit_limit_units = CheckerSettings().forfeit_limit_units;
  int64_t void_limit_units = CheckerSettings().void_limit_units;
  // A contact point changed within this demands a code on both channels.
  absl::Duration contact_change_window = absl::Hours(72);
  // Whether a closure deleted this account for good, whatever the account system says of it (D13). Any thread.
  std::function<absl::StatusOr<bool>(std::string_view account_id)> was_closed = [](std::string_view) { return false; };
  // The name of the account's open closure; empty when there is none. Any thread.
  std::function<absl::StatusOr<std::string>(std::string_view account_id)> open_closure = [](std::string_view) {
    return std::string();
  };
};

// One PreviewClosure call: reads the account, asks every checker, sends their progress, then the items, and at last the
// plan. Nothing is stored. It ends with its caller: what is under way is cancelled then. A checker that does not care
// keeps the stream alive until it answers, and uses nothing of the server then but what the stream owns.
class PreviewStream final : public ServerStream<v1::PreviewClosureResponse>,
                            public std::enable_shared_from_this<PreviewStream> {
 public:
  // Called once, when the preview is over: before the caller learns its end, so that the next one can begin at once.
  // With how it ended; OK also when the caller went away.
  using Over = std::function<void(const absl::Status& end)>;
  // `open_closure`: the name of the account's open closure, or empty. `now` is when it was asked for: the checkers are
  // asked, and the plan counts, from then.
  PreviewStream(std::shared_ptr<const PreviewParts> parts, std::string account_id, std::string open_closure,
                std::string traceparent, absl::Time now, Over over);

  // Begins; to be called once.
  void Run();
  // Ends it early.
  void End(const absl::Status& why);

 private:
  void OnAbandoned() override { cancel_->Cancel(); }
  void OnOver() override { SayOver(absl::OkStatus()); }
  void SayOver(const absl::Status& end);
  // Ends the call, after it said that it is over.
  void EndWith(const absl::Status& status);
  void AskCheckers(const upstream::v1::Account& account);
  void SendPlan(const ScanFindings& findings, const std::vector<v1::StartObstacle>& obstacles);

  const std::shared_ptr<const PreviewParts> parts_;
  const std::string account_id_;
  const std::string open_closure_;
  const std::string traceparent_;
  const absl::Time now_;
  const Over over_;
  std::atomic<bool> said_over_ = false;
  const std::shared_ptr<CancelSignal> cancel_ = std::make_shared<CancelSignal>();
};

// Lets previews begin: one of an account at a time, and no more at once than the limit. Thread-safe. Previews may
// outlive it; they own what they use of it.
class PreviewDesk {
 public:
  // `previews_max`: how many run at the same time. The clock, `stopping` and `log` outlive the desk; previews that fail
  // are told to the log, where there is one, as long as there is the desk.
  PreviewDesk(PreviewParts parts, const Clock* clock, int previews_max, const absl::Notification* stopping,
              Log* log = nullptr);
  ~PreviewDesk() { running_->Hush(); }

  // Errors: PERMISSION_DENIED and INVALID_ARGUMENT as every read of an account; UNAVAILABLE with SHUTTING_DOWN;
  // RESOURCE_EXHAUSTED with PREVIEW_IN_PROGRESS or OVERLOADED. What is found out later ends the stream: NOT_FOUND with
  // ACCOUNT_NOT_FOUND, FAILED_PRECONDITION with ACCOUNT_CLOSED, UNAVAILABLE with ACCOUNT_SYSTEM_UNAVAILABLE.
  absl::StatusOr<std::shared_ptr<PreviewStream>> Open(const Actor& actor, const v1::PreviewClosureRequest& request,
                                                      std::string traceparent);

  // Ends every preview with SHUTTING_DOWN, and lets none begin any more.
  void Stop();

 private:
  // The previews that run. A preview shares it, to leave it when it is over.
  class Running {
   public:
    explicit Running(Log* log) : log_(log) {}
    absl::Status Enter(const std::string& account_id, std::weak_ptr<PreviewStream> stream, int previews_max);
    void Leave(const std::string& account_id, const absl::Status& end);
    // Tells the log nothing more.
    void Hush();
    // Refuses every later Enter; answers those that run.
    std::vector<std::shared_ptr<PreviewStream>> Stop();

   private:
    absl::Mutex mutex_;
    bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
    Log* log_ ABSL_GUARDED_BY(mutex_);
    // By the account's id.
    std::map<std::string, std::weak_ptr<PreviewStream>> streams_ ABSL_GUARDED_BY(mutex_);
  };

  const std::shared_ptr<const PreviewParts> parts_;
  const Clock* const clock_;
  const int previews_max_;
  const absl::Notification* const stopping_;
  const std::shared_ptr<Running> running_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PREVIEW_H_
