// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_peer.h"

#include <utility>

#include "fmt/format.h"

namespace closure {

RemotePeer::RemotePeer(v1::CheckerDescription description, std::shared_ptr<grpc::ChannelInterface> channel,
                       RemoteChecker::Options options)
    : description_(std::move(description)),
      who_(fmt::format("checker({})", description_.name())),
      stub_(v1::CheckerService::NewStub(channel)),
      check_method_(std::move(channel)),
      options_(std::move(options)),
      breaker_(options_.breaker),
      slots_(options_.calls_max) {}

}  // namespace closure
