// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_RANDOM_SEED_H_
#define CLOSURE_TESTS_SUPPORT_RANDOM_SEED_H_

#include <cstdlib>
#include <random>
#include <string>

namespace closure {

// The environment variable that a random test takes its seed from.
inline constexpr char kSeedVariable[] = "CLOSURE_TEST_SEED";

// The seed of a random test: the one that is given, so that a failure can be repeated, else a new one. The test prints
// it first: INFO(kSeedVariable << "=" << seed).
inline unsigned RandomSeed() {
  const char* const given = std::getenv(kSeedVariable);
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_RANDOM_SEED_H_
