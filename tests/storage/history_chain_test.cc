// SPDX-License-Identifier: Apache-2.0
#include "storage/history_chain.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <functional>

#include "tests/storage/conformance.h"

namespace closure {
namespace {

constexpr std::string_view kName = "accounts/1001/closures/c1";

std::vector<v1::Transition> History() {
  const v1::Closure::State states[] = {v1::Closure::STATE_UNSPECIFIED, v1::Closure::IDENTITY_PENDING,
                                       v1::Closure::AGREEMENT_PENDING, v1::Closure::CHECKING, v1::Closure::BLOCKED};
  std::vector<v1::Transition> history;
  std::string previous = FirstPreviousHash();
  for (int number = 1; number <= 4; ++number) {
    const HistoryEntry entry{.from_state = states[number - 1],
                             .to_state = states[number],
                             .event = "event",
                             .actor = "root:1001",
                             .detail = "détail",
                             .time = kNow + absl::Seconds(number) + absl::Microseconds(7)};
    v1::Transition& transition = history.emplace_back();
    transition.set_name(fmt::format("{}/transitions/{}", kName, number));
    transition.set_from_state(entry.from_state);
    transition.set_to_state(entry.to_state);
    transition.set_event(entry.event);
    transition.set_actor(entry.actor);
    transition.set_detail(entry.detail);
    *transition.mutable_create_time() = TimestampOf(entry.time);
    transition.set_previous_hash(previous);
    previous = HashEntry(previous, entry, number, kName);
    transition.set_hash(previous);
  }
  return history;
}

// Gives the entry a hash that fits its content, as a forger would who knows how.
void Rehash(v1::Transition& transition, int64_t number) {
  const HistoryEntry entry{.from_state = transition.from_state(),
                           .to_state = transition.to_state(),
                           .event = transition.event(),
                           .actor = transition.actor(),
                           .detail = transition.detail(),
                           .time = absl::FromUnixSeconds(transition.create_time().seconds()) +
                                   absl::Nanoseconds(transition.create_time().nanos())};
  transition.set_hash(HashEntry(transition.previous_hash(), entry, number, kName));
}

TEST_CASE("a history that nobody touched is sound", "[storage][history_chain][S13]") {
  CHECK(VerifyChain(History(), kName).ok());
  CHECK(VerifyChain({}, kName).ok());
}

TEST_CASE("the hash of an entry is what docs/record.md says", "[storage][history_chain][S13]") {
  // Computed outside of this program, from the page alone.
  const HistoryEntry entry{.to_state = v1::Closure::IDENTITY_PENDING,
                           .event = "create",
                           .actor = "root:1001",
                           .detail = "",
                           .time = absl::FromUnixSeconds(1'800'000'000) + absl::Microseconds(250)};
  CHECK(HashEntry(FirstPreviousHash(), entry, 1, kName) ==
        "bbbcc2644c5c9b1e6dc90f22c8a4a4dfa33531c10d092311c8c12ac015b20c2f");
}

TEST_CASE("every edit of a history is found, at the entry where it is", "[storage][history_chain][S13]") {
  using Edit = std::function<void(std::vector<v1::Transition>&)>;
  const auto [what, edit] = GENERATE(table<std::string, Edit>({
      {"event", [](auto& history) { history[1].set_event("Event"); }},
      {"actor", [](auto& history) { history[1].set_actor("root:1002"); }},
      {"detail", [](auto& history) { history[1].set_detail(""); }},
      {"text moved between fields",
       [](auto& history) {
         history[1].set_actor("root:1001d");
         history[1].set_detail("étail");
       }},
      {"time", [](auto& history) { history[1].mutable_create_time()->set_nanos(8'000); }},
      {"from_state", [](auto& history) { history[1].set_from_state(v1::Closure::READY); }},
      {"to_state", [](auto& history) { history[1].set_to_state(v1::Closure::READY); }},
      {"hash", [](auto& history) { history[1].set_hash(history[0].hash()); }},
      {"previous_hash", [](auto& history) { history[1].set_previous_hash(FirstPreviousHash()); }},
      {"name", [](auto& history) { history[1].set_name("accounts/1002/closures/c1/transitions/2"); }},
      {"removed", [](auto& history) { history.erase(history.begin() + 1); }},
      {"repeated", [](auto& history) { history.insert(history.begin() + 1, history[0]); }},
      {"swapped", [](auto& history) { std::swap(history[1], history[2]); }},
  }));
  std::vector<v1::Transition> history = History();
  edit(history);
  INFO(what);
  const absl::Status status = VerifyChain(history, kName);
  CHECK(absl::IsDataLoss(status));
  CHECK(std::string(status.message()).find("history of accounts/1001/closures/c1: entry 2: ") == 0);
}

TEST_CASE("an edit with a fitting hash is found at the entry behind it", "[storage][history_chain][S13]") {
  std::vector<v1::Transition> history = History();
  history[1].set_actor("operator:mallory");
  Rehash(history[1], 2);
  const absl::Status status = VerifyChain(history, kName);
  CHECK(absl::IsDataLoss(status));
  CHECK(std::string(status.message()).find("entry 3: its previous_hash") != std::string::npos);
}

TEST_CASE("a last entry that does not go on from the one before is found, whatever its hash",
          "[storage][history_chain][S13]") {
  std::vector<v1::Transition> history = History();
  const auto last = static_cast<int64_t>(history.size());
  history.back().set_from_state(v1::Closure::CLOSED);
  Rehash(history.back(), last);
  const absl::Status status = VerifyChain(history, kName);
  CHECK(absl::IsDataLoss(status));
  CHECK(std::string(status.message()).find(fmt::format("entry {}: its from_state", last)) != std::string::npos);
}

TEST_CASE("a history does not pass for that of another closure", "[storage][history_chain][S13]") {
  std::vector<v1::Transition> history = History();
  for (size_t index = 0; index < history.size(); ++index) {
    history[index].set_name(fmt::format("accounts/1001/closures/c2/transitions/{}", index + 1));
  }
  CHECK(absl::IsDataLoss(VerifyChain(history, "accounts/1001/closures/c2")));
}

}  // namespace
}  // namespace closure
