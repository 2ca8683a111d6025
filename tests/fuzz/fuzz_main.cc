// SPDX-License-Identifier: Apache-2.0
// Feeds a target: `PROGRAM --replay FOLDER` with every file of a folder; anything else is for libFuzzer, in builds that
// have it. Either happens inside of a test case, so that targets judge with Catch2's assertions and use the servers of
// other tests.
#define CATCH_CONFIG_RUNNER
#define CATCH_CONFIG_NO_POSIX_SIGNALS  // libFuzzer's handlers write down the input that a signal came from
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

#ifdef CLOSURE_LIBFUZZER
// libFuzzer's, from its library without a main.
extern "C" int LLVMFuzzerRunDriver(int* argc, char*** argv, int (*try_input)(const uint8_t* data, size_t size));
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);
#endif

namespace closure::fuzz {
namespace {

int arguments_count = 0;
char** arguments = nullptr;
std::unique_ptr<Target> target;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

void Replay(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) {
    INFO(path);
    target->Try(ReadFile(path));
  }
  std::printf("figures: %zu inputs of %s replayed\n", paths.size(), folder.filename().c_str());
  REQUIRE_FALSE(paths.empty());
}

// An assertion that failed has been reported; ending here lets libFuzzer write down the input.
int TryOrAbort(const uint8_t* data, size_t size) {
  try {
    target->Try({reinterpret_cast<const char*>(data), size});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "thrown: %s\n", error.what());
    std::abort();
  } catch (...) {
    std::abort();
  }
  return 0;
}

}  // namespace

std::string MutateBytes(std::string text, std::size_t size_max) {
#ifdef CLOSURE_LIBFUZZER
  const std::size_t size = std::min(text.size(), size_max);
  text.resize(size_max);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, size_max));
#else
  static_cast<void>(size_max);
#endif
  return text;
}

TEST_CASE("no input breaks a promise") {
  target = MakeTarget();
  if (arguments_count == 3 && std::strcmp(arguments[1], "--replay") == 0) {
    Replay(arguments[2]);
    target.reset();
    return;
  }
#ifdef CLOSURE_LIBFUZZER
  // It ends by exit(); a server of the target is still running then, and its threads must not meet destroyed statics.
  on_exit([](int code, void*) { _exit(code); }, nullptr);
  LLVMFuzzerRunDriver(&arguments_count, &arguments, &TryOrAbort);
#else
  static_cast<void>(&TryOrAbort);
  FAIL("usage: " << arguments[0] << " --replay FOLDER; this build has no libFuzzer (./dev fuzz makes one that has)");
#endif
}

}  // namespace closure::fuzz

#ifdef CLOSURE_LIBFUZZER
// Called by libFuzzer for a new input. Once in eight times it changes bytes all the same, so that nothing is out of
// reach.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  std::mt19937 random(seed);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string made = random() % 8 == 0 ? "" : closure::fuzz::target->Mutate(input, size_max, random);
  if (made.empty() || made.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::memcpy(data, made.data(), made.size());
  return made.size();
}
#endif

int main(int argc, char** argv) {
  closure::fuzz::arguments_count = argc;
  closure::fuzz::arguments = argv;
  return Catch::Session().run();
}
