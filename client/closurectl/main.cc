// SPDX-License-Identifier: Apache-2.0
// closurectl: the command line client. Everything but the process itself is in run.cc.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/closurectl/environment.h"
#include "client/closurectl/exit_code.h"
#include "client/closurectl/run.h"

namespace {

// Ends at once, without a word: nothing here has to be undone, and a call that was sent is settled by the server.
extern "C" void OnInterrupt(int) { _exit(static_cast<int>(closure::ExitCode::kInterrupted)); }

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGPIPE, SIG_IGN);
  closure::Environment environment{.in = std::cin, .out = std::cout, .err = std::cerr};
  environment.in_is_tty = isatty(STDIN_FILENO) == 1;
  environment.out_is_tty = isatty(STDOUT_FILENO) == 1;
  environment.err_is_tty = isatty(STDERR_FILENO) == 1;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  environment.pause = [](absl::Duration span) { absl::SleepFor(span); };
  environment.elapsed = [] { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); };
  return closure::Run(std::vector<std::string>(argv + 1, argv + argc), environment);
}
