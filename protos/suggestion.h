// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_SUGGESTION_H_
#define CLOSURE_PROTOS_SUGGESTION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What a misspelt word most likely meant. Every room needs it and none may include another, so it stands with the
// protos (ADR 11). Pure.
namespace closure {

// How many letters have to be changed, added, left out or swapped with their neighbour to make one word the other.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The word of `known` that a misspelt one most likely meant; empty when none is near.
std::string NearestWord(absl::string_view misspelt, const std::vector<std::string>& known);

}  // namespace closure

#endif  // CLOSURE_PROTOS_SUGGESTION_H_
