// SPDX-License-Identifier: Apache-2.0
#include "server/redaction.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

namespace closure {
namespace {

constexpr std::string_view kMask = "***";
// What a text ends with that was cut.
constexpr std::string_view kCut = "…";
// A shorter beginning of an address says nothing about it.
constexpr std::size_t kBeginningMin = 4;

// In lower case; the longest first, because one may be part of another.
std::vector<std::string> AddressesOf(const internal::v1::ClosureData& data) {
  std::vector<std::string> addresses;
  for (const internal::v1::Contact& contact : data.contacts()) {
    if (!contact.address().empty()) addresses.push_back(absl::AsciiStrToLower(contact.address()));
  }
  std::sort(addresses.begin(), addresses.end(),
            [](const std::string& one, const std::string& other) { return one.size() > other.size(); });
  return addresses;
}

// A text as it was told, and beside it in lower case.
class Redaction {
 public:
  explicit Redaction(std::string_view text) : told_(text), lower_(absl::AsciiStrToLower(told_)) {}

  void Mask(const std::string& address) {
    for (std::size_t at = lower_.find(address); at != std::string::npos; at = lower_.find(address, at + kMask.size()))
      Replace(at, address.size());
    MaskCut(address);
  }
  std::string Take() && { return std::move(told_); }

 private:
  // An address of which the text has only the beginning, because it was cut there.
  void MaskCut(const std::string& address) {
    const std::size_t end = lower_.size() - (lower_.ends_with(kCut) ? kCut.size() : 0);
    for (std::size_t size = std::min(address.size() - 1, end); size >= kBeginningMin; --size) {
      if (lower_.compare(end - size, size, address, 0, size) == 0) return Replace(end - size, size);
    }
  }
  void Replace(std::size_t at, std::size_t size) {
    told_.replace(at, size, kMask);
    lower_.replace(at, size, kMask);
  }

  std::string told_;
  std::string lower_;
};

}  // namespace

std::string WithoutAddresses(const internal::v1::ClosureData& data, std::string_view text) {
  Redaction redaction(text);
  for (const std::string& address : AddressesOf(data)) redaction.Mask(address);
  return std::move(redaction).Take();
}

}  // namespace closure
