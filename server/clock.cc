// SPDX-License-Identifier: Apache-2.0
#include "server/clock.h"

#include <time.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace closure {
namespace {

absl::Duration BootTime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

constexpr char kBootIdFile[] = "/proc/sys/kernel/random/boot_id";

std::string ReadBootId() {
  std::ifstream file(kBootIdFile);
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace

absl::Status CheckClock(const Clock& clock) {
  if (!clock.Read().boot_id.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("clock: ", kBootIdFile,
                   " cannot be read or is empty, so that no time could be trusted over a restart; "
                   "let the server see it, for example with ProcSubset=all in its systemd unit, then start again"));
}

absl::Time LastWallTime() { return absl::Now(); }

SystemClock::SystemClock() : boot_id_(ReadBootId()) {}

ClockReading SystemClock::Read() const {
  // Whole microseconds, because that is what the store keeps.
  return {absl::FromUnixMicros(absl::ToUnixMicros(absl::Now())), BootTime(), boot_id_};
}

void SystemClock::OnMoved(std::function<void()> /*moved*/) {}

DevClock::DevClock(absl::Duration offset) : offset_(offset) {}

ClockReading DevClock::Read() const {
  absl::MutexLock lock(&mutex_);
  ClockReading reading = system_.Read();
  reading.wall += offset_;
  reading.boot_time += offset_;
  return reading;
}

void DevClock::OnMoved(std::function<void()> moved) {
  absl::MutexLock lock(&mutex_);
  moved_.push_back(std::move(moved));
}

absl::Duration DevClock::Advance(absl::Duration by) {
  std::vector<std::function<void()>> listeners;
  absl::Duration offset;
  {
    absl::MutexLock lock(&mutex_);
    offset_ += by;
    offset = offset_;
    listeners = moved_;
  }
  for (const auto& listener : listeners) listener();
  return offset;
}

}  // namespace closure
