// SPDX-License-Identifier: Apache-2.0
#include "server/page_token.h"

#include <memory>
#include <optional>

#include "absl/strings/escaping.h"
#include "protos/sha256.h"
#include "server/errors.h"
#include "server/request_hash.h"
#include "server/strings.h"

namespace closure {
namespace {

// A token is base64url("1" + 16 hexadecimal digits of the checksum + cursor).
constexpr std::string_view kVersion = "1";
constexpr std::size_t kChecksumDigits = 16;
constexpr std::size_t kTokenMax = 1024;
// Base64 makes four characters of three bytes.
static_assert((kVersion.size() + kChecksumDigits + kCursorBytesMax) * 4 == kTokenMax * 3);

std::string Checksum(std::string_view scope, std::string_view cursor) {
  return Sha256Hex(Concat(kVersion, ":", scope.size(), ":", scope, cursor)).substr(0, kChecksumDigits);
}

absl::Status Invalid() {
  return FieldError(
      v1::PAGE_TOKEN_INVALID, "page_token",
      "is malformed or was made for another list, filter or version of the server; start again from the first page");
}

void Clear(google::protobuf::Message& message, const std::string& field_name) {
  if (const auto* field = message.GetDescriptor()->FindFieldByName(field_name))
    message.GetReflection()->ClearField(&message, field);
}

}  // namespace

std::string PageScope(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> scope(request.New());
  scope->CopyFrom(request);
  Clear(*scope, "page_size");
  Clear(*scope, "page_token");
  return Concat(request.GetDescriptor()->full_name(), ":", DeterministicBytes(*scope));
}

std::string MakePageToken(std::string_view scope, std::string_view cursor) {
  return absl::WebSafeBase64Escape(Concat(kVersion, Checksum(scope, cursor), cursor));
}

absl::StatusOr<std::string> ReadPageToken(std::string_view scope, std::string_view token) {
  if (token.empty()) return std::string();
  std::string bytes;
  if (token.size() > kTokenMax || !absl::WebSafeBase64Unescape(ToAbsl(token), &bytes)) return Invalid();
  std::string_view rest = bytes;
  if (!TakePrefix(rest, kVersion) || rest.size() <= kChecksumDigits) return Invalid();
  const std::string_view cursor = rest.substr(kChecksumDigits);
  // Made again and compared as a whole, so that no second spelling of a token passes.
  if (MakePageToken(scope, cursor) != token) return Invalid();
  return std::string(cursor);
}

absl::StatusOr<int64_t> ReadNumberedPageToken(std::string_view scope, std::string_view token) {
  absl::StatusOr<std::string> cursor = ReadPageToken(scope, token);
  if (!cursor.ok()) return cursor.status();
  if (cursor->empty()) return 0;
  const std::optional<int64_t> number = ParseNumber(*cursor);
  return number ? absl::StatusOr<int64_t>(*number) : Invalid();
}

}  // namespace closure
