// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CONFIG_RULES_H_
#define CLOSURE_SERVER_CONFIG_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

// The table of the configuration's numbers: their defaults and ranges (D16). A test proves that every number of the
// message is in it. Pure.
namespace closure {

// The rule of an integer, or of a Duration, in milliseconds then.
struct NumberRule {
  // The message's and the field's short name.
  std::string_view message;
  std::string_view field;
  int64_t fallback = 0;
  int64_t min = 0;
  int64_t max = 0;
};

// Null when the field is no number.
const NumberRule* FindNumberRule(const google::protobuf::FieldDescriptor& field);

// The default of a text; empty where there is none.
std::string_view FallbackText(const google::protobuf::FieldDescriptor& field);

bool IsDuration(const google::protobuf::FieldDescriptor& field);

// "7 days", "90s" as people read it, from milliseconds.
std::string FormatMillis(int64_t millis);

// The names of the checkers and participants that the server has built in, sorted.
std::vector<std::string> BuiltinCheckerNames();
std::vector<std::string> BuiltinParticipantNames();

}  // namespace closure

#endif  // CLOSURE_SERVER_CONFIG_RULES_H_
