// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_WIRE_TAG_H_
#define CLOSURE_SERVER_WIRE_TAG_H_

#include <cstdint>

namespace closure {

// What stands before the length of a message, a text or bytes in a field of this number
// (protobuf.dev/programming-guides/encoding).
constexpr uint32_t LengthDelimitedTag(int field_number) {
  constexpr uint32_t kLengthDelimited = 2;
  return static_cast<uint32_t>(field_number) << 3 | kLengthDelimited;
}

}  // namespace closure

#endif  // CLOSURE_SERVER_WIRE_TAG_H_
