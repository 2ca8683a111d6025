// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CONTACT_ADDRESSES_H_
#define CLOSURE_SANDBOX_CONTACT_ADDRESSES_H_

#include <string_view>

// Which addresses messages can be sent to. All functions are pure and thread-safe.
namespace closure {

// One "@" with something on both sides, no white space or control characters, at most 254 bytes.
bool IsMailAddress(std::string_view address);

// E.164: "+", then 2 to 15 digits that do not begin with 0.
bool IsPhoneNumber(std::string_view number);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CONTACT_ADDRESSES_H_
