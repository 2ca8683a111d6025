// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_STORED_CLOSURE_H_
#define CLOSURE_SERVER_STORED_CLOSURE_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "grpcpp/support/slice.h"

namespace closure {

// A closure as reads answer it: nearly all of it as it is stored, in the bytes in which it is sent.
struct StoredClosure {
  // What TimedPart (closure_view.h), ReadWaits (closure_waits.h) and the watch of a closure go by, and nothing else.
  internal::v1::ClosureData facts;
  // The v1::Closure without what depends on the time at which it is read (KeepLastingPart), serialized.
  grpc::Slice lasting_part;

  // About how much memory it takes.
  std::size_t Bytes() const { return kFactsBytes + lasting_part.size(); }

  static constexpr std::size_t kFactsBytes = 1 << 10;
};

// Takes what is stored apart, a serialized ClosureData; `name` is the closure's, for people. Errors: INTERNAL for bytes
// that are not understood.
absl::StatusOr<StoredClosure> ReadStoredClosure(std::string_view bytes, std::string_view name);

}  // namespace closure

#endif  // CLOSURE_SERVER_STORED_CLOSURE_H_
