// SPDX-License-Identifier: Apache-2.0
#include "sandbox/page.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "sandbox/field_problems.h"

namespace closure {
namespace {

constexpr int kSizeDefault = 100;
constexpr int kSizeMax = 1000;

// FNV-1a, to notice a token that was typed or cut; not against somebody who wants to make one.
uint64_t Checksum(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::string Prefix(std::string_view list, std::string_view account_id, std::string_view last_key) {
  return fmt::format("{:016x}\n", Checksum(fmt::format("{}\n{}\n{}", list, account_id, last_key)));
}

}  // namespace

absl::StatusOr<Page> ReadPage(std::string_view list, std::string_view account_id, int32_t page_size,
                              const std::string& page_token) {
  if (page_size < 0) {
    return BadField("page_size", fmt::format("sandbox: {}: page_size {} is negative", list, page_size));
  }
  Page page;
  page.size = page_size == 0 ? kSizeDefault : std::min<int>(page_size, kSizeMax);
  if (page_token.empty()) return page;
  std::string token;
  const bool decoded = absl::WebSafeBase64Unescape(page_token, &token);
  const size_t end = token.find('\n');
  if (decoded && end != std::string::npos) page.after = token.substr(end + 1);
  if (page.after.empty() || token != Prefix(list, account_id, page.after) + page.after) {
    return BadField("page_token", fmt::format("sandbox: {}: page_token is not one of this list and account", list));
  }
  return page;
}

std::string NextPageToken(std::string_view list, std::string_view account_id, std::string_view last_key) {
  std::string token;
  absl::WebSafeBase64Escape(Prefix(list, account_id, last_key) + std::string(last_key), &token);
  return token;
}

}  // namespace closure
