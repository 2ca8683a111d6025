// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_JSON_READING_H_
#define CLOSURE_PROTOS_JSON_READING_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

// JSON that people write by hand, read so that a fault says where it is and what would be right. Server, sandbox and
// client need it and may not include each other, so it stands with the protos (ADR 11). Pure.
namespace closure {

// Reads a message from its proto3 JSON: keys in either spelling (accountId, account_id), unknown ones refused.
// Errors: INVALID_ARGUMENT in one line, with the place and the next step: `line 3, column 9: …` where the text is no
// JSON, `accounts[0].state: "HAPPY" is none of ACTIVE, SUSPENDED, DELETED` where a value does not fit. The parser tells
// one fault at a time.
absl::Status ReadJson(std::string_view json, google::protobuf::Message& message);

// The path of a field as JSON spells it: "late_bills[0].after_freeze" is "lateBills[0].afterFreeze".
std::string JsonPath(std::string_view path);

}  // namespace closure

#endif  // CLOSURE_PROTOS_JSON_READING_H_
