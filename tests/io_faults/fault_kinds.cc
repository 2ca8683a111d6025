// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/fault_kinds.h"

#include <iterator>
#include <memory>
#include <random>

namespace closure {

FaultVfs::Decide RandomFaults(std::uint64_t seed, std::uint64_t one_in) {
  const auto random = std::make_shared<std::mt19937_64>(seed);
  return [random, one_in](FileCall call, int64_t, FileRole role) {
    const FaultKind& kind = kFaultKinds[(*random)() % std::size(kFaultKinds)];
    const bool now = (*random)() % one_in == 0 && kind.Fits(call, role) && DamageOf(kind) == Damage::kNone;
    return now ? kind.failure : FileFailure::kNone;
  };
}

FaultVfs::Decide FailedSyncs(std::uint64_t seed, std::uint64_t one_in) {
  const auto random = std::make_shared<std::mt19937_64>(seed);
  return [random, one_in](FileCall call, int64_t, FileRole) {
    return call == FileCall::kSync && (*random)() % one_in == 0 ? FileFailure::kError : FileFailure::kNone;
  };
}

}  // namespace closure
