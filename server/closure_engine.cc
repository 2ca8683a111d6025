// SPDX-License-Identifier: Apache-2.0
#include "server/closure_engine.h"

#include <algorithm>
#include <utility>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/closure_view.h"
#include "server/errors.h"
#include "server/find_closure.h"
#include "server/overloaded.h"
#include "server/redaction.h"
#include "server/resource_names.h"
#include "server/system_now.h"
#include "server/time_witness.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

absl::Status CompareEtag(const v1::Closure& closure, const std::string& etag) {
  if (etag.empty() || etag == closure.etag()) return absl::OkStatus();
  return Error(v1::ETAG_MISMATCH,
               fmt::format("the etag of {} is {}, not {}; read it again", closure.name(), closure.etag(), etag),
               {{"closure", closure.name()}, {"etag", closure.etag()}});
}

// Which of the codes that were given are right, each against the challenge of its channel.
CodesGiven CompareCodes(const SecretKey& key, const internal::v1::ClosureData& data, const VerifyIdentity& codes) {
  CodesGiven given;
  const v1::Channel only = OnlyDemandedChannel(data.closure().identity_verification());
  for (const VerifyIdentity::Code& code : codes.codes) {
    CodesGiven::Code result{code.channel == v1::CHANNEL_UNSPECIFIED ? only : code.channel, false};
    for (const internal::v1::CodeChallenge& challenge : data.codes()) {
      if (challenge.channel() == result.channel) result.right = key.IsIdentityCode(challenge.challenge_id(), code.code);
    }
    given.codes.push_back(result);
  }
  return given;
}

int64_t HourlyLimit(const config::v1::BreakerConfig& config, int64_t accounts) {
  constexpr int64_t kPerMille = 1000;
  // A count that no cloud has is a wrong one, and must not switch the breaker off.
  constexpr int64_t kAccountsMax = 1'000'000'000;
  if (accounts < 0 || accounts > kAccountsMax) accounts = 0;
  return std::max<int64_t>(config.deletions_per_hour_min(),
                           accounts * config.deletions_per_hour_permille() / kPerMille);
}

}  // namespace

// One command or result on its way into a closure, over all its tries.
struct ClosureEngine::Attempt {
  ClosureKey key;
  HappeningMaker make;
  std::string actor = "system";
  // For commands of people.
  std::optional<CallContext> context;
  std::string etag;
  Reply reply;
  // For results of tasks.
  std::optional<internal::v1::TaskData> task;
  ClosureStore::Done done;
  // For an operator's retry of that task: its answer is the task as it then stands.
  std::optional<CallContext> retry;
  int tries = 0;

  void Answer(absl::StatusOr<v1::Closure> answer) {
    if (reply) {
      std::move(reply)(std::move(answer));
    } else {
      std::move(done)(answer.status());
    }
  }
};

ClosureEngine::ClosureEngine(Parts parts) : parts_(std::move(parts)) {}

std::vector<std::string> ClosureEngine::NewChallengeIds() const { return {parts_.random->Id(), parts_.random->Id()}; }

absl::StatusOr<Circumstances> ClosureEngine::MakeCircumstances(std::string actor) const {
  CLOSURE_ASSIGN_OR_RETURN(SystemNow read, ReadSystemNow(*parts_.store, *parts_.clock));
  Circumstances circumstances;
  circumstances.now = read.now;
  circumstances.actor = std::move(actor);
  circumstances.time = std::move(read.time);
  circumstances.system = std::move(read.system);
  const std::shared_ptr<const PluginSet> plugins = parts_.plugins->Now();
  circumstances.participants = plugins->descriptions();
  circumstances.checkers = plugins->unasked();
  circumstances.retry_factor = parts_.random->RetryFactor();
  return circumstances;
}

absl::StatusOr<BreakerCounts> ClosureEngine::CountBreaker(std::string_view organization_id, const TimerFired& fired,
                                                          const Circumstances& circumstances) const {
  absl::Time since = circumstances.now - kBreakerWindow;
  const absl::Time release = FromProto(circumstances.system.breaker_release_time());
  // What was admitted up to the release is not counted again. A release on a clock that was ahead is none, be it by
  // less than a jump (Witness in decide_system.h): what comes until the clock has caught up would not count.
  if (circumstances.system.has_breaker_release_time() && release <= circumstances.now)
    since = std::max(since, release + absl::Microseconds(1));
  absl::StatusOr<int64_t> global = parts_.store->CountAdmissions("", since);
  if (!global.ok()) return global.status();
  absl::StatusOr<int64_t> organization = parts_.store->CountAdmissions(organization_id, since);
  if (!organization.ok()) return organization.status();
  return BreakerCounts{*global, HourlyLimit(parts_.breaker, fired.accounts), *organization,
                       HourlyLimit(parts_.breaker, fired.organization_accounts)};
}

absl::StatusOr<Happening> ClosureEngine::MakeHappening(const internal::v1::ClosureData& data,
                                                       const ClosureCommand& command) const {
  using Result = absl::StatusOr<Happening>;
  return std::visit(
      Overloaded{
          [](const ResendCode& resend) -> Result { return Happening(resend); },
          [&](const VerifyIdentity& codes) -> Result { return CompareCodes(*parts_.secret_key, data, codes); },
          [&](const AcceptAgreement& accept) -> Result {
            CLOSURE_ASSIGN_OR_RETURN(v1::Agreement agreement,
                                     parts_.agreements->Find(accept.version, accept.language_code));
            return AgreementGiven{std::move(agreement)};
          },
          [](const Recheck& recheck) -> Result { return Happening(recheck); },
          [&](const DiscardItems& discard) -> Result {
            std::vector<std::string> ids;
            for (const DiscardItems::Selection& selection : discard.selections) ids.push_back(selection.item_id);
            CLOSURE_ASSIGN_OR_RETURN(std::vector<v1::BlockingItem> items,
                                     parts_.store->LoadItems({data.account_id(), data.closure_id()}, ids));
            return DiscardGiven{discard, std::move(items)};
          },
          [](const ConfirmClosure& confirm) -> Result { return Happening(confirm); },
          [](const CancelClosure& cancel) -> Result { return Happening(cancel); },
          [](const PlaceHold& hold) -> Result { return Happening(hold); },
          [](const ReleaseHold& release) -> Result { return Happening(release); },
      },
      command);
}

void ClosureEngine::Execute(const ClosureKey& key, ClosureCommand command, const std::string& etag,
                            const CallContext& context, Reply reply) {
  auto attempt = std::make_shared<Attempt>();
  attempt->key = key;
  attempt->make = [this, command = std::move(command)](const internal::v1::ClosureData& data) {
    return MakeHappening(data, command);
  };
  attempt->actor = context.actor.ToString();
  attempt->context = context;
  attempt->etag = etag;
  attempt->reply = std::move(reply);
  Enqueue(std::move(attempt));
}

void ClosureEngine::Report(const internal::v1::TaskData& task, HappeningMaker make, ClosureStore::Done done) {
  auto attempt = std::make_shared<Attempt>();
  attempt->key = {task.account_id(), task.closure_id()};
  attempt->make = std::move(make);
  attempt->task = task;
  attempt->done = std::move(done);
  Enqueue(std::move(attempt));
}

void ClosureEngine::Enqueue(std::shared_ptr<Attempt> attempt) {
  const ClosureKey key = attempt->key;
  {
    absl::MutexLock lock(&mutex_);
    std::deque<std::shared_ptr<Attempt>>& queue = queues_[key];
    queue.push_back(std::move(attempt));
    // Whoever is at the front goes on with the others.
    if (queue.size() > 1) return;
  }
  Work(key);
}

std::shared_ptr<ClosureEngine::Attempt> ClosureEngine::Front(const ClosureKey& key) {
  absl::MutexLock lock(&mutex_);
  return queues_.at(key).front();
}

void ClosureEngine::Work(const ClosureKey& key) {
  bool more = false;
  do {
    const std::shared_ptr<Attempt> attempt = Front(key);
    absl::StatusOr<Prepared> prepared = Prepare(*attempt);
    if (prepared.ok() && prepared->commit.has_value()) {
      parts_.store->Apply(*std::move(prepared->commit),
                          [this, attempt, answer = std::move(prepared->answer)](absl::Status status) mutable {
                            Committed(attempt, std::move(answer), std::move(status));
                          });
      return;
    }
    more = Leave(key);
    // Last of all: who is answered may destroy the engine when nothing waits in it any more.
    attempt->Answer(prepared.ok() ? std::move(prepared->answer) : prepared.status());
  } while (more);
}

void ClosureEngine::Committed(const std::shared_ptr<Attempt>& attempt, absl::StatusOr<v1::Closure> answer,
                              absl::Status status) {
  const ClosureKey key = attempt->key;
  if (!status.ok() && IsWorthAnotherTry(*attempt, status)) return Work(key);
  if (!status.ok()) answer = status;
  const bool more = Leave(key);
  attempt->Answer(std::move(answer));  // as in Work
  if (more) Work(key);
}

bool ClosureEngine::Leave(const ClosureKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto queue = queues_.find(key);
  queue->second.pop_front();
  if (!queue->second.empty()) return true;
  queues_.erase(queue);
  return false;
}

bool ClosureEngine::IsWorthAnotherTry(Attempt& attempt, absl::Status& refusal) const {
  if (!IsConflict(refusal)) return false;
  if (attempt.task.has_value() && IsGone(*attempt.task)) {
    // Somebody else's result of the same task counted, or its state was left.
    refusal = absl::OkStatus();
    return false;
  }
  // What a task did must not be lost because others were faster at the same moment; an operator's retry of it can be
  // asked for again.
  Reach(Mark::kDecidedAgain);
  if (attempt.task.has_value() && !attempt.retry.has_value() && absl::IsAborted(refusal)) return true;
  if (++attempt.tries < kTriesMax) return true;
  Reach(Mark::kDecidingGivenUp);
  refusal = ConcurrentChange(FormatClosureName(attempt.key));
  return false;
}

bool ClosureEngine::IsConflict(const absl::Status& refusal) {
  return absl::IsAborted(refusal) || absl::IsAlreadyExists(refusal);
}

absl::Status ClosureEngine::ConcurrentChange(const std::string& name) {
  return Error(v1::CONCURRENT_CHANGE, fmt::format("{} kept changing; try again", name), {{"name", name}});
}

absl::Status ClosureEngine::TaskNotFound(int64_t task_id) {
  const std::string name = FormatTaskName(task_id);
  return Error(v1::TASK_NOT_FOUND, fmt::format("there is no {}; it may have been done", name), {{"task", name}});
}

absl::StatusOr<ClosureEngine::Prepared> ClosureEngine::Prepare(const Attempt& attempt) const {
  CLOSURE_ASSIGN_OR_RETURN(const internal::v1::ClosureData data, FindClosure(*parts_.store, attempt.key));
  std::optional<internal::v1::TaskData> task = attempt.task;
  if (attempt.retry.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(const bool needed, NeedsRetry(attempt, task));
    if (!needed) return Prepared{std::nullopt, v1::Closure()};
  }
  if (attempt.context.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(std::optional<v1::Closure> replay, FindReplay(attempt.key.account_id, *attempt.context));
    if (replay.has_value()) return Prepared{std::nullopt, *std::move(replay)};
    CLOSURE_RETURN_IF_ERROR(CompareEtag(data.closure(), attempt.etag));
  }
  CLOSURE_ASSIGN_OR_RETURN(const Happening happening, attempt.make(data));
  CLOSURE_ASSIGN_OR_RETURN(const Circumstances circumstances,
                           CircumstancesOf(attempt, std::move(task), data, happening));
  CLOSURE_ASSIGN_OR_RETURN(Decision decision, Decide(data, happening, circumstances));
  Prepared prepared{std::move(decision.commit), v1::Closure()};
  if (!decision.reply.ok()) {
    prepared.answer = decision.reply;
  } else if (prepared.commit->closure.has_value()) {
    prepared.answer = Present(*prepared.commit->closure, circumstances.now);
  }
  Remember(attempt, data, circumstances, prepared);
  return prepared;
}

void ClosureEngine::Remember(const Attempt& attempt, const internal::v1::ClosureData& data,
                             const Circumstances& circumstances, Prepared& prepared) const {
  Commit& commit = *prepared.commit;
  const absl::Time now = circumstances.now;
  if (attempt.context.has_value() && prepared.answer.ok()) {
    commit.request = RequestRecord{attempt.key.account_id, attempt.context->request_id, attempt.context->body_hash,
                                   prepared.answer->SerializeAsString(), now};
  }
  if (attempt.retry.has_value() && commit.reschedule_task.has_value()) {
    // The task that is due, with what it goes on waiting for; it is kept longer than the owner's addresses (D12).
    internal::v1::TaskData answer = *commit.reschedule_task;
    answer.set_parked(LastingHaltOf(*circumstances.task, data, circumstances.system));
    answer.set_last_error(WithoutAddresses(data, answer.last_error()));
    commit.request =
        RequestRecord{"", attempt.retry->request_id, attempt.retry->body_hash, answer.SerializeAsString(), now};
    // Like every request id of an operator about no closure of the caller's.
    commit.forget_before = now - FromProto(parts_.policy.request_id_retention());
  }
}

absl::StatusOr<Circumstances> ClosureEngine::CircumstancesOf(const Attempt& attempt,
                                                             std::optional<internal::v1::TaskData> task,
                                                             const internal::v1::ClosureData& data,
                                                             const Happening& happening) const {
  CLOSURE_ASSIGN_OR_RETURN(Circumstances circumstances, MakeCircumstances(attempt.actor));
  circumstances.task = std::move(task);
  if (data.closure().state() == v1::Closure::DELETING)
    circumstances.tombstone = parts_.secret_key->Tombstone(data.account_id());
  if (std::holds_alternative<ResendCode>(happening)) {
    circumstances.challenge_ids = NewChallengeIds();
    CLOSURE_ASSIGN_OR_RETURN(circumstances.codes_today,
                             parts_.store->CountCodes(data.account_id(), circumstances.now - kCodeWindow));
  }
  if (const auto* fired = std::get_if<TimerFired>(&happening);
      fired != nullptr && circumstances.task->kind() == v1::Task::SILENT_PERIOD_END) {
    CLOSURE_ASSIGN_OR_RETURN(circumstances.breaker, CountBreaker(data.organization_id(), *fired, circumstances));
  }
  return circumstances;
}

absl::StatusOr<bool> ClosureEngine::NeedsRetry(const Attempt& attempt,
                                               std::optional<internal::v1::TaskData>& task) const {
  CLOSURE_ASSIGN_OR_RETURN(const auto retried, FindRetried(*attempt.retry));
  if (retried.has_value()) return false;
  absl::StatusOr<internal::v1::TaskData> stored = parts_.store->LoadTask(attempt.task->id());
  if (absl::IsNotFound(stored.status())) return false;
  CLOSURE_RETURN_IF_ERROR(stored.status());
  task = *std::move(stored);
  return true;
}

void ClosureEngine::RetryTask(int64_t task_id, const std::string& reason, const CallContext& context, TaskReply reply) {
  absl::StatusOr<std::optional<internal::v1::TaskData>> retried = FindRetried(context);
  if (!retried.ok()) return std::move(reply)(retried.status());
  if (retried->has_value()) return std::move(reply)(**retried);
  absl::StatusOr<internal::v1::TaskData> task = parts_.store->LoadTask(task_id);
  if (!task.ok()) return std::move(reply)(absl::IsNotFound(task.status()) ? TaskNotFound(task_id) : task.status());
  auto attempt = std::make_shared<Attempt>();
  attempt->key = {task->account_id(), task->closure_id()};
  attempt->retry = context;
  attempt->make = [reason](const internal::v1::ClosureData&) -> absl::StatusOr<Happening> {
    return RetryRequested{reason};
  };
  attempt->actor = context.actor.ToString();
  attempt->task = *std::move(task);
  attempt->done = [this, context, task_id, reply = std::move(reply)](absl::Status status) mutable {
    if (!status.ok()) return std::move(reply)(status);
    absl::StatusOr<std::optional<internal::v1::TaskData>> answer = FindRetried(context);
    if (!answer.ok()) return std::move(reply)(answer.status());
    // A task that was done or dropped meanwhile had no use for the retry, and left no record of it.
    if (!answer->has_value()) return std::move(reply)(TaskNotFound(task_id));
    std::move(reply)(**std::move(answer));
  };
  Enqueue(std::move(attempt));
}

}  // namespace closure
