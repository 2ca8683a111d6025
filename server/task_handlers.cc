// SPDX-License-Identifier: Apache-2.0
#include "server/task_handlers.h"

#include <algorithm>
#include <utility>

#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/account_lookup.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/item_identity.h"
#include "server/redaction.h"
#include "server/renounced_money.h"
#include "server/system_now.h"

namespace closure {
namespace {

constexpr absl::Duration kDiscardTimeout = absl::Seconds(60);
// How much of an error of a call is told: to the log, and to the decision about its task.
constexpr std::size_t kCallErrorCharactersMax = 300;

std::string ErrorText(const absl::Status& status) {
  return PrintableText(fmt::format("{}: {}", absl::StatusCodeToString(status.code()), std::string(status.message())),
                       kCallErrorCharactersMax);
}

bool IsDeleted(const absl::StatusOr<upstream::v1::Account>& account) {
  return account.ok() && account->state() == upstream::v1::Account::DELETED;
}

// The renunciations that a phase executes (D15).
void AddRenunciations(const internal::v1::ClosureData& data, v1::PerformRequest& request) {
  for (const v1::Renunciation& renunciation : data.closure().renunciations()) {
    if (IsExecutedIn(request.phase(), renunciation)) *request.add_renunciations() = renunciation;
  }
}

// What the checkers are asked about a closure, without what ends the asking.
FanOutRequest MakeFanOutRequest(const internal::v1::ClosureData& data, v1::CheckPhase phase, absl::Time now) {
  FanOutRequest request;
  request.check.set_account_id(data.account_id());
  request.check.set_closure(data.closure().name());
  request.check.set_phase(phase);
  request.check.set_language_code(data.language_code());
  *request.check.mutable_renunciations() = data.closure().renunciations();
  *request.check.mutable_check_time() = ToProto(now);
  // The numbers that were in force when the closure was created (D16).
  request.check.set_forfeit_limit_units(data.policy().forfeit_limit_units());
  request.check.set_void_limit_units(data.policy().void_limit_units());
  if (data.closure().state() == v1::Closure::CONFIRMING) {
    request.time_left = FromProto(data.closure().confirm_time()) + FromProto(data.policy().confirm_limit()) - now;
  }
  return request;
}

// Of the tasks that can fail; a scan always has a result.
Mark MarkOf(v1::Task::Kind kind) {
  switch (kind) {
    case v1::Task::SEND_CODE:
      return Mark::kCodeRetried;
    case v1::Task::NOTICE:
      return Mark::kNoticeRetried;
    case v1::Task::DISCARD:
      return Mark::kReleaseRetried;
    default:
      return Mark::kParticipantRetried;
  }
}

// The store did not say what the task needs, or did not take its result; it comes back when its lease is over.
void LeaveToLease(TaskHandlers::Done done) {
  Reach(Mark::kTaskLeftToLease);
  std::move(done)();
}

}  // namespace

TaskHandlers::TaskHandlers(Parts parts) : parts_(std::move(parts)) {}

CallOptions TaskHandlers::OptionsFor(absl::Duration timeout) const {
  return {.timeout = timeout, .traceparent = "", .cancel = parts_.cancel};
}

void TaskHandlers::Report(const internal::v1::TaskData& task, Happening happening, Done done) const {
  auto shared = std::make_shared<Happening>(std::move(happening));
  ReportMade(
      task, [shared](const internal::v1::ClosureData&) -> absl::StatusOr<Happening> { return *shared; },
      std::move(done));
}

void TaskHandlers::ReportMade(const internal::v1::TaskData& task, ClosureEngine::HappeningMaker make, Done done) const {
  if (parts_.cancel->cancelled()) return std::move(done)();
  parts_.engine->Report(task, std::move(make), [this, task, done = std::move(done)](absl::Status status) mutable {
    if (status.ok()) return std::move(done)();
    if (parts_.on_failure) parts_.on_failure(task, ErrorText(status));
    // A store that does not answer is not told about it.
    if (absl::IsUnavailable(status)) return LeaveToLease(std::move(done));
    parts_.engine->GiveBack(task, ErrorText(status), std::move(done));
  });
}

void TaskHandlers::ReportFailure(const internal::v1::TaskData& task, std::string_view error, Done done) const {
  if (parts_.cancel->cancelled()) return std::move(done)();
  Reach(MarkOf(task.kind()));
  if (parts_.on_failure) parts_.on_failure(task, error);
  const absl::Duration delay = RetryDelay(task.attempts(), parts_.random->RetryFactor());
  Report(task, TaskFailed{std::string(error), delay}, std::move(done));
}

bool TaskHandlers::MustWait(const internal::v1::TaskData& task, const internal::v1::ClosureData& data) const {
  if (!IsIrreversible(task)) return false;
  absl::StatusOr<internal::v1::SystemData> system = parts_.store->LoadSystem();
  // Without an answer it may be paused.
  return !system.ok() || HaltOf(data, *system) != v1::Task::PARKED_UNSPECIFIED;
}

void TaskHandlers::Run(const internal::v1::TaskData& task, Done done) const {
  absl::StatusOr<internal::v1::ClosureData> data = parts_.store->LoadClosure({task.account_id(), task.closure_id()});
  if (!data.ok()) {
    if (parts_.on_failure) parts_.on_failure(task, ErrorText(data.status()));
    return LeaveToLease(std::move(done));
  }
  // The state was left: nothing is done any more, and the engine only ends the task.
  if (IsBoundToState(task.kind()) && task.payload().fence() != data->fence())
    return Report(task, TimerFired{}, std::move(done));
  if (MustWait(task, *data)) return Report(task, TaskHeld{}, std::move(done));
  switch (task.kind()) {
    case v1::Task::SCAN:
      return RunScan(task, *std::move(data), std::move(done));
    case v1::Task::DISCARD:
      return RunDiscard(task, *data, std::move(done));
    case v1::Task::DISCARD_DEADLINE:
      return RunDiscardDeadline(task, std::move(done));
    case v1::Task::PARTICIPANT:
      return RunParticipant(task, *data, std::move(done));
    case v1::Task::SEND_CODE:
    case v1::Task::NOTICE:
      return RunMessage(task, *data, std::move(done));
    case v1::Task::SILENT_PERIOD_END:
      return RunSilentPeriodEnd(task, *data, std::move(done));
    case v1::Task::EXPIRY:
      return RunExpiry(task, std::move(done));
    case v1::Task::ERASURE:
      return RunErasure(task, *data, std::move(done));
    default:
      return Report(task, TimerFired{}, std::move(done));
  }
}

void TaskHandlers::RunScan(const internal::v1::TaskData& task, internal::v1::ClosureData data, Done done) const {
  auto shared = std::make_shared<internal::v1::ClosureData>(std::move(data));
  LookUpAccount(parts_.upstreams, shared->account_id(), OptionsFor(kAccountTimeout),
                [this, task, shared, done = std::move(done)](absl::StatusOr<upstream::v1::Account> account) mutable {
                  // Only an explicit DELETED means gone (D17); without an answer the checkers are asked, and say so
                  // where it matters.
                  if (IsDeleted(account)) return Report(task, AccountGone{}, std::move(done));
                  AskCheckers(task, *shared, std::move(done));
                });
}

void TaskHandlers::AskCheckers(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                               Done done) const {
  const ClosureKey key{data.account_id(), data.closure_id()};
  const absl::StatusOr<SystemNow> read = ReadSystemNow(*parts_.store, *parts_.clock);
  if (!read.ok()) {
    if (parts_.on_failure) parts_.on_failure(task, ErrorText(read.status()));
    return LeaveToLease(std::move(done));
  }
  const bool clocks_disagree = DoClocksDisagree(read->system, read->time);
  FanOutRequest request = MakeFanOutRequest(data, task.payload().check_phase(), read->now);
  request.cancel = parts_.cancel;
  const int64_t number = task.payload().scan_number();
  // What a checker says is kept longer than the owner's addresses (D12).
  auto owner = std::make_shared<internal::v1::ClosureData>();
  *owner->mutable_contacts() = data.contacts();
  parts_.plugins->Now()->fan_out().Run(
      std::move(request),
      [this, key, number, task, owner](const v1::CheckerResult& result) {
        // What a stop cut off says nothing about a checker; the next run asks again.
        if (parts_.cancel->cancelled()) return;
        if (parts_.on_silence && result.status() == v1::CheckerResult::UNANSWERED) parts_.on_silence(task, result);
        v1::CheckerResult told = result;
        told.set_detail(WithoutAddresses(*owner, told.detail()));
        parts_.store->RecordProgress(key, number, told, [](const absl::Status&) {});
      },
      [this, task, key, owner, clocks_disagree, done = std::move(done)](ScanFindings findings) mutable {
        if (parts_.cancel->cancelled()) return std::move(done)();
        for (v1::CheckerResult& checker : findings.checkers)
          checker.set_detail(WithoutAddresses(*owner, checker.detail()));
        auto shared = std::make_shared<ScanFindings>(std::move(findings));
        const auto make = [this, key, shared,
                           clocks_disagree](const internal::v1::ClosureData&) -> absl::StatusOr<Happening> {
          ItemFilter all;
          all.show_resolved = true;
          all.limit = 0;
          absl::StatusOr<std::vector<v1::BlockingItem>> previous = parts_.store->ListItems(key, all);
          if (!previous.ok()) return previous.status();
          return ScanAnswered{*shared, *std::move(previous), clocks_disagree};
        };
        ReportMade(task, make, std::move(done));
      });
}

void TaskHandlers::RunDiscard(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                              Done done) const {
  const ClosureKey key{data.account_id(), data.closure_id()};
  const std::string item_id = task.payload().item_id();
  absl::StatusOr<std::vector<v1::BlockingItem>> items = parts_.store->LoadItems(key, {item_id});
  if (!items.ok() || items->empty())
    return ReportFailure(task, items.ok() ? "the item is not stored" : ErrorText(items.status()), std::move(done));
  const v1::BlockingItem& item = items->front();
  const std::shared_ptr<const PluginSet> plugins = parts_.plugins->Now();
  const CheckerSlot* const slot = plugins->fan_out().Find(item.checker());
  if (slot == nullptr)
    return ReportFailure(task, fmt::format("there is no checker {} any more", item.checker()), std::move(done));
  v1::DiscardRequest request;
  request.set_account_id(data.account_id());
  request.set_closure(data.closure().name());
  request.set_native_id(item.native_id());
  *request.mutable_expected() = ExpectedFacts(item);
  request.set_idempotency_key(task.idempotency_key());
  // The fence of the task's state: should the state be left while the call is under way, it is refused where it
  // arrives.
  request.set_fence(task.payload().fence());
  // Whoever asks must not still be asking when the release was given up: the owner may have gone back by then.
  const absl::Duration left = FromProto(task.payload().give_up_time()) - parts_.clock->Now();
  if (left <= absl::ZeroDuration()) return ReportFailure(task, "no time is left to release it", std::move(done));
  slot->checker->Discard(
      request, OptionsFor(std::min(kDiscardTimeout, left)),
      // With what the checker belongs to, which may be replaced meanwhile.
      [this, plugins, task, key, item_id,
       done = std::move(done)](absl::StatusOr<v1::DiscardResponse> response) mutable {
        const bool answered = response.ok() && response->outcome() != v1::DiscardResponse::OUTCOME_UNSPECIFIED &&
                              response->outcome() != v1::DiscardResponse::FENCED;
        if (!answered) {
          const std::string why =
              response.ok() ? fmt::format("answered {}", v1::DiscardResponse::Outcome_Name(response->outcome()))
                            : ErrorText(response.status());
          return ReportFailure(task, why, std::move(done));
        }
        const auto make = [this, key, item_id,
                           answer = *response](const internal::v1::ClosureData&) -> absl::StatusOr<Happening> {
          absl::StatusOr<std::vector<v1::BlockingItem>> stored = parts_.store->LoadItems(key, {item_id});
          if (!stored.ok()) return stored.status();
          if (stored->empty()) return absl::InternalError(fmt::format("item {} is not stored", item_id));
          return ReleaseAnswered{stored->front(), answer};
        };
        ReportMade(task, make, std::move(done));
      });
}

void TaskHandlers::RunDiscardDeadline(const internal::v1::TaskData& task, Done done) const {
  const ClosureKey key{task.account_id(), task.closure_id()};
  const auto make = [this, key](const internal::v1::ClosureData&) -> absl::StatusOr<Happening> {
    ItemFilter all;
    all.limit = 0;
    absl::StatusOr<std::vector<v1::BlockingItem>> items = parts_.store->ListItems(key, all);
    if (!items.ok()) return items.status();
    items->erase(
        std::remove_if(items->begin(), items->end(),
                       [](const v1::BlockingItem& item) { return item.resolution() != v1::BlockingItem::RELEASING; }),
        items->end());
    return TimerFired{*std::move(items)};
  };
  ReportMade(task, make, std::move(done));
}

void TaskHandlers::RunParticipant(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                                  Done done) const {
  const internal::v1::TaskPayload& payload = task.payload();
  const std::shared_ptr<const PluginSet> plugins = parts_.plugins->Now();
  const ParticipantSlot* const slot = plugins->FindParticipant(payload.participant());
  if (slot == nullptr) {
    return ReportFailure(task, fmt::format("there is no participant {} any more", payload.participant()),
                         std::move(done));
  }
  v1::PerformRequest request;
  request.set_phase(payload.participant_phase());
  request.set_stage(payload.stage());
  request.set_account_id(data.account_id());
  request.set_closure(data.closure().name());
  request.set_idempotency_key(task.idempotency_key());
  // The fence of the task's state: should the state be left while the call is under way, it is refused where it
  // arrives.
  request.set_fence(task.payload().fence());
  if (payload.participant() == kBillingName) AddRenunciations(data, request);
  slot->participant->Perform(
      request, OptionsFor(slot->deadline),
      [this, task, plugins, done = std::move(done)](absl::StatusOr<v1::PerformResponse> response) mutable {
        if (!response.ok()) return ReportFailure(task, ErrorText(response.status()), std::move(done));
        const bool is_refused = response->outcome() == v1::PerformResponse::FENCED ||
                                response->outcome() == v1::PerformResponse::FACTS_MOVED;
        if (is_refused && parts_.on_failure) {
          parts_.on_failure(
              task, fmt::format("{}: {}", v1::PerformResponse::Outcome_Name(response->outcome()), response->detail()));
        }
        if (response->outcome() == v1::PerformResponse::ACCOUNT_DELETED)
          return CheckThatGone(task, *std::move(response), std::move(done));
        Report(task, ParticipantAnswered{*std::move(response)}, std::move(done));
      });
}

void TaskHandlers::CheckThatGone(const internal::v1::TaskData& task, v1::PerformResponse response, Done done) const {
  LookUpAccount(parts_.upstreams, task.account_id(), OptionsFor(kAccountTimeout),
                [this, task, response = std::move(response),
                 done = std::move(done)](absl::StatusOr<upstream::v1::Account> account) mutable {
                  if (!IsDeleted(account)) {
                    return ReportFailure(task,
                                         "it says that the account was deleted, and the account system does not say so",
                                         std::move(done));
                  }
                  // Past the point of no return that was the aim; and nothing is left to restore.
                  const v1::ParticipantPhase phase = task.payload().participant_phase();
                  if (phase == v1::DELETE || phase == v1::RESTORE)
                    return Report(task, ParticipantAnswered{std::move(response)}, std::move(done));
                  Report(task, AccountGone{}, std::move(done));
                });
}

void TaskHandlers::RunSilentPeriodEnd(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                                      Done done) const {
  auto stub = parts_.upstreams.account;
  const auto count = [this, stub](const std::string& organization, auto on_count) {
    upstream::v1::CountAccountsRequest request;
    request.set_organization_id(organization);
    CallUpstream<upstream::v1::CountAccountsResponse>(
        "account system", request, OptionsFor(kAccountTimeout),
        [stub](auto* call, auto* asked, auto* answer, auto on_done) {
          stub->async()->CountAccounts(call, asked, answer, std::move(on_done));
        },
        [on_count = std::move(on_count)](absl::StatusOr<upstream::v1::CountAccountsResponse> response) mutable {
          // Without an answer the least limit holds (D14).
          if (!response.ok()) Reach(Mark::kAccountsNotCounted);
          std::move(on_count)(response.ok() ? response->count() : 0);
        });
  };
  // An account without an organization is one of its own, under its own id; an organization may have that of an
  // account.
  count("",
        [this, task, organization = data.organization_id(), count, done = std::move(done)](int64_t accounts) mutable {
          count(organization, [this, task, accounts, done = std::move(done)](int64_t in_organization) mutable {
            Report(task, TimerFired{.accounts = accounts, .organization_accounts = in_organization}, std::move(done));
          });
        });
}

void TaskHandlers::RunExpiry(const internal::v1::TaskData& task, Done done) const {
  // Nobody has asked for it for long: it may have gone another way (D17).
  LookUpAccount(parts_.upstreams, task.account_id(), OptionsFor(kAccountTimeout),
                [this, task, done = std::move(done)](absl::StatusOr<upstream::v1::Account> account) mutable {
                  Report(task, IsDeleted(account) ? Happening(AccountGone{}) : Happening(TimerFired{}),
                         std::move(done));
                });
}

void TaskHandlers::RunErasure(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                              Done done) const {
  Erase erase;
  for (const internal::v1::Contact& contact : data.contacts()) {
    erase.contact_hashes.push_back(parts_.secret_key->PersonalDataHash(data.closure_id(), contact.address()));
  }
  Report(task, std::move(erase), std::move(done));
}

}  // namespace closure
