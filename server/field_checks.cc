// SPDX-License-Identifier: Apache-2.0
#include "server/field_checks.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "server/errors.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::string_view kUuidPattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
constexpr std::size_t kLanguageCodeMax = 35;
constexpr std::size_t kEtagMax = 100;

bool IsUuid(std::string_view text) {
  if (text.size() != kUuidPattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits =
        kUuidPattern[i] == '-' ? text[i] == '-' : absl::ascii_isxdigit(static_cast<unsigned char>(text[i]));
    if (!fits) return false;
  }
  return text.find_first_not_of("0-") != std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> ParseRequestId(std::string_view request_id) {
  if (request_id.empty())
    return FieldError(v1::FIELD_MISSING, "request_id", "is required: a new UUID for every new request");
  if (!IsUuid(request_id)) {
    return FieldError(v1::FIELD_INVALID, "request_id",
                      Concat(Quoted(request_id), " is not a UUID such as 2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11"));
  }
  return absl::AsciiStrToLower(ToAbsl(request_id));
}

absl::Status CheckText(std::string_view field, std::string_view text, TextLimits limits) {
  const std::size_t count = CountCodePoints(text);
  if (count < limits.min) {
    return FieldError(v1::FIELD_MISSING, field, Concat("is required: ", limits.min, " to ", limits.max, " characters"));
  }
  if (limits.min > 0 && text.find_first_not_of(' ') == std::string_view::npos)
    return FieldError(v1::FIELD_MISSING, field, "is required, and is blank");
  if (count > limits.max) {
    return FieldError(v1::TEXT_TOO_LONG, field,
                      Concat("has ", count, " characters, ", limits.max, " at most are allowed"));
  }
  for (std::size_t position = 1; !text.empty(); ++position) {
    const std::optional<char32_t> code_point = TakeCodePoint(text);
    if (!code_point) return FieldError(v1::FIELD_INVALID, field, "is not UTF-8");
    if (IsControl(*code_point)) {
      return FieldError(
          v1::FIELD_INVALID, field,
          absl::StrFormat("has the control character U+%04X at position %d; write it in one line of plain text",
                          static_cast<uint32_t>(*code_point), position));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ParsePageSize(int requested, PageLimits limits) {
  if (requested < 0) {
    return FieldError(v1::FIELD_INVALID, "page_size", Concat(requested, " is below 0; 0 means ", limits.fallback));
  }
  return requested == 0 ? limits.fallback : std::min(requested, limits.max);
}

absl::Status CheckLanguageCode(std::string_view language_code) {
  const bool plain = std::all_of(language_code.begin(), language_code.end(),
                                 [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-'; });
  if (plain && language_code.size() <= kLanguageCodeMax) return absl::OkStatus();
  return FieldError(v1::FIELD_INVALID, "language_code",
                    Concat(Quoted(language_code), " is not a language such as en or zh-Hans"));
}

absl::Status CheckEtag(std::string_view etag) {
  if (etag.size() <= kEtagMax) return absl::OkStatus();
  return FieldError(v1::FIELD_INVALID, "etag",
                    Concat("has ", etag.size(), " bytes; return it as the closure shows it"));
}

absl::Status CheckRevision(std::string_view field, int64_t revision) {
  if (revision >= 0) return absl::OkStatus();
  return FieldError(v1::FIELD_INVALID, field, Concat(revision, " is below 0; 0 starts from what is now"));
}

absl::Status CheckEnumNumber(std::string_view field, const google::protobuf::EnumDescriptor* descriptor, int number) {
  if (descriptor->FindValueByNumber(number) != nullptr) return absl::OkStatus();
  return FieldError(v1::FIELD_INVALID, field, Concat(number, " is no value of ", descriptor->full_name()));
}

}  // namespace closure
