// SPDX-License-Identifier: Apache-2.0
#include "server/die.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "fmt/format.h"
#include "server/log.h"

namespace closure {
namespace {

// Where Die speaks.
std::atomic<Log*> dying_log = nullptr;

}  // namespace

void Die(std::string_view why) {
  if (Log* const log = dying_log; log != nullptr) {
    log->Error("the process ends: this cannot be, and going on would do harm", {{"error", why}});
  } else {
    std::fprintf(stderr, "closured: %.*s\n", static_cast<int>(why.size()), why.data());
  }
  std::abort();
}

void Impossible(std::string_view what) { Die(fmt::format("impossible: {}", what)); }

DyingWords::DyingWords(Log& log) { dying_log = &log; }

DyingWords::~DyingWords() { dying_log = nullptr; }

}  // namespace closure
