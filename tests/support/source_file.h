// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SOURCE_FILE_H_
#define CLOSURE_TESTS_SUPPORT_SOURCE_FILE_H_

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

namespace closure {

// The text of a file of the repository, by its path from the root. The test fails when it cannot be read.
inline std::string ReadSource(const std::string& path) {
  const std::string place = absl::StrCat(CLOSURE_SOURCE_DIR, "/", path);
  INFO(place);
  std::ifstream stream(place);
  REQUIRE(stream.is_open());
  return std::string{std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SOURCE_FILE_H_
