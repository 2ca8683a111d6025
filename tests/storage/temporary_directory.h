// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
#define CLOSURE_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

namespace closure {

// A directory of its own, removed with everything in it at the end of the scope.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "closure_storage_XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string Path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
