// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_RANDOM_SOURCE_H_
#define CLOSURE_SERVER_RANDOM_SOURCE_H_

#include <string>

namespace closure {

// Where the service's random choices come from, so that a simulation can repeat them. Thread-safe.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // 128 bits in lower-case hexadecimal, for closure and challenge ids. Unpredictable: codes are derived from them.
  virtual std::string Id() = 0;
  // A factor for delays before another try, up to a fifth below or above 1 (RetryDelay); not for decisions.
  virtual double RetryFactor() = 0;
};

// Ids from the system's generator. Lives as long as the process.
RandomSource& SystemRandom();

}  // namespace closure

#endif  // CLOSURE_SERVER_RANDOM_SOURCE_H_
