// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_ITEM_FACTS_H_
#define CLOSURE_CHECKERS_ITEM_FACTS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/money.pb.h"

// How the built-in checkers judge what upstreams say, and how they put it into items. What identifies or decides is
// refused when it is wrong; what is only shown is made fit to be shown. Every function is pure and can be called from
// any thread.
namespace closure {

// An identifier of an upstream, to become part of a native id: 1 to 200 bytes of valid UTF-8 without control
// characters. Errors: MalformedAnswer naming who and which field.
absl::Status ValidateId(std::string_view who, std::string_view field, std::string_view id);

// An upstream's own word for a state, compared exactly later: at most 100 characters of valid UTF-8 without control
// characters. Errors: MalformedAnswer naming who and which entry.
absl::Status ValidateState(std::string_view who, std::string_view id, std::string_view state);

// An amount that is not negative, in a known currency; above zero unless zero is allowed.
// Errors: MalformedAnswer naming who, which entry and what is wrong.
absl::Status ValidateAmount(std::string_view who, std::string_view id, bool present, const v1::Money& amount,
                            bool zero_allowed);

// `shown`, or `otherwise` where that is empty, made printable and cut to what a ReportedItem's display_name can hold.
std::string DisplayName(std::string_view shown, std::string_view otherwise);

// What an upstream says, made fit to stand within a sentence of ours: printable, and cut to 100 characters.
std::string InSentence(std::string_view shown);

// The console's address, with or without a slash at its end, and a path whose last segment is the id.
std::string ConsoleLink(std::string_view console_base_uri, std::string_view path, std::string_view id);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_ITEM_FACTS_H_
