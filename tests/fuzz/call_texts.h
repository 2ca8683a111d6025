// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_FUZZ_CALL_TEXTS_H_
#define CLOSURE_TESTS_FUZZ_CALL_TEXTS_H_

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

// Inputs that are one or more calls, with a line "---" between them.
namespace closure::fuzz {

inline constexpr char kBetweenCalls[] = "\n---\n";
// So many of an input are made.
inline constexpr std::size_t kCallsMax = 8;

inline std::vector<std::string> SplitCalls(std::string_view input) {
  return absl::StrSplit(std::string(input), kBetweenCalls);
}

// The input with this call behind the others, or in the place of one; empty where that is longer than `size_max`.
inline std::string WithCall(std::vector<std::string> calls, std::string call, std::size_t size_max,
                            std::mt19937& random) {
  if (random() % 4 == 0) {
    calls.push_back(std::move(call));
  } else {
    calls[random() % calls.size()] = std::move(call);
  }
  std::string made = absl::StrJoin(calls, kBetweenCalls);
  return made.size() <= size_max ? made : "";
}

}  // namespace closure::fuzz

#endif  // CLOSURE_TESTS_FUZZ_CALL_TEXTS_H_
