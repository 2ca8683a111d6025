// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/resource_service.grpc.pb.h"
#include "fmt/format.h"
#include "sandbox/holding_rows.h"
#include "sandbox/page.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using upstream::v1::ActResult;
using upstream::v1::Resource;

std::string Name(std::string_view method) { return MethodName<upstream::v1::ResourceService>(method); }

// What a release compares.
struct ResourceFacts {
  Resource::ChargeType charge_type;
  std::string state;
  bool releasable;
};

std::optional<ResourceFacts> FindFacts(SqliteTransaction& tx, const std::string& account_id,
                                       const std::string& resource_id) {
  std::optional<ResourceFacts> facts;
  tx.Query("SELECT charge_type, state, releasable FROM resources WHERE account_id = ? AND resource_id = ?",
           {account_id, resource_id}, [&](const SqliteRow& row) {
             facts = ResourceFacts{static_cast<Resource::ChargeType>(row.Integer(0)), row.Text(1), row.Boolean(2)};
           });
  return facts;
}

absl::StatusOr<ActResult> Release(SqliteTransaction& tx, const upstream::v1::ReleaseResourceRequest& request) {
  if (request.resource_id().empty())
    return absl::InvalidArgumentError("sandbox: ReleaseResource: resource_id is missing");
  const std::string& account_id = request.act().account_id();
  const std::optional<ResourceFacts> facts = FindFacts(tx, account_id, request.resource_id());
  if (!facts) return Done("it is gone already");
  if (!facts->releasable) {
    return absl::FailedPreconditionError(
        fmt::format("sandbox: the product of resource \"{}\" of the account \"{}\" lets only its console release it",
                    request.resource_id(), account_id));
  }
  if (facts->charge_type != request.expected_charge_type() || facts->state != request.expected_state()) {
    return FactsMoved(fmt::format("it is {} {}, not {} {}", Resource::ChargeType_Name(facts->charge_type), facts->state,
                                  Resource::ChargeType_Name(request.expected_charge_type()), request.expected_state()));
  }
  tx.Run("DELETE FROM resources WHERE account_id = ? AND resource_id = ?", {account_id, request.resource_id()});
  return Done(request.resource_id());
}

// Everything that products keep: instances, and what the registrar and the filing system have left of the account.
ActResult Purge(SqliteTransaction& tx, const std::string& account_id) {
  tx.Run("DELETE FROM resources WHERE account_id = ?", {account_id});
  tx.Run("DELETE FROM domains WHERE account_id = ?", {account_id});
  tx.Run("DELETE FROM icp_filings WHERE account_id = ?", {account_id});
  tx.EmptyLogAfterCommit();
  return Done();
}

ActResult SetFrozen(SqliteTransaction& tx, const std::string& account_id, bool frozen) {
  tx.Run("UPDATE accounts SET resources_frozen = ? WHERE account_id = ?", {frozen, account_id});
  return Done();
}

class ResourceService final : public upstream::v1::ResourceService::CallbackService {
 public:
  explicit ResourceService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  ServerUnaryReactor* ListResources(CallbackServerContext* context, const upstream::v1::ListResourcesRequest* request,
                                    upstream::v1::ListResourcesResponse* response) override {
    const std::string name = Name("ListResources");
    return calls_.Read(context, name, request->account_id(), response, [&](SqliteTransaction& tx, absl::Time) {
      return FillPage(
          name, *request, *response,
          [&](const std::string& after, int limit) { return ReadResources(tx, request->account_id(), after, limit); },
          [](const Resource& resource) { return resource.resource_id(); },
          [&](const Resource& resource) { *response->add_resources() = resource; });
    });
  }

  ServerUnaryReactor* ReleaseResource(CallbackServerContext* context,
                                      const upstream::v1::ReleaseResourceRequest* request,
                                      ActResult* response) override {
    const LedgerEntry entry = {
        .method = Name("ReleaseResource"), .act = request->act(), .amount = {}, .subject = request->resource_id()};
    return calls_.Act(context, entry, response,
                      [&](SqliteTransaction& tx, absl::Time) { return Release(tx, *request); });
  }

  ServerUnaryReactor* FreezeResources(CallbackServerContext* context,
                                      const upstream::v1::FreezeResourcesRequest* request,
                                      ActResult* response) override {
    return calls_.Act(
        context, {.method = Name("FreezeResources"), .act = request->act()}, response,
        [&](SqliteTransaction& tx, absl::Time) { return SetFrozen(tx, request->act().account_id(), true); });
  }

  ServerUnaryReactor* ThawResources(CallbackServerContext* context, const upstream::v1::ThawResourcesRequest* request,
                                    ActResult* response) override {
    return calls_.Act(
        context, {.method = Name("ThawResources"), .act = request->act()}, response,
        [&](SqliteTransaction& tx, absl::Time) { return SetFrozen(tx, request->act().account_id(), false); });
  }

  ServerUnaryReactor* PurgeData(CallbackServerContext* context, const upstream::v1::PurgeDataRequest* request,
                                ActResult* response) override {
    return calls_.Act(context, {.method = Name("PurgeData"), .act = request->act()}, response,
                      [&](SqliteTransaction& tx, absl::Time) { return Purge(tx, request->act().account_id()); });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeResourceService(UpstreamCalls& calls) {
  return std::make_unique<ResourceService>(calls);
}

}  // namespace closure
