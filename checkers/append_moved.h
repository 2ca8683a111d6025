// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_APPEND_MOVED_H_
#define CLOSURE_CHECKERS_APPEND_MOVED_H_

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace closure {

// Moves what is in `from` behind what is in `to`; the first vector is taken as it is.
template <typename Item>
void AppendMoved(std::vector<Item>&& from, std::vector<Item>& to) {
  if (to.empty())
    to = std::move(from);
  else
    std::ranges::move(from, std::back_inserter(to));
  from.clear();
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_APPEND_MOVED_H_
