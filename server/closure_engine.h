// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_ENGINE_H_
#define CLOSURE_SERVER_CLOSURE_ENGINE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "checkers/upstreams.h"
#include "closure/config/v1/server_config.pb.h"
#include "closure/v1/closure.pb.h"
#include "closure/v1/operator_service.pb.h"
#include "server/agreements.h"
#include "server/clock.h"
#include "server/commands.h"
#include "server/decide.h"
#include "server/plugins.h"
#include "server/random_source.h"
#include "server/secret_key.h"
#include "storage/closure_store.h"

namespace closure {

// Loads a closure, lets the pure function of decide.h decide, and commits the outcome with compare-and-set: closure,
// history, items, tasks and request id in one transaction. It changes nothing outside; every outside act is a task
// (docs/ARCHITECTURE.md, "How a call changes something").
//
// Threading: every method can be called from any thread and never waits for a commit; `reply` is called exactly once,
// on a thread of the store or in the calling thread. Everything in Parts must outlive the engine, and the engine must
// outlive what it was asked for, up to the beginning of the last `reply` or `done`.
class ClosureEngine {
 public:
  struct Parts {
    ClosureStore* store = nullptr;
    const Clock* clock = nullptr;
    const SecretKey* secret_key = nullptr;
    const Agreements* agreements = nullptr;
    Upstreams upstreams;
    // Complete: every number is set.
    config::v1::Policy policy;
    std::shared_ptr<const Plugins> plugins = std::make_shared<Plugins>();
    // Complete; see above.
    config::v1::BreakerConfig breaker;
    RandomSource* random = &SystemRandom();
  };
  using Reply = absl::AnyInvocable<void(absl::StatusOr<v1::Closure>) &&>;
  using SystemReply = absl::AnyInvocable<void(absl::StatusOr<internal::v1::SystemData>) &&>;
  using TaskReply = absl::AnyInvocable<void(absl::StatusOr<internal::v1::TaskData>) &&>;

  explicit ClosureEngine(Parts parts);

  // Starts a closure: reads the account at its system, then commits.
  // Errors: as ClosureService.CreateClosure; INVALID_ARGUMENT with REQUEST_ID_REUSED.
  void Create(const std::string& account_id, v1::Channel channel, const CallContext& context, Reply reply);

  // Carries out a command. `etag` empty means any; it is checked after the replay and before the state.
  // Errors: as the RPC of the command; each with a reason of error_reason.proto.
  void Execute(const ClosureKey& key, ClosureCommand command, const std::string& etag, const CallContext& context,
               Reply reply);

  // Carries out an operator's command and answers how the system then stands.
  // Errors: FAILED_PRECONDITION with NOTHING_TO_RELEASE or SECOND_OPERATOR_REQUIRED; ABORTED with CLOCK_JUMP_CHANGED.
  void Operate(const SystemCommand& command, const CallContext& context, SystemReply reply);

  // Makes a task due now, dead-lettered ones too. Answers it as it then stands, parked where it waits for a halt that
  // lasts; a repetition gets the same answer.
  // Errors: NOT_FOUND with TASK_NOT_FOUND, also when it was done or dropped meanwhile.
  void RetryTask(int64_t task_id, const std::string& reason, const CallContext& context, TaskReply reply);

  // Makes what happened out of the closure as it stands; called again when the closure changed meanwhile.
  using HappeningMaker = std::function<absl::StatusOr<Happening>(const internal::v1::ClosureData&)>;

  // Carries the result of a task into its closure. `done` gets OK also when the result came too late to matter.
  // Errors: UNAVAILABLE when the store does not answer; the task's lease then brings it back.
  void Report(const internal::v1::TaskData& task, HappeningMaker make, ClosureStore::Done done);

  // For a task whose result cannot be decided: it is due again later, and shown as failing with `error`. Where the
  // store refuses that, or the system changes with every try, the task's lease brings it back. `done` is called when
  // that is settled.
  void GiveBack(const internal::v1::TaskData& task, const std::string& error, absl::AnyInvocable<void() &&> done);

  // Ends the look-ups of accounts that Create waits for, so that a stop need not wait for them. Later ones end at once.
  void CancelCalls() { cancel_->Cancel(); }

  // Witnesses the passing of time in the store, and raises the alarm about a jump of the clocks. To be called about
  // once a minute.
  void WitnessTime();

 private:
  // How often a decision is made again because what it rests on changed between reading and committing.
  static constexpr int kTriesMax = 50;
  // The day's identity codes of an account are counted over this.
  static constexpr absl::Duration kCodeWindow = absl::Hours(24);

  struct Attempt;
  // What an attempt comes to: a transaction with its answer, or an answer at once.
  struct Prepared {
    std::optional<Commit> commit;
    absl::StatusOr<v1::Closure> answer;
  };

  // One decision at a time is made about a closure in this process, in order of arrival, so that a thousand results of
  // one closure do not keep refusing each other; compare-and-set is for other processes.
  void Enqueue(std::shared_ptr<Attempt> attempt);
  std::shared_ptr<Attempt> Front(const ClosureKey& key);
  // Works on what waits for a closure, from the front on, until a commit is under way or nothing is left. Called by
  // whoever put the first attempt into an empty queue, and by whoever ended the one at the front; so one thread at a
  // time works on a queue.
  void Work(const ClosureKey& key);
  void Committed(const std::shared_ptr<Attempt>& attempt, absl::StatusOr<v1::Closure> answer, absl::Status status);
  // Takes the front away; answers whether somebody waits behind it.
  bool Leave(const ClosureKey& key);
  static bool IsConflict(const absl::Status& refusal);
  static absl::Status ConcurrentChange(const std::string& name);
  static absl::Status TaskNotFound(int64_t task_id);
  // Whether to decide again after a refused commit; otherwise `refusal` becomes what to answer.
  bool IsWorthAnotherTry(Attempt& attempt, absl::Status& refusal) const;
  absl::StatusOr<Prepared> Prepare(const Attempt& attempt) const;
  void Remember(const Attempt& attempt, const internal::v1::ClosureData& data, const Circumstances& circumstances,
                Prepared& prepared) const;
  absl::StatusOr<Circumstances> CircumstancesOf(const Attempt& attempt, std::optional<internal::v1::TaskData> task,
                                                const internal::v1::ClosureData& data,
                                                const Happening& happening) const;
  void CreateFrom(upstream::v1::Account account, v1::Channel channel, const CallContext& context, int tries,
                  Reply reply);
  void GiveBackOnce(const internal::v1::TaskData& task, const std::string& error, int tries,
                    absl::AnyInvocable<void() &&> done);
  // Whether the task was done or dropped.
  bool IsGone(const internal::v1::TaskData& task) const;
  void OperateOnce(const SystemCommand& command, const CallContext& context, int tries, SystemReply reply);
  absl::StatusOr<Happening> MakeHappening(const internal::v1::ClosureData& data, const ClosureCommand& command) const;
  // What every decision is told; what only some are told is left out.
  absl::StatusOr<Circumstances> MakeCircumstances(std::string actor) const;
  std::vector<std::string> NewChallengeIds() const;
  absl::StatusOr<BreakerCounts> CountBreaker(std::string_view organization_id, const TimerFired& fired,
                                             const Circumstances& circumstances) const;
  // Errors: INVALID_ARGUMENT with REQUEST_ID_REUSED.
  absl::StatusOr<std::optional<RequestRecord>> FindRecord(std::string_view account_id,
                                                          const CallContext& context) const;
  // Whether a retry still has something to do: its request id has no answer yet, and the task is there; then `task` is
  // that as it stands now.
  absl::StatusOr<bool> NeedsRetry(const Attempt& attempt, std::optional<internal::v1::TaskData>& task) const;
  absl::StatusOr<std::optional<internal::v1::TaskData>> FindRetried(const CallContext& context) const;
  absl::StatusOr<std::optional<v1::Closure>> FindReplay(std::string_view account_id, const CallContext& context) const;
  // For a creation, which does not wait in line with its repetitions: a refusal is told only where none of them was
  // carried out since; else their answer is.
  Reply UnlessCarriedOut(const std::string& account_id, const CallContext& context, Reply reply) const;

  const Parts parts_;
  absl::Mutex mutex_;
  // What waits for each closure; the front is being decided on or committed.
  std::map<ClosureKey, std::deque<std::shared_ptr<Attempt>>> queues_ ABSL_GUARDED_BY(mutex_);
  const std::shared_ptr<CancelSignal> cancel_ = std::make_shared<CancelSignal>();
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_ENGINE_H_
