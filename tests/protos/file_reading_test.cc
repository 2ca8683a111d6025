// SPDX-License-Identifier: Apache-2.0
#include "protos/file_reading.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <streambuf>
#include <string>

namespace closure {
namespace {

std::string FaultOf(const std::string& path, std::size_t bytes_max) {
  return std::string(ReadFile(path, bytes_max).status().message());
}

// An input that fails in the middle, as a disk does.
class FailingBuffer : public std::streambuf {
 protected:
  int_type underflow() override { throw std::ios_base::failure("the disk failed"); }
};

TEST_CASE("a file is read whole, and one above the limit is refused", "[file]") {
  const std::string path = absl::StrCat(CLOSURE_SOURCE_DIR, "/LICENSE");
  const absl::StatusOr<std::string> text = ReadFile(path, 1 << 20);
  REQUIRE(text.ok());
  CHECK(text->find("Apache License") != std::string::npos);
  CHECK(ReadFile(path, text->size()).ok());
  CHECK(FaultOf(path, 10) == "has more than 10 bytes, the most that is read");
}

TEST_CASE("what is no file is an error that says so and never ends the program", "[file]") {
  CHECK(FaultOf(CLOSURE_SOURCE_DIR, 10) == "is a folder, not a file");
  CHECK(FaultOf(absl::StrCat(CLOSURE_SOURCE_DIR, "/no-such-file"), 10) == "cannot be read: No such file or directory");
  CHECK(FaultOf("/dev/zero", 1000) == "has more than 1000 bytes, the most that is read");
}

TEST_CASE("a stream is read to its end, and one that fails before is an error", "[file]") {
  std::istringstream good("abc");
  CHECK(ReadStream(good, 3).value() == "abc");
  std::istringstream large("abcd");
  CHECK_FALSE(ReadStream(large, 3).ok());
  FailingBuffer buffer;
  std::istream bad(&buffer);
  CHECK(ReadStream(bad, 3).status().message() == "cannot be read: the input failed before its end");
}

}  // namespace
}  // namespace closure
