// SPDX-License-Identifier: Apache-2.0
#include "sandbox/contact_addresses.h"

#include <algorithm>
#include <string_view>

namespace closure {

bool IsMailAddress(std::string_view address) {
  constexpr size_t kBytesMax = 254;
  const size_t at = address.find('@');
  return address.size() <= kBytesMax && at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
         address.rfind('@') == at &&
         std::all_of(address.begin(), address.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

bool IsPhoneNumber(std::string_view number) {
  constexpr size_t kDigitsMax = 15;
  return number.size() >= 3 && number.size() <= 1 + kDigitsMax && number[0] == '+' && number[1] != '0' &&
         std::all_of(number.begin() + 1, number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace closure
