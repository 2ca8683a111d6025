// SPDX-License-Identifier: Apache-2.0
#include "server/rpc.h"

#include <limits>

#include "server/errors.h"

namespace closure {

void LogFailure(std::string_view method, const absl::Status& status, Log& log) {
  if (status.ok()) return;
  const v1::ErrorReason reason = ReasonOf(status);
  const bool fault =
      reason == v1::ERROR_REASON_UNSPECIFIED || reason == v1::INTERNAL_FAULT || reason == v1::STORE_UNAVAILABLE;
  const std::string text = status.ToString(absl::StatusToStringMode::kWithNoExtraData);
  if (fault) log.Error("a call failed", {{"method", method}, {"status", text}});
  if (reason == v1::ACCOUNT_SYSTEM_UNAVAILABLE)
    log.Warning("a call was refused, for the account system did not answer", {{"method", method}, {"status", text}});
}

grpc::Status EndCall(std::string_view method, const absl::Status& status, Log& log) {
  LogFailure(method, status, log);
  return ToGrpcStatus(status);
}

grpc::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request) {
  grpc::Slice slice;
  const bool parsed = bytes.DumpToSingleSlice(&slice).ok() && slice.size() <= std::numeric_limits<int>::max() &&
                      request.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  return parsed ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
}

absl::Status RefuseWhenStopping(const absl::Notification& stopping) {
  if (!stopping.HasBeenNotified()) return absl::OkStatus();
  return Error(v1::SHUTTING_DOWN,
               "closured: the server is stopping; repeat the call, and a change with the same request id");
}

}  // namespace closure
