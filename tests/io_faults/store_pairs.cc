// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/store_pairs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "fmt/format.h"

namespace closure {

std::string Write(ClosureStore& store, const simulation::RandomWrite& write) {
  std::string outcome = "not told";
  simulation::Send(store, write, [&outcome](std::string told) { outcome = std::move(told); });
  store.Drain();
  return outcome;
}

bool IsUnavailable(const std::string& outcome) {
  // How Send tells UNAVAILABLE; see InWords.
  constexpr std::string_view kUnavailable = "14";
  return outcome.substr(0, outcome.find(' ')) == kUnavailable;
}

std::string Difference(const Lines& expected, const Lines& found) {
  const auto [left, right] = std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
  if (left == expected.end() && right == found.end()) return "";
  return fmt::format("expected: {}\n   found: {}", left == expected.end() ? "nothing" : *left,
                     right == found.end() ? "nothing" : *right);
}

}  // namespace closure
