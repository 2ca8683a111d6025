// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_MARK_WATCH_H_
#define CLOSURE_TESTS_SUPPORT_MARK_WATCH_H_

#include <cstdint>

#include "protos/coverage_mark.h"

namespace closure {

// Whether a rare path (protos/coverage_mark.h) ran since this was made.
class MarkWatch {
 public:
  explicit MarkWatch(Mark mark) : mark_(mark), before_(TimesReached(mark)) {}
  int64_t times() const { return TimesReached(mark_) - before_; }
  bool reached() const { return times() > 0; }

 private:
  const Mark mark_;
  const int64_t before_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_MARK_WATCH_H_
