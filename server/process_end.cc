// SPDX-License-Identifier: Apache-2.0
#include "server/process_end.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <new>

#include "absl/time/civil_time.h"
#include "checkers/serve/stop_signals.h"
#include "server/clock.h"
#include "server/options.h"

namespace closure {
namespace {

constexpr absl::Duration kSameSignal = absl::Seconds(1);

sigset_t StopAndReloadSignals() {
  sigset_t signals = StopSignals();
  sigaddset(&signals, SIGHUP);
  return signals;
}

// From now on a signal ends the process at once; those that came before do not.
void EndAtNextSignal() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;  // also takes away what is pending
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = [](int) { _exit(static_cast<int>(ExitCode::kTemporary)); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// Must not ask for memory itself, so there is no log here. `lack` is put into JSON as it is.
[[noreturn]] void EndFor(const char* lack) {
  const absl::CivilSecond utc = absl::ToCivilSecond(LastWallTime(), absl::UTCTimeZone());
  char line[256];
  const int size =
      std::snprintf(line, sizeof(line),
                    "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\",\"level\":\"error\",\"msg\":\"the process "
                    "ends: there is no %s left; a start goes on from the database\"}\n",
                    static_cast<int>(utc.year()), utc.month(), utc.day(), utc.hour(), utc.minute(), utc.second(), lack);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line, static_cast<size_t>(size));
  _exit(static_cast<int>(ExitCode::kOutOfResources));
}

// A std::new_handler.
[[noreturn]] void OutOfMemory() { EndFor("memory"); }

}  // namespace

void EndForLackOfThreads() { EndFor("room for another thread"); }

void BlockStopAndReloadSignals() {
  const sigset_t signals = StopAndReloadSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

ProcessSignal WaitForStopOrReload() {
  const sigset_t signals = StopAndReloadSignals();
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  return signal_number == SIGHUP ? ProcessSignal::kReload : ProcessSignal::kStop;
}

void EndWhenMemoryRunsOut() {
  // What is made at the first use is made now.
  absl::ToCivilSecond(LastWallTime(), absl::UTCTimeZone());
  std::set_new_handler(OutOfMemory);
}

HardExit::HardExit(absl::Duration limit, Log& log)
    : waiter_([this, limit, &log] {
        if (IsDoneWithin(kSameSignal)) return;
        EndAtNextSignal();
        if (IsDoneWithin(limit - kSameSignal)) return;
        log.Error("the stop took too long; ending without order, the next start goes on from the database");
        _exit(static_cast<int>(ExitCode::kTemporary));
      }) {}

bool HardExit::IsDoneWithin(absl::Duration limit) {
  absl::MutexLock lock(&mutex_);
  return over_.For(mutex_, limit, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return done_; });
}

HardExit::~HardExit() {
  {
    absl::MutexLock lock(&mutex_);
    done_ = true;
    over_.Wake();
  }
  waiter_.join();
}

}  // namespace closure
