// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_JUDGE_H_
#define CLOSURE_TESTS_SIMULATION_JUDGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "closure/internal/v1/closure_data.pb.h"
#include "server/commands.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/judge_acts.h"
#include "tests/simulation/judge_halts.h"
#include "tests/simulation/judge_notices.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/owners_will.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/standing_problems.h"
#include "tests/simulation/stranger.h"
#include "tests/simulation/vouched_clock.h"

namespace closure::simulation {

// Looks at every commit, at every act in the cloud and at the books at the end, and keeps what docs/assurance.md
// promises; what is broken is told by the names of docs/assurance.md, and in words. One thread.
class Judge {
 public:
  // All must outlive it. So many silent periods may end within an hour.
  Judge(const Schedule& schedule, const MachineClock& clock, MemoryStore& store, Cloud& cloud, const Stranger& stranger,
        std::vector<std::string> account_ids, std::int64_t hourly_limit)
      : schedule_(schedule),
        clock_(clock),
        store_(store),
        cloud_(cloud),
        stranger_(stranger),
        account_ids_(std::move(account_ids)),
        halts_(schedule, hourly_limit),
        vouched_(schedule, clock) {}

  // To be called after every single write that the store committed.
  void OnCommit();
  // To be called after something happened in the cloud.
  void OnCloud();
  // A process begins its life.
  void Started() { started_ = schedule_.now(); }
  // To be called after the wall clock of the machine was set, wrong or right again; right while the machine is off.
  void ClockSet(bool machine_off) {
    clock_jumped_ = true;
    clock_set_ = schedule_.now();
    halts_.ClockSet();
    vouched_.WasSet(machine_off);
  }
  // The service asks for an act, by its method.
  void Asked(const std::string& method, const std::string& closure);
  // An owner gives a command, before it is carried out.
  void Gave(const ClosureKey& key, const ClosureCommand& command);
  // An owner of this account was refused something.
  void Refused(const std::string& account_id, const absl::Status& status);
  // An owner was answered this.
  void Acknowledged(const v1::Closure& closure);
  // An owner's command with this etag was carried out; empty for any.
  void Answered(const v1::Closure& closure, const std::string& etag);
  // An owner asked for a new closure, with a request id of its own, and was answered.
  void Created(const std::string& request_id, const v1::Closure& closure);
  // An owner repeated a request and was answered twice.
  void Repeated(const v1::Closure& first, const v1::Closure& second);
  // The same for a request for a new closure.
  void CreatedAgain(const v1::Closure& first, const v1::Closure& second);
  // An owner repeated a request that was answered with this, and was refused.
  void RefusedAgain(const v1::Closure& first);
  // Everything came to rest, without misfortunes, for long: looks at the ends and the books.
  void AtRest();

  // The first promise that was broken, in words; empty when none was.
  const std::string& fault() const { return fault_; }
  // How many closures came to each end.
  std::map<v1::Closure::State, std::int64_t> Ends();

 private:
  // What is remembered of a closure.
  struct Known {
    internal::v1::ClosureData data;
    absl::Duration confirming_since;
    absl::Duration silent_since;
    std::int64_t scans_at_confirm = 0;
    std::int64_t acknowledged_revision = 0;
    // How many entries its history has, and the hash of the last.
    std::size_t history = 0;
    std::string last_hash;
    // When something last happened to it, and when it ended.
    absl::Duration changed;
    absl::Duration ended;
    // Its etags by the revisions that brought them.
    std::map<std::int64_t, std::string> etags;
    OwnersWill will;
  };
  // What is remembered of an account.
  struct Remembered {
    Reachable owner;
    StatesByFence states;
    // A balance or debt that was on it when it was last seen; empty when there was none.
    std::string money;
    // The account's fence when it was found deleted by another path.
    std::optional<std::int64_t> gone_at;
  };

  void SawSystem();
  // Whether a hold, a pause or a jump of the clocks forbids what cannot be taken back; and a system that cannot be
  // read.
  bool IsHalted(const v1::Closure& closure) const;
  // What is broken when something that cannot be taken back rests on the scan of this closure; empty when nothing is.
  std::string FaultOfClock(const v1::Closure& closure) const;
  // Nothing is broken when `what` is empty.
  void Broken(std::string_view what, const v1::Closure& closure);
  // Whether the request ids of a closure may have been forgotten, some time after it ended (D16).
  bool IsForgotten(const v1::Closure& closure);
  Known& KnownOf(const v1::Closure& closure);
  std::vector<internal::v1::ClosureData> ClosuresOf(const std::string& account_id);
  void JudgeChange(const ClosureKey& key);
  void JudgeAlone(const internal::v1::ClosureData& data);
  void Compare(Known& known, const internal::v1::ClosureData& data);
  // Why it moved, in the words of its history, behind a colon; empty where that says nothing.
  std::string NewestDetail(const internal::v1::ClosureData& data) const;
  void JudgeMove(Known& known, const internal::v1::ClosureData& data);
  void JudgePass(const v1::Closure& closure);
  void JudgeEntry(const Known& known, const internal::v1::ClosureData& data);
  void JudgeElapse(const Known& known);
  void JudgeDeletion(const internal::v1::ClosureData& data);
  void JudgeHistory(Known& known, const internal::v1::ClosureData& data, bool moved);
  void JudgeOldHistory(const Known& known);
  void JudgeStandstills();
  std::vector<internal::v1::TaskData> TasksOf(const internal::v1::ClosureData& data);
  void Remember(const std::string& account_id, const sandbox::v1::ShowAccountResponse& account);
  void JudgeAccount(const std::string& account_id);
  std::string WordsOfTasks(const internal::v1::ClosureData& data);
  void JudgeAccountAtRest(const std::string& account_id);
  void JudgeEnd(const internal::v1::ClosureData& data);
  void JudgeMoney(const internal::v1::ClosureData& data, const sandbox::v1::ShowAccountResponse& account);

  const Schedule& schedule_;
  const MachineClock& clock_;
  MemoryStore& store_;
  Cloud& cloud_;
  const Stranger& stranger_;
  const std::vector<std::string> account_ids_;
  HaltJudge halts_;
  StandingProblems problems_;
  std::map<ClosureKey, Known> known_;
  std::map<std::string, Remembered> accounts_;
  // Which request a closure was made for.
  std::map<std::string, std::string> requests_;
  VouchedClock vouched_;
  absl::Duration started_;
  absl::Duration clock_set_;
  bool clock_jumped_ = false;
  std::string fault_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_JUDGE_H_
