// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/sandbox_account.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"
#include "closure/sandbox/v1/cloud_file.pb.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::ShowAccountResponse;
using upstream::v1::Account;
using upstream::v1::Membership;

std::string YesNo(bool value) { return value ? "yes" : "no"; }

// The text behind a word, or nothing where there is none.
std::string Part(absl::string_view before, const std::string& text) {
  return text.empty() ? "" : absl::StrCat(before, text);
}

std::string ContactText(const sandbox::v1::CloudContactPoint& point) {
  return absl::StrCat(point.address(),
                      point.has_change_time() ? absl::StrCat(", changed ", TimeText(point.change_time())) : "");
}

std::string DirectoryText(const Membership& membership) {
  const bool member = membership.member_type() != Membership::MEMBER_TYPE_UNSPECIFIED;
  return absl::StrCat(EnumText(membership.role()), member ? absl::StrCat(", ", EnumText(membership.member_type())) : "",
                      Part(", of ", membership.directory_id()),
                      Part(", managed by ", membership.management_account_id()));
}

std::string TrusteeshipText(const sandbox::v1::CloudTrusteeship& trusteeship) {
  return absl::StrCat(EnumText(trusteeship.role()), Part(", of ", trusteeship.administrator_account_id()),
                      Part(", members ", absl::StrJoin(trusteeship.member_account_ids(), ", ")));
}

void AddIdentity(const CloudAccount& account, FieldList& fields) {
  fields.Add("NAME", account.account_id());
  fields.AddIf("DISPLAY_NAME", account.display_name());
  fields.AddIf("DESCRIPTION", account.description());
  if (account.state() != Account::STATE_UNSPECIFIED) fields.Add("STATE", EnumText(account.state()));
  fields.AddIf("ORGANIZATION", account.organization_id());
  fields.AddIf("LANGUAGE", account.language_code());
  if (account.has_email()) fields.Add("EMAIL", ContactText(account.email()));
  if (account.has_phone()) fields.Add("PHONE", ContactText(account.phone()));
  fields.AddIf("RAM_USERS", absl::StrJoin(account.ram_users(), ", "));
}

// How far a closure has come with it.
void AddFlags(const ShowAccountResponse& response, FieldList& fields) {
  fields.Add("DELETED", YesNo(response.deleted()));
  fields.Add(
      "FROZEN",
      absl::StrCat("account ", YesNo(response.account_frozen()), ", billing ", YesNo(response.billing_frozen()),
                   ", resources ", YesNo(response.resources_frozen()), ", archive ", YesNo(response.archive_frozen())));
  fields.Add("BILLING_SEALED", YesNo(response.billing_sealed()));
  fields.Add("SESSIONS", absl::StrCat(response.account().sessions_size()));
  fields.Add("ROLES", absl::StrJoin(response.service_linked_roles(), ", "));
}

void AddMoney(const CloudAccount& account, FieldList& fields) {
  for (const auto& funds : account.funds()) {
    fields.Add("FUNDS", absl::StrCat("balance ", funds.balance().empty() ? "0" : funds.balance(), ", debt ",
                                     funds.debt().empty() ? "0" : funds.debt(), " ", funds.currency_code()));
  }
  for (const auto& bill : account.bills())
    fields.Add("BILL", absl::StrCat(bill.bill_id(), " ", bill.amount(), " ", bill.currency_code()));
  for (const auto& late : account.late_bills()) {
    const auto& bill = late.bill();
    fields.Add("LATE_BILL", absl::StrCat(bill.bill_id(), " ", bill.amount(), " ", bill.currency_code(), ", ",
                                         DurationText(late.after_freeze()), " after billing is frozen",
                                         late.as_debt() ? ", as debt" : ""));
  }
  for (const auto& charge : account.unbilled_charges()) {
    const bool expected = charge.has_expect_bill_time();
    fields.Add(
        "UNBILLED_CHARGE",
        absl::StrCat(charge.charge_id(), Part(" ", charge.product()), " ", charge.amount(), " ", charge.currency_code(),
                     expected ? absl::StrCat(", billed at ", TimeText(charge.expect_bill_time())) : ""));
  }
  for (const auto& note : account.credit_notes())
    fields.Add("CREDIT_NOTE", absl::StrCat(note.credit_note_id(), " ", note.amount(), " ", note.currency_code()));
}

void AddHoldings(const ShowAccountResponse& response, FieldList& fields) {
  const CloudAccount& account = response.account();
  for (const auto& domain : account.domains()) fields.Add("DOMAIN", domain.domain_name());
  for (const auto& filing : account.icp_filings()) fields.Add("ICP_FILING", filing.filing_number());
  fields.Add("RESOURCES", absl::StrCat(account.resources_size() + account.bulk_resource_count()));
  fields.Add("BINDINGS", absl::StrCat(account.third_party_bindings_size()));
  if (response.archived_rows() > 0) fields.Add("ARCHIVED_ROWS", absl::StrCat(response.archived_rows()));
}

void AddRelations(const CloudAccount& account, FieldList& fields) {
  if (account.has_resource_directory()) fields.Add("RESOURCE_DIRECTORY", DirectoryText(account.resource_directory()));
  if (account.has_trusteeship()) fields.Add("TRUSTEESHIP", TrusteeshipText(account.trusteeship()));
  if (account.has_reseller()) {
    fields.Add("RESELLER",
               absl::StrCat(account.reseller().partner_id(), Part(", ", account.reseller().partner_name())));
  }
}

std::string ActsText(const ShowAccountResponse& response, const Style& style) {
  if (response.acts().empty()) return "";
  Table acts({"ACT", "OUTCOME", "CALLS", "FENCE", "AMOUNT", "CREATE_TIME"});
  for (const sandbox::v1::SandboxAct& act : response.acts()) {
    acts.AddRow({LastSegment(act.method()), act.outcome(), absl::StrCat(act.calls()), absl::StrCat(act.fence()),
                 act.has_amount() ? AmountText(act.amount()) : "", TimeText(act.create_time())});
  }
  return absl::StrCat("\n", acts.Text(style));
}

}  // namespace

std::string SandboxAccountText(const ShowAccountResponse& response, const Style& style) {
  FieldList fields;
  AddIdentity(response.account(), fields);
  AddFlags(response, fields);
  AddMoney(response.account(), fields);
  AddHoldings(response, fields);
  AddRelations(response.account(), fields);
  return absl::StrCat(fields.Text(style), ActsText(response, style));
}

}  // namespace closure
