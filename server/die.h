// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_DIE_H_
#define CLOSURE_SERVER_DIE_H_

#include <string_view>

namespace closure {

class Log;

// Ends the process at once because going on would do harm: says why as an error of the log, or in plain text on
// standard error where there is no log (yet). Not to be called from a log's sink or clock. Thread-safe.
[[noreturn]] void Die(std::string_view why);

// The same for what cannot be, whatever anybody outside does: a fault of this program. `what` is the condition.
[[noreturn]] void Impossible(std::string_view what);

// While it lives, Die speaks through this log. One at a time; made and destroyed in one thread; the log outlives it.
class DyingWords {
 public:
  explicit DyingWords(Log& log);
  DyingWords(const DyingWords&) = delete;
  DyingWords& operator=(const DyingWords&) = delete;
  ~DyingWords();
};

}  // namespace closure

#endif  // CLOSURE_SERVER_DIE_H_
