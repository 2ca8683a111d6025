// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/cloud_fixture.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace closure::test {

Cloud::Cloud(std::string database_path, std::string listen_address) {
  auto opened = Sandbox::Open({.database_path = std::move(database_path),
                               .now = [this] { return now; },
                               .advance = [this](absl::Duration span) -> absl::StatusOr<absl::Time> {
                                 now += span;
                                 return now;
                               },
                               .listen_address = std::move(listen_address)});
  INFO(opened.status());
  REQUIRE(opened.ok());
  sandbox = *std::move(opened);
  account = upstream::v1::AccountService::NewStub(sandbox->channel());
  billing = upstream::v1::BillingService::NewStub(sandbox->channel());
  domain = upstream::v1::DomainService::NewStub(sandbox->channel());
  messaging = upstream::v1::MessagingService::NewStub(sandbox->channel());
  partner = upstream::v1::PartnerService::NewStub(sandbox->channel());
  resource = upstream::v1::ResourceService::NewStub(sandbox->channel());
  directory = upstream::v1::ResourceDirectoryService::NewStub(sandbox->channel());
  trusteeship = upstream::v1::TrusteeshipService::NewStub(sandbox->channel());
  participant = v1::ParticipantService::NewStub(sandbox->channel());
  control = sandbox::v1::SandboxService::NewStub(sandbox->channel());
}

void Cloud::Load(std::string_view json) {
  const auto file = ParseCloudFile(json);
  INFO(file.status());
  REQUIRE(file.ok());
  const auto ids = sandbox->Load(*file);
  INFO(ids.status());
  REQUIRE(ids.ok());
}

void Cloud::LoadAccount(std::string_view account_id, std::string_view members) {
  const bool has_contact =
      members.find("\"email\"") != std::string_view::npos || members.find("\"phone\"") != std::string_view::npos;
  Load(fmt::format(R"({{"accounts": [{{"accountId": "{}"{}{}{}}}]}})", account_id,
                   has_contact ? "" : R"(, "email": {"address": "owner@a.example"})", members.empty() ? "" : ", ",
                   members));
}

sandbox::v1::ShowAccountResponse Cloud::Show(std::string_view account_id) {
  return Must(*control, &ControlStub::ShowAccount, ForAccount<sandbox::v1::ShowAccountRequest>(account_id));
}

upstream::v1::ActResult::Outcome Cloud::Freeze(std::string_view account_id, std::string_view key, int64_t fence) {
  return Must(*billing, &BillingStub::FreezeBilling, ActOn<upstream::v1::FreezeBillingRequest>(account_id, key, fence))
      .outcome();
}

upstream::v1::ActResult::Outcome Cloud::Delete(std::string_view account_id, std::string_view key, int64_t fence) {
  return Must(*account, &AccountStub::DeleteAccount, ActOn<upstream::v1::DeleteAccountRequest>(account_id, key, fence))
      .outcome();
}

void Cloud::SetFault(std::string_view method, sandbox::v1::SetFaultRequest::Fault fault, int calls,
                     std::string_view account_id) {
  sandbox::v1::SetFaultRequest request;
  request.set_method(std::string(method));
  request.set_fault(fault);
  request.set_calls(calls);
  request.set_account_id(std::string(account_id));
  Must(*control, &ControlStub::SetFault, request);
}

}  // namespace closure::test
