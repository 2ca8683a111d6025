// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_STRANGER_H_
#define CLOSURE_TESTS_SIMULATION_STRANGER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "checkers/checker.h"
#include "closure/v1/closure.pb.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// A checker that other people wrote, and wrote badly: it is slow, dead, wrong, it lies, floods, and answers what no
// checker may answer. It remembers what it said when, so that no pass can rest on anything else. It lives through every
// crash of the service. One thread.
class Stranger {
 public:
  static constexpr char kName[] = "stranger";
  // Asked with this; above it an answer is too much.
  static constexpr int kItemsMax = 3;

  // Both must outlive it.
  Stranger(Schedule& schedule, Dice& dice) : schedule_(schedule), dice_(dice) {}

  // How often it does not do as it should.
  double mischief = 0;
  // How many of its calls it did not do as it should in.
  std::int64_t mischiefs() const { return mischiefs_; }

  // The checker for one life of the service.
  std::shared_ptr<Checker> CheckerFor(Life life);

  // Whether it said, soundly and in time, that nothing stands in the way of this closure, in the answer that `result`
  // speaks of.
  bool SaidNothing(std::string_view closure_name, const v1::CheckerResult& result) const;

  // When it was asked, at the same moment as every other checker, for the answers that the last scan of this closure
  // rests on; nothing where it was not.
  std::optional<absl::Duration> AskedFor(const v1::Closure& closure) const;

 private:
  class Asked;
  // What became of one call.
  enum class Said { kNothing, kItems, kNoAnswer };

  void Answer(Life life, const v1::CheckRequest& request, absl::Duration timeout, Checker::CheckDone done);
  void Say(Life life, absl::Duration delay, const v1::CheckRequest& request, absl::StatusOr<CheckAnswer> answer,
           Said said, Checker::CheckDone done);
  // An answer that breaks the contract of checker_service.proto in one way.
  CheckAnswer Malformed(const v1::CheckRequest& request);

  Schedule& schedule_;
  Dice& dice_;
  std::int64_t mischiefs_ = 0;
  // By closure, and by as of when the facts are.
  std::map<std::pair<std::string, absl::Time>, Said> said_;
  // The time that had truly passed when it was asked, likewise.
  std::map<std::pair<std::string, absl::Time>, absl::Duration> asked_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_STRANGER_H_
