// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/schedule.h"

#include <algorithm>
#include <vector>

namespace closure::simulation {

Schedule::Ticket Schedule::After(absl::Duration delay, Life life, Event event) {
  const Ticket ticket(now_ + std::max(delay, absl::ZeroDuration()), ++last_number_);
  events_.emplace(ticket, Entry{life, std::move(event)});
  return ticket;
}

void Schedule::Hurry(const Ticket& ticket) {
  auto event = events_.extract(ticket);
  if (event.empty()) return;
  event.key() = Ticket(now_, ++last_number_);
  events_.insert(std::move(event));
}

void Schedule::End(Life life) {
  // Kept until the end, because what an event owns may reach for the schedule when it goes.
  std::vector<Entry> dead;
  for (auto entry = events_.begin(); entry != events_.end();) {
    if (entry->second.life != life) {
      ++entry;
      continue;
    }
    dead.push_back(std::move(entry->second));
    entry = events_.erase(entry);
  }
}

void Schedule::RunNext() {
  auto next = events_.extract(events_.begin());
  now_ = next.key().first;
  std::move(next.mapped().event)();
}

}  // namespace closure::simulation
