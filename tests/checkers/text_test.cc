// SPDX-License-Identifier: Apache-2.0
#include "checkers/text.h"

#include <string>

#include "catch2/catch.hpp"

namespace closure {
namespace {

TEST_CASE("characters are code points and broken UTF-8 has none") {
  CHECK(CountCharacters("") == 0);
  CHECK(CountCharacters("abc") == 3);
  CHECK(CountCharacters("账户") == 2);
  CHECK(CountCharacters("\xF0\x9F\x92\xB0") == 1);
  CHECK_FALSE(CountCharacters("\x80").has_value());
  CHECK_FALSE(CountCharacters("\xC0\xAF").has_value());          // overlong
  CHECK_FALSE(CountCharacters("\xE0\x80\xAF").has_value());      // overlong
  CHECK_FALSE(CountCharacters("\xED\xA0\x80").has_value());      // surrogate
  CHECK_FALSE(CountCharacters("\xF4\x90\x80\x80").has_value());  // above U+10FFFF
  CHECK_FALSE(CountCharacters("abc\xE8\xB4").has_value());       // cut off
}

TEST_CASE("control characters and reordering marks are found") {
  CHECK(HasControlCharacters("a\x1B[31mb"));
  CHECK(HasControlCharacters(std::string_view("a\0b", 3)));
  CHECK(HasControlCharacters("a\x7F"));
  CHECK(HasControlCharacters("a\xC2\x9B"));
  CHECK(HasControlCharacters("a\xE2\x80\xAE"));
  CHECK(HasControlCharacters("a\xE2\x80\xA8"));  // a line separator
  CHECK(HasControlCharacters("a\xEF\xBB\xBF"));  // a byte order mark
  CHECK(HasControlCharacters("line\nline"));
  CHECK_FALSE(HasControlCharacters("line\nline", /*line_feed_allowed=*/true));
  CHECK(HasControlCharacters("line\rline", /*line_feed_allowed=*/true));
  CHECK_FALSE(HasControlCharacters("账户 a"));
}

TEST_CASE("printable text is cut at a character and holds nothing that a terminal obeys") {
  CHECK(PrintableText("abc", 3) == "abc");
  CHECK(PrintableText("abcd", 3) == "ab…");
  CHECK(PrintableText("账户关闭", 3) == "账户…");
  CHECK(PrintableText("a\x1B[31m", 10) == "a?[31m");
  CHECK(PrintableText("a\xFF\xFE", 10) == "a??");
  CHECK(PrintableText("a\xE2\x80\xA8"
                      "b",
                      10) == "a?b");
  CHECK(PrintableText("abc", 0).empty());
  CHECK(PrintableText("", 10).empty());
}

TEST_CASE("an excerpt is quoted, short and printable") {
  CHECK(QuotedExcerpt("a\"b\n") == "\"a\"b?\"");
  CHECK(QuotedExcerpt(std::string(60, 'x')) == "\"" + std::string(60, 'x') + "\"");
  CHECK(QuotedExcerpt(std::string(61, 'x')) == "\"" + std::string(59, 'x') + "…\"");
}

TEST_CASE("quoted text shows what cannot be printed") {
  CHECK(Quoted("a\"b\n\xff") == R"("a\"b\u000a\xff")");
  CHECK(Quoted(std::string(100, 'x')) == "\"" + std::string(80, 'x') + "…\"");
}

TEST_CASE("only an absolute https address without tricks may be shown as a link", "[R50]") {
  CHECK(IsHttpsUri("https://console.example.com/billing/bills/B-1?x=%20#y"));
  CHECK(IsHttpsUri("https://[::1]:8443/"));
  CHECK_FALSE(IsHttpsUri(""));
  CHECK_FALSE(IsHttpsUri("http://console.example.com/"));
  CHECK_FALSE(IsHttpsUri("javascript:alert(1)"));
  CHECK_FALSE(IsHttpsUri("/billing"));
  CHECK_FALSE(IsHttpsUri("https://"));
  CHECK_FALSE(IsHttpsUri("https:///path"));
  CHECK_FALSE(IsHttpsUri("https://:443/"));
  CHECK_FALSE(IsHttpsUri("https://console.example.com@evil.example/"));
  CHECK_FALSE(IsHttpsUri("https://console.example.com/a b"));
  CHECK_FALSE(IsHttpsUri("https://console.example.com/\"><script>"));
  CHECK_FALSE(IsHttpsUri("https://console.example.com/\n"));
  CHECK_FALSE(IsHttpsUri("https://console.example.com/\xE8\xB4\xA6"));
  CHECK(IsHttpsUri("https://c/" + std::string(1990, 'a')));
  CHECK_FALSE(IsHttpsUri("https://c/" + std::string(1991, 'a')));
}

TEST_CASE("an id becomes one path segment") {
  CHECK(PercentEncode("B-1_x.y~z") == "B-1_x.y~z");
  CHECK(PercentEncode("a/b?c#d e%") == "a%2Fb%3Fc%23d%20e%25");
  CHECK(PercentEncode("京") == "%E4%BA%AC");
}

}  // namespace
}  // namespace closure
