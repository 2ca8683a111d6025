// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_CLIENT_RUN_CLOSURECTL_H_
#define CLOSURE_TESTS_CLIENT_RUN_CLOSURECTL_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace closure {

// Who runs closurectl, and where.
struct Terminal {
  // What is typed; only read where input is a terminal, or by `sandbox load -`.
  std::string input;
  // Whether input, data and messages are a terminal.
  bool tty = false;
  // How wide it is; 0 when it does not tell.
  size_t columns = 0;
  std::map<std::string, std::string> variables;
  // How many bytes of data arrive before the reader goes away.
  size_t output_max = std::string::npos;
};

// What a run left behind.
struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
  // What a run that is ended from outside would say how to go on.
  std::string resume_command;
};

// Runs closurectl in this process. Time passes only when it pauses, then at once.
Outcome RunClosurectl(const std::vector<std::string>& arguments, const Terminal& terminal = {});

}  // namespace closure

#endif  // CLOSURE_TESTS_CLIENT_RUN_CLOSURECTL_H_
