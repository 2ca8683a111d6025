// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_STANDING_PROBLEMS_H_
#define CLOSURE_TESTS_SIMULATION_STANDING_PROBLEMS_H_

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"

namespace closure::simulation {

// Knows what stands in the way of closing each account by the true facts of the cloud, apart from balance and debt, and
// since when. What the cloud lets come up at any time may come after the questions that a decision rests on, and nobody
// can know of it then; what stood when they were asked and stands when the decision is committed was there to be seen
// all the while, whatever the checkers said. What the cloud does not let come up any more (S7, S10) may not be there at
// all. Times are those that truly passed since the beginning. What it answers is broken, in words; empty when nothing
// is. One thread.
class StandingProblems {
 public:
  // What an account that is not deleted has at this time, which is the day `date`: truly, or by a clock that an
  // operator vouched for. The service's clock may be a minute ahead of it. To be called after everything that happens
  // in the cloud, and whenever an operator vouches.
  void Saw(const sandbox::v1::CloudAccount& account, absl::Duration now, absl::Time date);

  // A silent period begins after a check whose questions were asked at this time (R20, R21, R30, R33 to R37, R39).
  std::string FaultOfEntry(const std::string& account_id, std::optional<absl::Duration> asked) const;
  // A deletion begins, likewise (S10). Billing is sealed, so no bill, charge or credit note can come, and resources are
  // frozen, so no instance can.
  std::string FaultOfDeletion(const std::string& account_id, std::optional<absl::Duration> asked) const;

 private:
  struct Problem {
    // Whose number it is.
    std::string requirement;
    // Whether it cannot come up any more once the final check asks.
    bool shut_out = false;
    absl::Duration since;
  };
  // By what they are, in words.
  using Problems = std::map<std::string, Problem>;

  static Problems ProblemsOf(const sandbox::v1::CloudAccount& account, absl::Duration now, absl::Time date);
  std::string FaultOfCheck(const std::string& account_id, std::optional<absl::Duration> asked,
                           const std::string& what) const;

  std::map<std::string, Problems> accounts_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_STANDING_PROBLEMS_H_
