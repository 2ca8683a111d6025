// SPDX-License-Identifier: Apache-2.0
#include "server/closure_watch.h"

#include <array>
#include <iterator>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "server/closure_waits.h"
#include "server/errors.h"
#include "server/machine.h"
#include "server/resource_names.h"
#include "server/wire_tag.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr int kGatePage = 200;

std::vector<v1::WatchGatesResponse> Responses(const std::vector<GateRow>& rows) {
  std::vector<v1::WatchGatesResponse> responses(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    responses[i].set_account(FormatAccountName(rows[i].account_id));
    responses[i].set_gate_state(rows[i].state);
    responses[i].set_revision(rows[i].revision);
  }
  return responses;
}

// What stands before so many bytes of a closure in a WatchClosureResponse.
grpc::Slice HeadOfClosure(std::size_t bytes) {
  using Output = google::protobuf::io::CodedOutputStream;
  constexpr uint32_t kTag = LengthDelimitedTag(v1::WatchClosureResponse::kClosureFieldNumber);
  std::array<uint8_t, 16> head;
  uint8_t* const after_tag = Output::WriteTagToArray(kTag, head.data());
  const uint8_t* const end = Output::WriteVarint32ToArray(static_cast<uint32_t>(bytes), after_tag);
  return {head.data(), static_cast<std::size_t>(end - head.data())};
}

}  // namespace

bool IsOver(const v1::Closure& closure) {
  return IsTerminal(closure.state()) && closure.has_personal_data_erase_time();
}

ClosureWatch::ClosureWatch(const Parts& parts, ClosureKey key, int64_t after_revision)
    : WatchStream(parts.hub), parts_(parts), key_(std::move(key)), sent_revision_(after_revision) {}

absl::StatusOr<grpc::ByteBuffer> ClosureWatch::Response(const StoredClosure& stored) const {
  CLOSURE_ASSIGN_OR_RETURN(const grpc::Slice timed_part,
                           TimedPartWithWaits(*parts_.store, stored.facts, parts_.clock->Now()));
  const grpc::Slice parts[] = {HeadOfClosure(stored.lasting_part.size() + timed_part.size()), stored.lasting_part,
                               timed_part};
  return grpc::ByteBuffer(parts, std::size(parts));
}

void ClosureWatch::Look() {
  do {
    const auto stored = parts_.cache->FindClosure(key_);
    if (!stored.ok()) return Close(ToGrpcStatus(stored.status()));
    const v1::Closure& closure = (*stored)->facts.closure();
    const bool news = closure.revision() > sent_revision_;
    if (news) {
      absl::StatusOr<grpc::ByteBuffer> response = Response(**stored);
      if (!response.ok()) return Close(ToGrpcStatus(response.status()));
      sent_revision_ = closure.revision();
      Push(*std::move(response));
    }
    if (IsOver(closure)) return Close(grpc::Status::OK);
    // The turn is given back by OnIdle, when this has been sent; from here on another thread may have it.
    if (news) return;
  } while (turn_.Keep());
}

GateWatch::GateWatch(ClosureStore* store, WatchHub* hub, int64_t after_revision)
    : WatchStream(hub), store_(store), sent_revision_(after_revision) {}

void GateWatch::Look() {
  do {
    const absl::StatusOr<std::vector<GateRow>> rows = store_->ListGates(sent_revision_, kGatePage);
    if (!rows.ok()) return Close(ToGrpcStatus(rows.status()));
    if (rows->empty()) continue;
    // After a full page there may be more.
    if (rows->size() == static_cast<std::size_t>(kGatePage)) turn_.Again();
    sent_revision_ = rows->back().revision;
    // The turn is given back by OnIdle, when all have been sent; from here on another thread may have it.
    return PushAll(Responses(*rows));
  } while (turn_.Keep());
}

}  // namespace closure
