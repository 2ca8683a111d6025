// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/partner_service.grpc.pb.h"
#include "sandbox/relation_rows.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

class PartnerService final : public upstream::v1::PartnerService::CallbackService {
 public:
  explicit PartnerService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  grpc::ServerUnaryReactor* GetResellerRelationship(grpc::CallbackServerContext* context,
                                                    const upstream::v1::GetResellerRelationshipRequest* request,
                                                    upstream::v1::ResellerRelationship* response) override {
    return calls_.Read(context, MethodName<upstream::v1::PartnerService>("GetResellerRelationship"),
                       request->account_id(), response, [&](SqliteTransaction& tx, absl::Time) {
                         *response = ReadReseller(tx, request->account_id());
                         return absl::OkStatus();
                       });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePartnerService(UpstreamCalls& calls) {
  return std::make_unique<PartnerService>(calls);
}

}  // namespace closure
