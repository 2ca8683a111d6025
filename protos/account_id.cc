// SPDX-License-Identifier: Apache-2.0
#include "protos/account_id.h"

#include <algorithm>
#include <cstddef>

namespace closure {
namespace {

constexpr std::size_t kBytesMax = 64;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool IsAccountId(std::string_view text) {
  return !text.empty() && text.size() <= kBytesMax && IsLowerOrDigit(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

}  // namespace closure
