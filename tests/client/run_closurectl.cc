// SPDX-License-Identifier: Apache-2.0
#include "tests/client/run_closurectl.h"

#include <sstream>

#include "client/closurectl/environment.h"
#include "client/closurectl/run.h"

namespace closure {

Outcome RunClosurectl(const std::vector<std::string>& arguments, const Terminal& terminal) {
  std::istringstream in(terminal.input);
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{.in = in, .out = out, .err = err};
  environment.in_is_tty = environment.out_is_tty = environment.err_is_tty = terminal.tty;
  environment.variable = [&terminal](const std::string& name) -> std::optional<std::string> {
    const auto found = terminal.variables.find(name);
    if (found == terminal.variables.end()) return std::nullopt;
    return found->second;
  };
  absl::Duration now;
  environment.pause = [&now](absl::Duration span) { now += span; };
  environment.elapsed = [&now] { return now; };
  Outcome outcome;
  outcome.code = Run(arguments, environment);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

}  // namespace closure
