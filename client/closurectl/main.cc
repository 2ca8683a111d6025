// SPDX-License-Identifier: Apache-2.0
// closurectl: the command line client. Everything but the process itself is in run.cc.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/closurectl/environment.h"
#include "client/closurectl/exit_code.h"
#include "client/closurectl/run.h"

namespace {

// What is said at Ctrl-C; null as long as there is nothing to go on with.
std::atomic<const std::string*> last_words = nullptr;
static_assert(std::atomic<const std::string*>::is_always_lock_free);

// Ends at once: nothing here has to be undone, and a call that was sent is settled by the server. Only what a signal
// handler may do is done, so the words are ready and never freed.
extern "C" void OnInterrupt(int) {
  const std::string* words = last_words.load();
  const bool said = words == nullptr || write(STDERR_FILENO, words->data(), words->size()) >= 0;
  static_cast<void>(said);
  _exit(static_cast<int>(closure::ExitCode::kInterrupted));
}

// Keeps what is said at Ctrl-C for as long as the process lives.
void SetLastWords(const std::string& command) {
  static auto& kept = *new std::deque<std::string>;
  kept.push_back("\nto go on where it stands: " + command + "\n");
  last_words.store(&kept.back());
}

// How wide the terminal is on which the data or the messages are shown; 0 where neither is on one.
size_t TerminalColumns() {
  winsize size{};
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(stream) == 1 && ioctl(stream, TIOCGWINSZ, &size) == 0) return size.ws_col;
  }
  return 0;
}

// A stream that the caller closed is taken, so that no socket gets its number; writing to it still fails.
void TakeClosedStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1) open("/dev/null", O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  TakeClosedStreams();
  // Where the caller ignores Ctrl-C, as nohup and scripts do for what runs on without them, so does this program.
  if (std::signal(SIGINT, SIG_IGN) != SIG_IGN) std::signal(SIGINT, OnInterrupt);
  std::signal(SIGPIPE, SIG_IGN);
  closure::Environment environment{.in = std::cin, .out = std::cout, .err = std::cerr};
  environment.in_is_tty = isatty(STDIN_FILENO) == 1;
  environment.out_is_tty = isatty(STDOUT_FILENO) == 1;
  environment.err_is_tty = isatty(STDERR_FILENO) == 1;
  environment.columns = TerminalColumns();
  environment.on_resume_command = SetLastWords;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  environment.pause = [](absl::Duration span) { absl::SleepFor(span); };
  environment.now = [] { return absl::Now(); };
  environment.elapsed = [] { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); };
  return closure::Run(std::vector<std::string>(argv + 1, argv + argc), environment);
}
