// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_ENVIRONMENT_H_
#define CLOSURE_CLIENT_CLOSURECTL_ENVIRONMENT_H_

#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace closure {

// What a run of closurectl sees of the world around it; tests give it streams and clocks of their own. The streams must
// outlive it.
struct Environment {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_tty = false;
  bool out_is_tty = false;
  bool err_is_tty = false;
  // How many cells a line of the terminal has; 0 where that is not known.
  size_t columns = 0;
  // The value of an environment variable; nothing when it is not set.
  std::function<std::optional<std::string>(const std::string&)> variable;
  // Lets time pass before a broken watch is resumed.
  std::function<void(absl::Duration)> pause;
  // The wall clock.
  std::function<absl::Time()> now;
  // A clock that only ever moves forward, from any beginning.
  std::function<absl::Duration()> elapsed;
  // Takes the command line that goes on where the run stands, for whoever ends the run from outside; may be empty.
  std::function<void(const std::string&)> on_resume_command;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ENVIRONMENT_H_
