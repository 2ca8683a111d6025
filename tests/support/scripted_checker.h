// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SCRIPTED_CHECKER_H_
#define CLOSURE_TESTS_SUPPORT_SCRIPTED_CHECKER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "checkers/checker.h"
#include "checkers/proto_time.h"

// Checkers of a test's own, for a running server.
namespace closure {

// A checker that does with each question what a function says; it releases nothing.
class ScriptedChecker final : public Checker {
 public:
  using Behaviour = std::function<void(const v1::CheckRequest&, const CallOptions&, CheckDone)>;

  ScriptedChecker(const std::string& name, Behaviour behaviour,
                  const std::vector<v1::CheckPhase>& phases = {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL})
      : behaviour_(std::move(behaviour)) {
    description_.set_name(name);
    description_.set_version("3.1");
    for (const v1::CheckPhase phase : phases) description_.add_phases(phase);
  }

  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override {
    behaviour_(request, options, std::move(done));
  }
  void Discard(const v1::DiscardRequest&, const CallOptions&, DiscardDone done) override {
    std::move(done)(absl::UnimplementedError("it releases nothing"));
  }

 private:
  v1::CheckerDescription description_;
  const Behaviour behaviour_;
};

// An item that is as it should be.
inline v1::ReportedItem SoundItem(const std::string& native_id) {
  v1::ReportedItem item;
  item.set_native_id(native_id);
  item.set_kind(v1::OTHER_ITEM);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("vault/safe");
  item.set_display_name("Safe " + native_id);
  item.set_why("The safe is not empty.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Empty the safe, then recheck.");
  item.set_process_uri("https://console.example.com/vault");
  return item;
}

// Answers every question with these items, at once.
inline ScriptedChecker::Behaviour Reports(std::vector<v1::ReportedItem> items) {
  return [items = std::move(items)](const v1::CheckRequest& request, const CallOptions&, Checker::CheckDone done) {
    std::move(done)(CheckAnswer{.items = items, .as_of = FromProto(request.check_time())});
  };
}

// Holds the questions about one account until the test lets them go; then it finds nothing. Questions about other
// accounts are answered at once. Thread-safe; shared with the checker that it is the behaviour of.
class QuestionHold : public std::enable_shared_from_this<QuestionHold> {
 public:
  explicit QuestionHold(std::string account_id) : account_id_(std::move(account_id)) {}

  ScriptedChecker::Behaviour behaviour() {
    return
        [hold = shared_from_this()](const v1::CheckRequest& request, const CallOptions& options,
                                    Checker::CheckDone done) { hold->OnQuestion(request, options, std::move(done)); };
  }

  // Whether a question is held, after waiting for one as long as calls take at most.
  bool WaitForQuestion() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(this, &QuestionHold::HasQuestion), kPatience);
  }
  // Whether the asker of a held question gave up, after waiting for that.
  bool WaitForCancel() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), kPatience);
  }
  // Answers what is held, and from now on every question at once.
  void LetGo() {
    std::vector<std::pair<absl::Time, Checker::CheckDone>> held;
    {
      absl::MutexLock lock(&mutex_);
      holding_ = false;
      held.swap(held_);
    }
    for (auto& [check_time, done] : held) std::move(done)(CheckAnswer{.items = {}, .as_of = check_time});
  }

 private:
  static constexpr absl::Duration kPatience = absl::Seconds(30);

  bool HasQuestion() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !held_.empty(); }

  void OnQuestion(const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
    const absl::Time check_time = FromProto(request.check_time());
    {
      absl::MutexLock lock(&mutex_);
      if (holding_ && request.account_id() == account_id_) {
        held_.emplace_back(check_time, std::move(done));
        done = nullptr;
      }
    }
    if (done != nullptr) return std::move(done)(CheckAnswer{.items = {}, .as_of = check_time});
    if (options.cancel == nullptr) return;
    options.cancel->OnCancel([weak = weak_from_this()] {
      if (const auto hold = weak.lock()) hold->OnCancel();
    });
  }

  void OnCancel() {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  }

  const std::string account_id_;
  absl::Mutex mutex_;
  bool holding_ ABSL_GUARDED_BY(mutex_) = true;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::pair<absl::Time, Checker::CheckDone>> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SCRIPTED_CHECKER_H_
