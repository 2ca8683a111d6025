// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "closure/upstream/v1/domain_service.grpc.pb.h"
#include "sandbox/holding_rows.h"
#include "sandbox/page.h"
#include "sandbox/upstream_services.h"

namespace closure {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using upstream::v1::Domain;
using upstream::v1::IcpFiling;

std::string Name(std::string_view method) { return MethodName<upstream::v1::DomainService>(method); }

class DomainService final : public upstream::v1::DomainService::CallbackService {
 public:
  explicit DomainService(UpstreamCalls& calls) : calls_(calls) {}

 private:
  ServerUnaryReactor* ListDomains(CallbackServerContext* context, const upstream::v1::ListDomainsRequest* request,
                                  upstream::v1::ListDomainsResponse* response) override {
    const std::string name = Name("ListDomains");
    return calls_.Read(context, name, request->account_id(), response, [&](SqliteTransaction& tx, absl::Time) {
      return FillPage(
          name, *request, *response,
          [&](const std::string& after, int limit) { return ReadDomains(tx, request->account_id(), after, limit); },
          [](const Domain& domain) { return domain.domain_name(); },
          [&](const Domain& domain) { *response->add_domains() = domain; });
    });
  }

  ServerUnaryReactor* ListIcpFilings(CallbackServerContext* context, const upstream::v1::ListIcpFilingsRequest* request,
                                     upstream::v1::ListIcpFilingsResponse* response) override {
    const std::string name = Name("ListIcpFilings");
    return calls_.Read(context, name, request->account_id(), response, [&](SqliteTransaction& tx, absl::Time) {
      return FillPage(
          name, *request, *response,
          [&](const std::string& after, int limit) { return ReadIcpFilings(tx, request->account_id(), after, limit); },
          [](const IcpFiling& filing) { return filing.filing_number(); },
          [&](const IcpFiling& filing) { *response->add_filings() = filing; });
    });
  }

  UpstreamCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDomainService(UpstreamCalls& calls) {
  return std::make_unique<DomainService>(calls);
}

}  // namespace closure
