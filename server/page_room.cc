// SPDX-License-Identifier: Apache-2.0
#include "server/page_room.h"

#include <algorithm>

namespace closure {
namespace {

// The token of the next page and the counts beside the entries.
constexpr std::size_t kBytesBesideEntries = 1024;
// The tag and the length in front of an entry.
constexpr std::size_t kFramingBytes = 6;

}  // namespace

PageRoom::PageRoom(int entries_max) : entries_left_(entries_max), bytes_left_(kPageBytesMax - kBytesBesideEntries) {}

bool PageRoom::Take(const google::protobuf::MessageLite& entry) {
  const std::size_t bytes = entry.ByteSizeLong() + kFramingBytes;
  if (entries_left_ <= 0 || (!empty_ && bytes > bytes_left_)) return false;
  --entries_left_;
  bytes_left_ -= std::min(bytes, bytes_left_);
  empty_ = false;
  return true;
}

}  // namespace closure
