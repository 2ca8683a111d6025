// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_LOOK_AGAIN_H_
#define CLOSURE_STORAGE_SQLITE_LOOK_AGAIN_H_

#include "protos/coverage_mark.h"

namespace closure::sqlite {

// What does not fit is looked at so often before it is believed to be damage, for the disk may have erred.
inline constexpr int kLooksMax = 4;

// Calls `look` until it answers that it is done; false when it is not at the last look.
template <typename Look>
bool LookAgain(Look look) {
  for (int looks = 1; looks <= kLooksMax; ++looks) {
    if (!look()) continue;
    if (looks > 1) Reach(Mark::kReadAgain);
    return true;
  }
  return false;
}

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_LOOK_AGAIN_H_
