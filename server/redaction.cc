// SPDX-License-Identifier: Apache-2.0
#include "server/redaction.h"

#include "absl/strings/ascii.h"

namespace closure {

std::string WithoutAddresses(const internal::v1::ClosureData& data, std::string_view text) {
  constexpr std::string_view kMask = "***";
  std::string redacted(text);
  for (const internal::v1::Contact& contact : data.contacts()) {
    const std::string address = absl::AsciiStrToLower(contact.address());
    if (address.empty()) continue;
    std::string lower = absl::AsciiStrToLower(redacted);
    for (std::size_t at = lower.find(address); at != std::string::npos; at = lower.find(address, at + kMask.size())) {
      lower.replace(at, address.size(), kMask);
      redacted.replace(at, address.size(), kMask);
    }
  }
  return redacted;
}

}  // namespace closure
