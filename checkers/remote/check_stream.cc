// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/check_stream.h"

#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/proto_time.h"
#include "checkers/remote/remote_channel.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "grpcpp/impl/codegen/proto_utils.h"

namespace closure {

absl::Status CheckStream::Malformed(const std::string& what) const {
  return MalformedAnswer(fmt::format("{}: {}", who_, what));
}

absl::Status CheckStream::Take(grpc::ByteBuffer& bytes) {
  if (bytes.Length() > kRemoteMessageMax) {
    return TooMuchAnswer(fmt::format("{}: a message of the answer has {} bytes, and {} are the most", who_,
                                     bytes.Length(), kRemoteMessageMax));
  }
  v1::CheckResponse piece;
  if (!grpc::SerializationTraits<v1::CheckResponse>::Deserialize(&bytes, &piece).ok())
    return Malformed("a piece of the stream is no CheckResponse, or has text that is not UTF-8");
  if (summary_) return Malformed("the stream goes on behind its summary");
  switch (piece.part_case()) {
    case v1::CheckResponse::kItem:
      return TakeItem(*piece.mutable_item());
    case v1::CheckResponse::kSummary:
      summary_ = piece.summary();
      return absl::OkStatus();
    default:
      return Malformed("a piece of the stream is neither an item nor a summary");
  }
}

absl::Status CheckStream::TakeItem(v1::ReportedItem& item) {
  if (answer_.items.size() >= static_cast<std::size_t>(limits_.items_max))
    return TooMuchAnswer(fmt::format("{}: the answer has more than {} items", who_, limits_.items_max));
  bytes_ += item.ByteSizeLong();
  if (bytes_ > limits_.bytes_max)
    return TooMuchAnswer(fmt::format("{}: the answer's items have more than {} bytes", who_, limits_.bytes_max));
  answer_.items.push_back(std::move(item));
  return absl::OkStatus();
}

absl::StatusOr<CheckAnswer> CheckStream::Finish() {
  if (!summary_) return Malformed("the stream ended without a summary");
  if (static_cast<std::size_t>(summary_->item_count()) != answer_.items.size()) {
    return Malformed(
        fmt::format("the summary says {} items, and {} came", summary_->item_count(), answer_.items.size()));
  }
  if (summary_->account_id() != account_id_) {
    return Malformed(fmt::format("the summary is about the account {}, which was not asked about",
                                 QuotedExcerpt(summary_->account_id())));
  }
  const std::optional<absl::Time> as_of = TimeFromProto(summary_->as_of_time());
  if (!summary_->has_as_of_time() || !as_of) return Malformed("the summary does not say as of when the facts are");
  answer_.as_of = *as_of;
  return std::move(answer_);
}

}  // namespace closure
