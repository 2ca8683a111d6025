// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_ACCOUNT_ID_H_
#define CLOSURE_PROTOS_ACCOUNT_ID_H_

#include <string_view>

// What an account's id looks like. Server, sandbox and client refuse the same ones and may not include each other, so
// the rule stands with the protos (ADR 11). Pure.
namespace closure {

// The rule in words, for messages: "is not " or "is " goes before it.
inline constexpr char kAccountIdForm[] = "1 to 64 lower-case letters, digits and hyphens, the first no hyphen";

// Whether a text is [a-z0-9][a-z0-9-]{0,63}.
bool IsAccountId(std::string_view text);

}  // namespace closure

#endif  // CLOSURE_PROTOS_ACCOUNT_ID_H_
