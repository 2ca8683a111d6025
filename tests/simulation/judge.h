// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_JUDGE_H_
#define CLOSURE_TESTS_SIMULATION_JUDGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "closure/internal/v1/closure_data.pb.h"
#include "server/clock.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/stranger.h"

namespace closure::simulation {

// Looks at every commit, at every act in the cloud and at the books at the end, and keeps what docs/assurance.md
// promises; what is broken is told by a number of its own, as in the exploration, and in words. One thread.
class Judge {
 public:
  // All must outlive it.
  Judge(const Schedule& schedule, const Clock& clock, MemoryStore& store, Cloud& cloud, const Stranger& stranger,
        std::vector<std::string> account_ids)
      : schedule_(schedule),
        clock_(clock),
        store_(store),
        cloud_(cloud),
        stranger_(stranger),
        account_ids_(std::move(account_ids)) {}

  // To be called after every single write that the store committed.
  void OnCommit();
  // To be called after something happened in the cloud.
  void OnCloud();
  // An owner was answered this.
  void Acknowledged(const v1::Closure& closure);
  // An owner repeated a request and was answered twice.
  void Repeated(const v1::Closure& first, const v1::Closure& second);
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
    absl::Duration silent_since;
    std::int64_t scans_at_confirm = 0;
    std::int64_t acknowledged_revision = 0;
    std::size_t history = 0;
  };

  void Broken(std::string_view what, const v1::Closure& closure);
  std::vector<internal::v1::ClosureData> ClosuresOf(const std::string& account_id);
  void JudgeAlone(const internal::v1::ClosureData& data);
  void Compare(Known& known, const internal::v1::ClosureData& data);
  void JudgeMove(Known& known, const internal::v1::ClosureData& data);
  void JudgePass(const v1::Closure& closure);
  void JudgeEntry(const Known& known, const internal::v1::ClosureData& data);
  void JudgeElapse(const Known& known);
  void JudgeDeletion(const internal::v1::ClosureData& data);
  void JudgeHistory(Known& known, const internal::v1::ClosureData& data, bool moved);
  void JudgeAccount(const std::string& account_id);
  std::string TasksOf(const internal::v1::ClosureData& data);
  void JudgeEnd(const internal::v1::ClosureData& data);
  void JudgeMoney(const internal::v1::ClosureData& data, const sandbox::v1::ShowAccountResponse& account);
  void JudgeMessages(const internal::v1::ClosureData& data);

  const Schedule& schedule_;
  const Clock& clock_;
  MemoryStore& store_;
  Cloud& cloud_;
  const Stranger& stranger_;
  const std::vector<std::string> account_ids_;
  std::map<ClosureKey, Known> known_;
  std::string fault_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_JUDGE_H_
