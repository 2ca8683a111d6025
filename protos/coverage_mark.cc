// SPDX-License-Identifier: Apache-2.0
#include "protos/coverage_mark.h"

#include <array>
#include <atomic>
#include <cstddef>

namespace closure {
namespace {

std::array<std::atomic<int64_t>, static_cast<std::size_t>(Mark::kCount)> reached = {};

}  // namespace

void Reach(Mark mark) { reached[static_cast<std::size_t>(mark)].fetch_add(1, std::memory_order_relaxed); }

int64_t TimesReached(Mark mark) { return reached[static_cast<std::size_t>(mark)].load(std::memory_order_relaxed); }

}  // namespace closure
