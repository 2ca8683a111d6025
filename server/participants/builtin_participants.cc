// SPDX-License-Identifier: Apache-2.0
// The participants that call the upstream systems. What each does in a phase is listed in its Perform; stages order
// them within DELETE: consented debts are voided before data is purged, and the account itself goes last, because
// nothing can be done to an account that is gone.
#include <utility>

#include "fmt/format.h"
#include "protos/money.h"
#include "server/participants/act_sequence.h"
#include "server/participants/participant.h"
#include "server/renounced_money.h"

namespace closure {
namespace {

constexpr char kServiceLinkedRole[] = "AliyunServiceRoleForAccountDeletion";
constexpr char kVersion[] = "1";

struct PhaseStage {
  v1::ParticipantPhase phase;
  int stage;
};

// An unknown phase must never read as done.
absl::Status NoSuchPhase(const v1::PerformRequest& request) {
  return absl::InternalError(
      fmt::format("the participant takes no part in {}", v1::ParticipantPhase_Name(request.phase())));
}

v1::ParticipantDescription Describe(std::string_view name, std::initializer_list<PhaseStage> stages) {
  v1::ParticipantDescription description;
  description.set_name(std::string(name));
  description.set_version(kVersion);
  for (const PhaseStage& each : stages) {
    auto& stage = *description.add_stages();
    stage.set_phase(each.phase);
    stage.set_stage(each.stage);
  }
  return description;
}

// Freezes and seals billing, forfeits balances, voids debts.
class BillingParticipant final : public Participant {
 public:
  explicit BillingParticipant(const Upstreams& upstreams) : billing_(upstreams.billing) {}

  const v1::ParticipantDescription& description() const override {
    static const v1::ParticipantDescription& description =
        *new v1::ParticipantDescription(Describe(kBillingName, {{v1::FREEZE, 1},
                                                                {v1::THAW, 1},
                                                                {v1::ENTER_SILENT_PERIOD, 1},
                                                                {v1::SEAL, 1},
                                                                {v1::DELETE, 1},
                                                                {v1::RESTORE, 1}}));
    return description;
  }

  void Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) override {
    using upstream::v1::BillingService;
    using Async = BillingService::StubInterface::async_interface;
    ActSequence acts(kBillingName, request);
    switch (request.phase()) {
      case v1::FREEZE:
        acts.Add("freeze", billing_, &Async::FreezeBilling, upstream::v1::FreezeBillingRequest());
        break;
      case v1::THAW:
        acts.Add("thaw", billing_, &Async::ThawBilling, upstream::v1::ThawBillingRequest());
        break;
      case v1::ENTER_SILENT_PERIOD:
        // A balance that moved is not what was renounced; it stays, and the final check finds it.
        AddRenunciations(request, acts);
        break;
      case v1::SEAL:
        acts.Add("seal", billing_, &Async::SealBilling, upstream::v1::SealBillingRequest());
        break;
      case v1::DELETE:
        // Past the point of no return a debt that was paid meanwhile must not keep the deletion from its end.
        AddRenunciations(request, acts);
        break;
      case v1::RESTORE:
        acts.Add("unseal", billing_, &Async::UnsealBilling, upstream::v1::UnsealBillingRequest());
        acts.Add("thaw", billing_, &Async::ThawBilling, upstream::v1::ThawBillingRequest());
        break;
      default:
        return std::move(done)(NoSuchPhase(request));
    }
    ActSequence::Run(std::move(acts), options, std::move(done));
  }

 private:
  void AddRenunciations(const v1::PerformRequest& request, ActSequence& acts) {
    using Async = upstream::v1::BillingService::StubInterface::async_interface;
    for (const v1::Renunciation& renunciation : request.renunciations()) {
      const std::string& currency = renunciation.amount().currency_code();
      if (renunciation.kind() == v1::BALANCE) {
        upstream::v1::ForfeitBalanceRequest forfeit;
        *forfeit.mutable_expected_amount() = renunciation.amount();
        acts.Add(fmt::format("forfeit/{}", currency), billing_, &Async::ForfeitBalance, std::move(forfeit),
                 renunciation.fingerprint());
      } else {
        upstream::v1::VoidDebtRequest voiding;
        *voiding.mutable_expected_amount() = renunciation.amount();
        acts.Add(fmt::format("void/{}", currency), billing_, &Async::VoidDebt, std::move(voiding),
                 renunciation.fingerprint());
      }
    }
  }

  const std::shared_ptr<upstream::v1::BillingService::StubInterface> billing_;
};

// Stops new instances, and purges what products keep.
class ResourcesParticipant final : public Participant {
 public:
  explicit ResourcesParticipant(const Upstreams& upstreams) : resources_(upstreams.resource) {}

  const v1::ParticipantDescription& description() const override {
    static const v1::ParticipantDescription& description = *new v1::ParticipantDescription(
        Describe("resources", {{v1::FREEZE, 1}, {v1::THAW, 1}, {v1::DELETE, 2}, {v1::RESTORE, 1}}));
    return description;
  }

  void Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) override {
    using Async = upstream::v1::ResourceService::StubInterface::async_interface;
    ActSequence acts("resources", request);
    switch (request.phase()) {
      case v1::FREEZE:
        acts.Add("freeze", resources_, &Async::FreezeResources, upstream::v1::FreezeResourcesRequest());
        break;
      case v1::THAW:
      case v1::RESTORE:
        acts.Add("thaw", resources_, &Async::ThawResources, upstream::v1::ThawResourcesRequest());
        break;
      case v1::DELETE:
        acts.Add("purge", resources_, &Async::PurgeData, upstream::v1::PurgeDataRequest());
        break;
      default:
        return std::move(done)(NoSuchPhase(request));
    }
    ActSequence::Run(std::move(acts), options, std::move(done));
  }

 private:
  const std::shared_ptr<upstream::v1::ResourceService::StubInterface> resources_;
};

// Deletes bindings to third-party accounts (R7).
class BindingsParticipant final : public Participant {
 public:
  explicit BindingsParticipant(const Upstreams& upstreams) : account_(upstreams.account) {}

  const v1::ParticipantDescription& description() const override {
    static const v1::ParticipantDescription& description =
        *new v1::ParticipantDescription(Describe("bindings", {{v1::DELETE, 2}}));
    return description;
  }

  void Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) override {
    using Async = upstream::v1::AccountService::StubInterface::async_interface;
    ActSequence acts("bindings", request);
    acts.Add("unbind", account_, &Async::UnbindThirdParties, upstream::v1::UnbindThirdPartiesRequest());
    ActSequence::Run(std::move(acts), options, std::move(done));
  }

 private:
  const std::shared_ptr<upstream::v1::AccountService::StubInterface> account_;
};

// Stops contact changes, logs out, keeps the service-linked role, and deletes the account at the very end.
class AccountParticipant final : public Participant {
 public:
  explicit AccountParticipant(const Upstreams& upstreams) : account_(upstreams.account) {}

  const v1::ParticipantDescription& description() const override {
    static const v1::ParticipantDescription& description = *new v1::ParticipantDescription(Describe(
        "account", {{v1::FREEZE, 1}, {v1::THAW, 1}, {v1::ENTER_SILENT_PERIOD, 2}, {v1::DELETE, 3}, {v1::RESTORE, 1}}));
    return description;
  }

  void Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) override {
    using Async = upstream::v1::AccountService::StubInterface::async_interface;
    upstream::v1::DeleteServiceLinkedRoleRequest delete_role;
    delete_role.set_role_name(kServiceLinkedRole);
    ActSequence acts("account", request);
    switch (request.phase()) {
      case v1::FREEZE:
        acts.Add("freeze", account_, &Async::FreezeAccount, upstream::v1::FreezeAccountRequest());
        break;
      case v1::THAW:
        acts.Add("thaw", account_, &Async::ThawAccount, upstream::v1::ThawAccountRequest());
        break;
      case v1::ENTER_SILENT_PERIOD: {
        upstream::v1::CreateServiceLinkedRoleRequest create_role;
        create_role.set_role_name(kServiceLinkedRole);
        acts.Add("logout", account_, &Async::TerminateSessions, upstream::v1::TerminateSessionsRequest());
        acts.Add("create-role", account_, &Async::CreateServiceLinkedRole, std::move(create_role));
        break;
      }
      case v1::DELETE:
        acts.Add("delete-role", account_, &Async::DeleteServiceLinkedRole, std::move(delete_role));
        acts.Add("delete-account", account_, &Async::DeleteAccount, upstream::v1::DeleteAccountRequest());
        break;
      case v1::RESTORE:
        acts.Add("delete-role", account_, &Async::DeleteServiceLinkedRole, std::move(delete_role));
        acts.Add("thaw", account_, &Async::ThawAccount, upstream::v1::ThawAccountRequest());
        break;
      default:
        return std::move(done)(NoSuchPhase(request));
    }
    ActSequence::Run(std::move(acts), options, std::move(done));
  }

 private:
  const std::shared_ptr<upstream::v1::AccountService::StubInterface> account_;
};

}  // namespace

std::vector<std::shared_ptr<Participant>> MakeBuiltinParticipants(const Upstreams& upstreams) {
  return {
      std::make_shared<AccountParticipant>(upstreams),
      std::make_shared<BillingParticipant>(upstreams),
      std::make_shared<BindingsParticipant>(upstreams),
      std::make_shared<ResourcesParticipant>(upstreams),
  };
}

}  // namespace closure
