// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_STRINGS_H_
#define CLOSURE_SERVER_STRINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"

// Debian's Abseil is built with a string_view of its own, which neither takes nor gives a std::string_view. This is the
// bridge. Pure.
namespace closure {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

template <typename Part>
decltype(auto) ForAbsl(const Part& part) {
  if constexpr (std::is_same_v<Part, std::string_view>) {
    return ToAbsl(part);
  } else {
    return (part);
  }
}

// absl::StrCat that takes std::string_view too.
template <typename... Parts>
std::string Concat(const Parts&... parts) {
  return absl::StrCat(ForAbsl(parts)...);
}

// absl::Substitute ("$0", "$1" …) that takes std::string_view too.
template <typename... Parts>
std::string FillIn(std::string_view format, const Parts&... parts) {
  return absl::Substitute(ToAbsl(format), ForAbsl(parts)...);
}

// Takes `prefix` away from the front of `text`, if it is there.
inline bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// A whole number in its one spelling: no sign but a minus, no leading zeros, no white space. Nothing for anything else.
inline std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(ToAbsl(text), &number) || absl::StrCat(number) != ToAbsl(text)) return std::nullopt;
  return number;
}

}  // namespace closure

#endif  // CLOSURE_SERVER_STRINGS_H_
