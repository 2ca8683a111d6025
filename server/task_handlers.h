// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TASK_HANDLERS_H_
#define CLOSURE_SERVER_TASK_HANDLERS_H_

#include <functional>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "checkers/call_options.h"
#include "checkers/upstreams.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "server/clock.h"
#include "server/closure_engine.h"
#include "server/plugins.h"
#include "server/random_source.h"
#include "server/secret_key.h"
#include "storage/closure_store.h"

namespace closure {

// Does what each kind of task is for: the outside act, then the report of its result to the engine. Everything outside
// happens here and nowhere else.
//
// Threading: Run never blocks and can be called from any thread. Everything in Parts must outlive the handlers and what
// they started.
class TaskHandlers {
 public:
  struct Parts {
    ClosureStore* store = nullptr;
    const Clock* clock = nullptr;
    const SecretKey* secret_key = nullptr;
    ClosureEngine* engine = nullptr;
    Upstreams upstreams;
    std::shared_ptr<const Plugins> plugins = std::make_shared<Plugins>();
    // Ends every call under way; results are then not reported, and the tasks' leases bring them back.
    std::shared_ptr<CancelSignal> cancel;
    // Called with the task and why, when a try of it failed. For logs; may be empty.
    std::function<void(const internal::v1::TaskData&, std::string_view)> on_failure;
    // Called with the scan's task and what is known of a checker that did not answer. For logs; may be empty.
    std::function<void(const internal::v1::TaskData&, const v1::CheckerResult&)> on_silence;
    RandomSource* random = &SystemRandom();
  };
  // Called exactly once, when the task's result is committed or cannot be.
  using Done = absl::AnyInvocable<void() &&>;

  explicit TaskHandlers(Parts parts);

  void Run(const internal::v1::TaskData& task, Done done) const;

 private:
  void RunScan(const internal::v1::TaskData& task, internal::v1::ClosureData data, Done done) const;
  void AskCheckers(const internal::v1::TaskData& task, const internal::v1::ClosureData& data, Done done) const;
  void RunDiscard(const internal::v1::TaskData& task, const internal::v1::ClosureData& data, Done done) const;
  void RunParticipant(const internal::v1::TaskData& task, const internal::v1::ClosureData& data, Done done) const;
  // A participant says that the account was deleted by another path; only its own system is believed (D17).
  void CheckThatGone(const internal::v1::TaskData& task, v1::PerformResponse response, Done done) const;
  void RunMessage(const internal::v1::TaskData& task, const internal::v1::ClosureData& data, Done done) const;
  void SendMessage(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                   const std::string& address, Done done) const;
  void RunSilentPeriodEnd(const internal::v1::TaskData& task, const internal::v1::ClosureData& data, Done done) const;
  void RunExpiry(const internal::v1::TaskData& task, Done done) const;
  void RunErasure(const internal::v1::TaskData& task, const internal::v1::ClosureData& data, Done done) const;
  void RunDiscardDeadline(const internal::v1::TaskData& task, Done done) const;

  bool MustWait(const internal::v1::TaskData& task, const internal::v1::ClosureData& data) const;
  CallOptions OptionsFor(absl::Duration timeout) const;
  void Report(const internal::v1::TaskData& task, Happening happening, Done done) const;
  void ReportMade(const internal::v1::TaskData& task, ClosureEngine::HappeningMaker make, Done done) const;
  void ReportFailure(const internal::v1::TaskData& task, std::string_view error, Done done) const;

  const Parts parts_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_TASK_HANDLERS_H_
