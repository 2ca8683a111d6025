// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/trusteeship_service.grpc.pb.h"
#include "sandbox/page.h"
#include "sandbox/relation_rows.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

std::string Name(std::string_view method) { return MethodName<upstream::v1::TrusteeshipService>(method); }

class TrusteeshipService final : public upstream::v1::TrusteeshipService::CallbackService {
 public:
  explicit TrusteeshipService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  ServerUnaryReactor* GetTrusteeship(CallbackServerContext* context, const upstream::v1::GetTrusteeshipRequest* request,
                                     upstream::v1::Trusteeship* response) override {
    return calls_.Read(context, Name("GetTrusteeship"), request->account_id(), response,
                       [&](SqliteTransaction& tx, absl::Time) {
                         *response = ReadTrusteeship(tx, request->account_id());
                         return absl::OkStatus();
                       });
  }

  ServerUnaryReactor* ListTrusteeshipMembers(CallbackServerContext* context,
                                             const upstream::v1::ListTrusteeshipMembersRequest* request,
                                             upstream::v1::ListTrusteeshipMembersResponse* response) override {
    const std::string name = Name("ListTrusteeshipMembers");
    return calls_.Read(context, name, request->account_id(), response, [&](SqliteTransaction& tx, absl::Time) {
      return FillPage(
          name, *request, *response,
          [&](const std::string& after, int limit) {
            return ReadTrusteeshipMembers(tx, request->account_id(), after, limit);
          },
          [](const std::string& member) { return member; },
          [&](const std::string& member) { response->add_member_account_ids(member); });
    });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTrusteeshipService(UpstreamCalls& calls) {
  return std::make_unique<TrusteeshipService>(calls);
}

}  // namespace closure
