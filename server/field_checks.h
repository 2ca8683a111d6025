// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_FIELD_CHECKS_H_
#define CLOSURE_SERVER_FIELD_CHECKS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

// The syntax of request fields. Every function is pure and answers INVALID_ARGUMENT with BadRequest on the field.
namespace closure {

// A request id in one spelling: a UUID with hyphens, in lower case.
// Errors: FIELD_MISSING; FIELD_INVALID for another form and for the UUID that is all zeros.
absl::StatusOr<std::string> ParseRequestId(std::string_view request_id);

struct TextLimits {
  std::size_t min = 0;
  std::size_t max = 0;
};
// Counts code points. Errors: FIELD_MISSING below the minimum, TEXT_TOO_LONG above the maximum, FIELD_INVALID for a
// control character.
absl::Status CheckText(std::string_view field, std::string_view text, TextLimits limits);

struct PageLimits {
  int fallback = 0;
  int max = 0;
};
// 0 means the fallback and what is above the maximum means the maximum. Errors: FIELD_INVALID below 0 (AIP-158).
absl::StatusOr<int> ParsePageSize(int requested, PageLimits limits);

// Errors: FIELD_INVALID for a tag that is not 0 to 35 of letters, digits and hyphens (BCP-47), empty being allowed.
absl::Status CheckLanguageCode(std::string_view language_code);

// Errors: FIELD_INVALID when it is longer than an etag ever is.
absl::Status CheckEtag(std::string_view etag);

// Errors: FIELD_INVALID for a revision below 0.
absl::Status CheckRevision(std::string_view field, int64_t revision);

// Errors: FIELD_INVALID for a number that the enum does not have.
absl::Status CheckEnumNumber(std::string_view field, const google::protobuf::EnumDescriptor* descriptor, int number);
template <typename Enum>
absl::Status CheckEnum(std::string_view field, Enum value) {
  return CheckEnumNumber(field, google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

}  // namespace closure

#endif  // CLOSURE_SERVER_FIELD_CHECKS_H_
