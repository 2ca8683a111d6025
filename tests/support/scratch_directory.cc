// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scratch_directory.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

namespace closure {
namespace {

// In memory where there is room: a disk that others keep busy makes every commit wait, for a minute even, and nothing
// here asks what outlives the machine.
std::filesystem::path ScratchParent() {
  constexpr std::uintmax_t kRoom = 512 << 20;
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(memory, error);
  const bool usable = !error && space.available >= kRoom && access(memory.c_str(), W_OK) == 0;
  return usable ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  std::string pattern = (ScratchParent() / "closure-test-XXXXXX").string();
  const char* made = mkdtemp(pattern.data());
  REQUIRE(made != nullptr);
  path_ = made;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace closure
