// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_ENUM_TEXT_H_
#define CLOSURE_CLIENT_CLOSURECTL_ENUM_TEXT_H_

#include <google/protobuf/generated_enum_reflection.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace closure {

// The name of an enum value exactly as in the API; "<none>" for the unspecified one, the number for one that this
// client does not know.
std::string EnumText(const google::protobuf::EnumDescriptor* type, int value);

template <typename Enum>
std::string EnumText(Enum value) {
  return EnumText(google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// The names that can be given for an enum: all but the unspecified one.
std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor* type);

// Reads a name as the API spells it, or in lower case, or with hyphens for underscores.
// Errors: INVALID_ARGUMENT naming the word, what it is for (`what`, "state" for example), the nearest name and all
// names.
absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor* type, absl::string_view word,
                              absl::string_view what);

template <typename Enum>
absl::StatusOr<Enum> ParseEnum(absl::string_view word, absl::string_view what) {
  const absl::StatusOr<int> number = ParseEnum(google::protobuf::GetEnumDescriptor<Enum>(), word, what);
  if (!number.ok()) return number.status();
  return static_cast<Enum>(*number);
}

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ENUM_TEXT_H_
