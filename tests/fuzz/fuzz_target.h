// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_FUZZ_FUZZ_TARGET_H_
#define CLOSURE_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace closure::fuzz {

// What inputs of all kinds are given to. A program has one target, and libFuzzer or a folder of inputs to feed it
// (fuzz_main.cc). One thread.
class Target {
 public:
  virtual ~Target() = default;

  // Judges one input with Catch2's assertions; one that fails is a finding.
  virtual void Try(std::string_view input) = 0;

  // Another input made of this one, at most `size_max` bytes; empty to let libFuzzer change bytes as it likes. Only for
  // inputs in which changed bytes rarely mean anything.
  virtual std::string Mutate(std::string_view input, std::size_t size_max, std::mt19937& random) {
    static_cast<void>(input), static_cast<void>(size_max), static_cast<void>(random);
    return "";
  }
};

// Each program defines it. Called once, inside of a test case.
std::unique_ptr<Target> MakeTarget();

// The text with some bytes changed as libFuzzer sees fit: with what it knows of values that were compared with.
// Unchanged in programs without libFuzzer, which never mutate.
std::string MutateBytes(std::string text, std::size_t size_max);

}  // namespace closure::fuzz

#endif  // CLOSURE_TESTS_FUZZ_FUZZ_TARGET_H_
