// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/resource_directory_service.grpc.pb.h"
#include "sandbox/relation_rows.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

class ResourceDirectoryService final : public upstream::v1::ResourceDirectoryService::CallbackService {
 public:
  explicit ResourceDirectoryService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  grpc::ServerUnaryReactor* GetMembership(grpc::CallbackServerContext* context,
                                          const upstream::v1::GetMembershipRequest* request,
                                          upstream::v1::Membership* response) override {
    return calls_.Read(context, MethodName<upstream::v1::ResourceDirectoryService>("GetMembership"),
                       request->account_id(), response, [&](SqliteTransaction& tx, absl::Time) {
                         *response = ReadMembership(tx, request->account_id());
                         return absl::OkStatus();
                       });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeResourceDirectoryService(UpstreamCalls& calls) {
  return std::make_unique<ResourceDirectoryService>(calls);
}

}  // namespace closure
