// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PAGE_ROOM_H_
#define CLOSURE_SERVER_PAGE_ROOM_H_

#include <cstddef>

#include "google/protobuf/message_lite.h"

namespace closure {

// The most bytes of one page, so that it stays below what gRPC clients receive unless told otherwise, 4 MiB.
inline constexpr std::size_t kPageBytesMax = 3 << 20;

// What one page of a list still has room for: so many entries and so many bytes as it may have. Entries are taken in
// their order, until one does not fit; the next page begins with it. The first entry always fits, so that every page
// leads on. Not thread-safe.
class PageRoom {
 public:
  explicit PageRoom(int entries_max);

  // Whether the entry goes into this page, which then has less room.
  bool Take(const google::protobuf::MessageLite& entry);

 private:
  int entries_left_;
  std::size_t bytes_left_;
  bool empty_ = true;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PAGE_ROOM_H_
