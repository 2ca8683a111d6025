// SPDX-License-Identifier: Apache-2.0
#include "protos/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string>

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "fmt/format.h"

namespace closure {
namespace {

// What the environment asks for; written once, before `armed`.
struct Orders {
  std::string place;
  int64_t count = 0;
  int trace = -1;
};

std::atomic<bool> armed{false};
Orders orders;
ABSL_CONST_INIT absl::Mutex mutex(absl::kConstInit);

// How often each place was reached, this time included.
int64_t CountReached(const std::string& place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
  static auto& counts = *new std::map<std::string, int64_t>();
  return ++counts[place];
}

[[noreturn]] void KillThisProcess() {
  kill(getpid(), SIGKILL);
  for (;;) pause();  // until the signal has arrived
}

absl::Status ReadPlace(std::string_view order) {
  const std::size_t at = order.rfind('@');
  if (at == std::string_view::npos || at == 0 ||
      !absl::SimpleAtoi(absl::string_view(order.data() + at + 1, order.size() - at - 1), &orders.count) ||
      orders.count < 1) {
    return absl::InvalidArgumentError(
        fmt::format("{}: \"{}\" is not NAME@COUNT, such as commit.durable@3", kFailpointVariable, order));
  }
  orders.place = std::string(order.substr(0, at));
  // With a name that nothing has, a test would survive a crash that never came.
  const std::string_view name = order.substr(0, std::min(order.find(':'), at));
  if (std::find(std::begin(kFailpoints), std::end(kFailpoints), name) != std::end(kFailpoints)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: there is no place \"{}\"; there are {}", kFailpointVariable, name,
                                                fmt::join(kFailpoints, ", ")));
}

}  // namespace

bool AreFailpointsAsked() {
  return std::getenv(kFailpointVariable) != nullptr || std::getenv(kFailpointTraceVariable) != nullptr;
}

absl::Status ArmFailpoints() {
  if (const char* const order = std::getenv(kFailpointVariable); order != nullptr) {
    if (absl::Status read = ReadPlace(order); !read.ok()) return read;
  }
  if (const char* const path = std::getenv(kFailpointTraceVariable); path != nullptr) {
    orders.trace = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (orders.trace < 0) {
      return absl::UnavailableError(
          fmt::format("{}: cannot write {}: {}", kFailpointTraceVariable, path, std::strerror(errno)));
    }
  }
  armed = AreFailpointsAsked();
  return absl::OkStatus();
}

void Failpoint(std::string_view name, std::string_view detail) {
  if (!armed.load(std::memory_order_relaxed)) return;
  const std::string place = detail.empty() ? std::string(name) : fmt::format("{}:{}", name, detail);
  absl::MutexLock lock(&mutex);
  const int64_t count = CountReached(place);
  if (orders.trace >= 0) {
    const std::string line = place + "\n";
    // A line that cannot be written is missed by the test that reads the trace.
    [[maybe_unused]] const ssize_t written = write(orders.trace, line.data(), line.size());
  }
  if (place == orders.place && count == orders.count) KillThisProcess();
}

}  // namespace closure
