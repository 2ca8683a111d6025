// SPDX-License-Identifier: Apache-2.0
#include "server/random_source.h"

#include "absl/random/random.h"
#include "server/secret_key.h"

namespace closure {
namespace {

class OperatingSystemRandom final : public RandomSource {
 public:
  std::string Id() override { return RandomId(); }
  double RetryFactor() override {
    static thread_local absl::BitGen generator;
    return absl::Uniform(generator, 0.8, 1.2);
  }
};

}  // namespace

RandomSource& SystemRandom() {
  static RandomSource& random = *new OperatingSystemRandom;
  return random;
}

}  // namespace closure
