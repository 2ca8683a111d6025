// SPDX-License-Identifier: Apache-2.0
#include "checkers/utf8.h"

#include <string>

#include "catch2/catch.hpp"

namespace closure {
namespace {

TEST_CASE("what is not UTF-8 is told from what is") {
  for (const std::string good : {"", "a", "ü", "账户", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(IsUtf8(good));
  }
  for (const std::string bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe8\xb4",
                                "a\xff", "\xf8\x88\x80\x80\x80"}) {
    CHECK_FALSE(IsUtf8(bad));
  }
}

TEST_CASE("a code point is taken from the front, and what is none stays") {
  std::string_view text = "账a\xff";
  CHECK(TakeCodePoint(text) == U'账');
  CHECK(TakeCodePoint(text) == U'a');
  CHECK_FALSE(TakeCodePoint(text).has_value());
  CHECK(text == "\xff");
}

TEST_CASE("bytes that are no code point count one by one") {
  CHECK(CountCodePoints("账户") == 2);
  CHECK(CountCodePoints("a\xe8\xb4") == 3);
}

TEST_CASE("a cut does not leave half a code point") {
  CHECK(CutAtCodePoint("a账", 3) == "a");
  CHECK(CutAtCodePoint("a账", 4) == "a账");
}

TEST_CASE("what a terminal obeys, what reorders text and what breaks or hides in a line is control") {
  for (const char32_t control :
       {U'\0', U'\n', U'\x1f', U'\x7f', char32_t{0x80}, char32_t{0x9f}, char32_t{0x2028}, char32_t{0x2029},
        char32_t{0x202A}, char32_t{0x202E}, char32_t{0x2066}, char32_t{0x2069}, char32_t{0xFEFF}}) {
    CHECK(IsControl(control));
  }
  for (const char32_t plain :
       {U' ', U'~', char32_t{0xA0}, char32_t{0x2027}, char32_t{0x202F}, char32_t{0x2065}, char32_t{0x206A}, U'账'}) {
    CHECK_FALSE(IsControl(plain));
  }
}

TEST_CASE("plain ASCII is what is printable in it, wherever another byte stands", "[text]") {
  CHECK(IsPlainAscii(""));
  constexpr std::size_t kLengthMax = 20;
  for (std::size_t length = 1; length <= kLengthMax; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, '~');
        text[at] = static_cast<char>(byte);
        INFO("byte " << byte << " at " << at << " of " << length);
        REQUIRE(IsPlainAscii(text) == (byte >= 0x20 && byte <= 0x7E));
      }
    }
  }
}

}  // namespace
}  // namespace closure
