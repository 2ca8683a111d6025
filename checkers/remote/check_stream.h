// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_CHECK_STREAM_H_
#define CLOSURE_CHECKERS_REMOTE_CHECK_STREAM_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/checker.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.pb.h"
#include "grpcpp/support/byte_buffer.h"

namespace closure {

// Puts the answer of a checker together from the pieces of its stream: items, and one summary behind them. Not
// thread-safe.
class CheckStream {
 public:
  // `who` stands in front of every error; `account_id` is the account that was asked about.
  CheckStream(std::string who, std::string account_id, const RemoteChecker::Limits& limits)
      : who_(std::move(who)), account_id_(std::move(account_id)), limits_(limits) {}

  // Takes the next piece, the bytes of a CheckResponse, which are consumed. Errors: MalformedAnswer, TooMuchAnswer; the
  // stream is to be ended then, and nothing more is taken.
  absl::Status Take(grpc::ByteBuffer& bytes);

  // The answer of a stream that ended well. Errors: MalformedAnswer where it did not end with a summary that is right.
  absl::StatusOr<CheckAnswer> Finish();

 private:
  absl::Status TakeItem(v1::ReportedItem& item);
  absl::Status Malformed(const std::string& what) const;

  const std::string who_;
  const std::string account_id_;
  const RemoteChecker::Limits limits_;
  CheckAnswer answer_;
  std::size_t bytes_ = 0;
  std::optional<v1::CheckSummary> summary_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_CHECK_STREAM_H_
