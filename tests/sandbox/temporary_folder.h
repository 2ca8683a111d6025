// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SANDBOX_TEMPORARY_FOLDER_H_
#define CLOSURE_TESTS_SANDBOX_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "catch2/catch.hpp"

namespace closure::test {

// A new folder that is removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "closure-sandbox-XXXXXX").string()) {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace closure::test

#endif  // CLOSURE_TESTS_SANDBOX_TEMPORARY_FOLDER_H_
