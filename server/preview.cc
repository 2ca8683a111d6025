// SPDX-License-Identifier: Apache-2.0
#include "server/preview.h"

#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "server/account_lookup.h"
#include "server/closure_plan.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/rpc.h"
#include "server/start_obstacles.h"
#include "server/strings.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(5);

absl::Status Stopping() {
  return Error(v1::SHUTTING_DOWN, "closured: the server is stopping; ask for the preview again");
}

// Why a preview cannot go on after the account system answered; OK when it can.
absl::Status CheckAccount(const std::string& account_id, const absl::StatusOr<upstream::v1::Account>& account) {
  if (!account.ok()) return LookupError(account_id, account.status());
  return account->state() == upstream::v1::Account::DELETED ? AccountClosed(account_id) : absl::OkStatus();
}

}  // namespace

PreviewStream::PreviewStream(std::shared_ptr<const PreviewParts> parts, std::string account_id,
                             std::string open_closure, std::string traceparent, absl::Time now, Over over)
    : parts_(std::move(parts)),
      account_id_(std::move(account_id)),
      open_closure_(std::move(open_closure)),
      traceparent_(std::move(traceparent)),
      now_(now),
      over_(std::move(over)) {}

void PreviewStream::Run() {
  LookUpAccount(parts_->upstreams, account_id_,
                CallOptions{.timeout = kAccountTimeout, .traceparent = traceparent_, .cancel = cancel_},
                [self = shared_from_this()](absl::StatusOr<upstream::v1::Account> account) {
                  const absl::Status usable = CheckAccount(self->account_id_, account);
                  if (!usable.ok()) return self->EndWith(usable);
                  self->AskCheckers(*account);
                });
}

void PreviewStream::AskCheckers(const upstream::v1::Account& account) {
  FanOutRequest request{.traceparent = traceparent_, .cancel = cancel_};
  request.check.set_account_id(account_id_);
  request.check.set_phase(v1::PREVIEW);
  request.check.set_language_code(account.language_code().empty() ? "en" : account.language_code());
  *request.check.mutable_check_time() = ToProto(now_);
  request.check.set_forfeit_limit_units(parts_->forfeit_limit_units);
  request.check.set_void_limit_units(parts_->void_limit_units);
  parts_->plugins->Now()->fan_out().Run(
      std::move(request),
      [self = shared_from_this()](const v1::CheckerResult& result) {
        v1::PreviewClosureResponse response;
        *response.mutable_progress() = result;
        self->Push(std::move(response));
      },
      [self = shared_from_this(),
       obstacles = FindStartObstacles(account, open_closure_, now_, parts_->contact_change_window)](
          const ScanFindings& findings) { self->SendPlan(findings, obstacles); });
}

void PreviewStream::SendPlan(const ScanFindings& findings, const std::vector<v1::StartObstacle>& obstacles) {
  std::vector<v1::PreviewClosureResponse> responses;
  for (v1::PreviewItems& items : SplitItems(findings.items))
    *responses.emplace_back().mutable_items() = std::move(items);
  v1::ClosurePlan& plan = *responses.emplace_back().mutable_plan();
  plan = MakePlan(FormatAccountName(account_id_), findings, parts_->calendar, now_, parts_->silent_period);
  AddStartObstacles(plan, obstacles);
  PushAll(std::move(responses));
  EndWith(absl::OkStatus());
}

void PreviewStream::End(const absl::Status& why) {
  EndWith(why);
  cancel_->Cancel();
}

void PreviewStream::SayOver(const absl::Status& end) {
  if (!said_over_.exchange(true)) over_(end);
}

void PreviewStream::EndWith(const absl::Status& status) {
  SayOver(status);
  Close(ToGrpcStatus(status));
}

PreviewDesk::PreviewDesk(PreviewParts parts, const Clock* clock, int previews_max, const absl::Notification* stopping,
                         Log* log)
    : parts_(std::make_shared<const PreviewParts>(std::move(parts))),
      clock_(clock),
      previews_max_(previews_max),
      stopping_(stopping),
      running_(std::make_shared<Running>(log)) {}

absl::Status PreviewDesk::Running::Enter(const std::string& account_id, std::weak_ptr<PreviewStream> stream,
                                         int previews_max) {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return Stopping();
  if (streams_.contains(account_id)) {
    const std::string name = FormatAccountName(account_id);
    return WithRetryAfter(Error(v1::PREVIEW_IN_PROGRESS, Concat("a preview of ", name, " is running; one at a time"),
                                {{"account", name}}),
                          kRetryDelay);
  }
  if (streams_.size() >= static_cast<std::size_t>(previews_max)) {
    return WithRetryAfter(
        Error(v1::OVERLOADED, Concat("closured: ", previews_max, " previews are running, and no more are accepted"),
              {{"previewsMax", Concat(previews_max)}}),
        kRetryDelay);
  }
  streams_[account_id] = std::move(stream);
  return absl::OkStatus();
}

void PreviewDesk::Running::Leave(const std::string& account_id, const absl::Status& end) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(account_id);
  if (log_ != nullptr) LogFailure("PreviewClosure", end, *log_);
}

void PreviewDesk::Running::Hush() {
  absl::MutexLock lock(&mutex_);
  log_ = nullptr;
}

std::vector<std::shared_ptr<PreviewStream>> PreviewDesk::Running::Stop() {
  std::vector<std::shared_ptr<PreviewStream>> running;
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  for (const auto& [account_id, weak] : streams_) {
    if (std::shared_ptr<PreviewStream> stream = weak.lock()) running.push_back(std::move(stream));
  }
  return running;
}

absl::StatusOr<std::shared_ptr<PreviewStream>> PreviewDesk::Open(const Actor& actor,
                                                                 const v1::PreviewClosureRequest& request,
                                                                 std::string traceparent) {
  CLOSURE_RETURN_IF_ERROR(Authorize(actor, request.account(), RequireReaderOf));
  CLOSURE_ASSIGN_OR_RETURN(const std::string account_id, ParseAccountName("account", request.account()));
  CLOSURE_RETURN_IF_ERROR(RefuseWhenStopping(*stopping_));
  CLOSURE_ASSIGN_OR_RETURN(const bool closed, parts_->was_closed(account_id));
  if (closed) return AccountClosed(account_id);
  CLOSURE_ASSIGN_OR_RETURN(std::string open_closure, parts_->open_closure(account_id));
  auto stream = std::make_shared<PreviewStream>(
      parts_, account_id, std::move(open_closure), std::move(traceparent), clock_->Now(),
      [running = running_, account_id](const absl::Status& end) { running->Leave(account_id, end); });
  CLOSURE_RETURN_IF_ERROR(running_->Enter(account_id, stream, previews_max_));
  stream->Run();
  return stream;
}

void PreviewDesk::Stop() {
  for (const std::shared_ptr<PreviewStream>& stream : running_->Stop()) stream->End(Stopping());
}

}  // namespace closure
