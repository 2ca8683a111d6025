// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_SCHEDULE_H_
#define CLOSURE_TESTS_SIMULATION_SCHEDULE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "fmt/format.h"

namespace closure::simulation {

// Random numbers that are the same everywhere for the same seed; the distributions of the standard library are not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_(seed) {}

  std::mt19937_64& generator() { return generator_; }
  // From 0 up to, and without, `end`; `end` is at least 1.
  std::uint64_t Below(std::uint64_t end) { return generator_() % end; }
  bool Chance(double probability) {
    constexpr std::uint64_t kParts = 1'000'000;
    return Below(kParts) < static_cast<std::uint64_t>(probability * static_cast<double>(kParts));
  }
  // From `least` up to, and without, `most`, to the microsecond.
  absl::Duration Between(absl::Duration least, absl::Duration most) {
    const auto span = static_cast<std::uint64_t>(absl::ToInt64Microseconds(most - least));
    return least + absl::Microseconds(static_cast<std::int64_t>(Below(span)));
  }

 private:
  std::mt19937_64 generator_;
};

// Who an event belongs to: the world outside, or one life of the service's process.
using Life = std::int64_t;
inline constexpr Life kWorld = 0;

// What is to happen, and the true time, which moves from one event to the next. One thread; nothing waits. Events of
// one moment happen in the order in which they were asked for.
class Schedule {
 public:
  using Event = absl::AnyInvocable<void() &&>;
  // Names an event that has not happened yet.
  using Ticket = std::pair<absl::Duration, std::int64_t>;

  // Given what happens, a line each, with the time; may be empty.
  std::function<void(const std::string&)> trace;

  // The time that truly passed since the beginning.
  absl::Duration now() const { return now_; }
  // Tells the trace what happens now; put in words only where there is one.
  template <typename... Parts>
  void Tell(fmt::format_string<Parts...> what, Parts&&... parts) const {
    if (trace)
      trace(fmt::format("{} {}", absl::FormatDuration(now_), fmt::format(what, std::forward<Parts>(parts)...)));
  }

  Ticket After(absl::Duration delay, Life life, Event event);
  // Destroys an event uncalled; nothing happens when it is over.
  void Cancel(const Ticket& ticket) { events_.erase(ticket); }
  // Lets an event happen now instead of later; nothing happens when it is over. The ticket is void after this.
  void Hurry(const Ticket& ticket);
  // A process died: its events never happen, and are destroyed.
  void End(Life life);

  bool empty() const { return events_.empty(); }
  // Goes on to the next event and lets it happen. There must be one.
  void RunNext();

 private:
  struct Entry {
    Life life;
    Event event;
  };

  absl::Duration now_;
  std::int64_t last_number_ = 0;
  std::map<Ticket, Entry> events_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_SCHEDULE_H_
