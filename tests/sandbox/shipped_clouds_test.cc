// SPDX-License-Identifier: Apache-2.0
// What the shipped cloud files show, as the upstream services answer it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

const std::filesystem::path kClouds = std::filesystem::path(CLOSURE_SOURCE_DIR) / "sandbox" / "clouds";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

sandbox::v1::CloudFile Shipped(const std::string& name) {
  const auto file = ParseCloudFile(ReadAll(kClouds / name));
  INFO(file.status());
  REQUIRE(file.ok());
  return *file;
}

// Everything that blocks or could block, in one line: amounts as "balance 1.00 USD", the rest as counts.
class Facts {
 public:
  Facts(Cloud& cloud, const std::string& account_id) : cloud_(cloud), account_id_(account_id) {
    AddBilling();
    AddHoldings();
    AddRelations();
  }

  std::string Line() const { return absl::StrJoin(facts_, ", "); }

 private:
  void AddCount(int count, std::string_view what) {
    if (count > 0) facts_.push_back(fmt::format("{} {}", count, what));
  }

  void AddBilling() {
    const auto all_funds =
        Must(*cloud_.billing, &BillingStub::ListFunds, ForAccount<upstream::v1::ListFundsRequest>(account_id_));
    for (const auto& funds : all_funds.funds()) {
      if (!IsZero(funds.balance())) facts_.push_back("balance " + FormatMoney(funds.balance()));
      if (!IsZero(funds.debt())) facts_.push_back("debt " + FormatMoney(funds.debt()));
    }
    AddCount(Must(*cloud_.billing, &BillingStub::ListUnpaidBills,
                  ForAccount<upstream::v1::ListUnpaidBillsRequest>(account_id_))
                 .bills_size(),
             "bills");
    AddCount(Must(*cloud_.billing, &BillingStub::ListUnbilledCharges,
                  ForAccount<upstream::v1::ListUnbilledChargesRequest>(account_id_))
                 .charges_size(),
             "charges");
    AddCount(Must(*cloud_.billing, &BillingStub::ListCreditNotes,
                  ForAccount<upstream::v1::ListCreditNotesRequest>(account_id_))
                 .credit_notes_size(),
             "notes");
  }

  void AddHoldings() {
    std::map<std::string, int> resources;
    const auto first_page = Must(*cloud_.resource, &ResourceStub::ListResources,
                                 ForAccount<upstream::v1::ListResourcesRequest>(account_id_));
    for (const auto& resource : first_page.resources()) {
      const bool ended =
          resource.has_expire_time() && resource.expire_time().seconds() < absl::ToUnixSeconds(cloud_.now);
      ++resources[ended ? "expired" : resource.releasable() ? "releasable" : "console-only"];
    }
    for (const auto& [kind, count] : resources) AddCount(count, kind);
    std::map<std::string, int> domains;
    const auto all_domains =
        Must(*cloud_.domain, &DomainStub::ListDomains, ForAccount<upstream::v1::ListDomainsRequest>(account_id_));
    for (const auto& domain : all_domains.domains()) {
      const bool ended = domain.has_expire_time() && domain.expire_time().seconds() < absl::ToUnixSeconds(cloud_.now);
      ++domains[ended ? "expired domains" : "domains"];
    }
    for (const auto& [kind, count] : domains) AddCount(count, kind);
    AddCount(
        Must(*cloud_.domain, &DomainStub::ListIcpFilings, ForAccount<upstream::v1::ListIcpFilingsRequest>(account_id_))
            .filings_size(),
        "filings");
  }

  void AddRelations() {
    const auto membership = Must(*cloud_.directory, &DirectoryStub::GetMembership,
                                 ForAccount<upstream::v1::GetMembershipRequest>(account_id_));
    if (membership.role() == upstream::v1::Membership::MANAGEMENT) facts_.push_back("directory management");
    if (membership.role() == upstream::v1::Membership::MEMBER) {
      facts_.push_back(membership.member_type() == upstream::v1::Membership::RESOURCE_ACCOUNT
                           ? "directory resource account"
                           : "directory cloud account");
    }
    const auto trusteeship = Must(*cloud_.trusteeship, &TrusteeshipStub::GetTrusteeship,
                                  ForAccount<upstream::v1::GetTrusteeshipRequest>(account_id_));
    if (trusteeship.role() == upstream::v1::Trusteeship::MEMBER) facts_.push_back("trusteeship member");
    if (trusteeship.role() == upstream::v1::Trusteeship::ADMINISTRATOR) {
      const int members = Must(*cloud_.trusteeship, &TrusteeshipStub::ListTrusteeshipMembers,
                               ForAccount<upstream::v1::ListTrusteeshipMembersRequest>(account_id_))
                              .member_account_ids_size();
      facts_.push_back(fmt::format("trusteeship of {}", members));
    }
    if (!Must(*cloud_.partner, &PartnerStub::GetResellerRelationship,
              ForAccount<upstream::v1::GetResellerRelationshipRequest>(account_id_))
             .partner_id()
             .empty()) {
      facts_.push_back("reseller");
    }
  }

  Cloud& cloud_;
  const std::string account_id_;
  std::vector<std::string> facts_;
};

// The accounts that are not named here have nothing at all.
const std::map<std::string, std::string> kMatrixFacts = {
    {"bill-unpaid", "1 bills"},
    {"bills-two-currencies", "2 bills"},
    {"credit-note", "1 notes"},
    {"directory-cloud-account", "directory cloud account"},
    {"directory-management", "directory management"},
    {"directory-resource-account", "directory resource account"},
    {"domain-current", "1 domains"},
    {"domain-expired", "1 expired domains"},
    {"domains-mixed", "2 domains, 1 expired domains"},
    {"everything",
     "debt 10.00 EUR, balance 1001 JPY, balance 250.00 USD, 1 bills, 1 charges, 1 notes, 1 console-only, 1 releasable, "
     "1 domains,"
     " 1 filings, directory management, trusteeship of 1, reseller"},
    {"funds-balance-and-debt", "balance 120.00 USD, debt 9.99 USD"},
    {"funds-two-currencies", "balance 1000.00 EUR, balance 1000.00 USD"},
    {"funds-two-currencies-one-above", "balance 1000.01 CNY, balance 5.00 USD"},
    {"icp-filing", "1 filings"},
    {"icp-filing-pending", "1 filings"},
    {"language-zh", "balance 88.88 CNY"},
    {"limit-balance-1000-00-usd", "balance 1000.00 USD"},
    {"limit-balance-1000-000-kwd", "balance 1000.000 KWD"},
    {"limit-balance-1000-001-kwd", "balance 1000.001 KWD"},
    {"limit-balance-1000-01-usd", "balance 1000.01 USD"},
    {"limit-balance-1000-jpy", "balance 1000 JPY"},
    {"limit-balance-1001-jpy", "balance 1001 JPY"},
    {"limit-debt-10-00-usd", "debt 10.00 USD"},
    {"limit-debt-10-000-kwd", "debt 10.000 KWD"},
    {"limit-debt-10-001-kwd", "debt 10.001 KWD"},
    {"limit-debt-10-01-usd", "debt 10.01 USD"},
    {"limit-debt-10-jpy", "debt 10 JPY"},
    {"limit-debt-11-jpy", "debt 11 JPY"},
    {"relations-combined", "directory cloud account, trusteeship of 1, reseller"},
    {"relations-member-only", "trusteeship member, reseller"},
    {"reseller-customer", "reseller"},
    {"resource-payg-console-only", "2 console-only"},
    {"resource-payg-releasable", "1 releasable"},
    {"resource-subscription-current", "1 console-only"},
    {"resource-subscription-expired", "1 expired"},
    {"resource-subscription-releasable", "1 releasable"},
    {"resources-bulk-10000", "100 releasable"},  // of the first page
    {"resources-to-back-up", "2 console-only, 2 releasable"},
    {"trusteeship-administrator", "trusteeship of 2"},
    {"trusteeship-administrator-alone", "trusteeship of 0"},
    {"trusteeship-member", "trusteeship member"},
    {"unbilled-charge", "1 charges"},
};

TEST_CASE("every shipped cloud file loads, and says what it shows", "[R20]") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kClouds)) {
    INFO(entry.path());
    const auto cloud_file = Shipped(entry.path().filename().string());
    CHECK_FALSE(cloud_file.description().empty());
    for (const auto& account : cloud_file.accounts()) {
      CHECK_FALSE(account.description().empty());
      CHECK_FALSE(account.display_name().empty());
    }
    Cloud cloud;
    const auto ids = cloud.sandbox->Load(cloud_file);
    REQUIRE(ids.ok());
    CHECK(ids->size() == static_cast<size_t>(cloud_file.accounts_size()));
    ++files;
  }
  CHECK(files >= 2);
}

TEST_CASE("each account of the matrix has exactly what its name says",
          "[R20][R21][R22][R23][R24][R25][R26][R30][R31][R33][R34][R35][R36][R37][R38][R39][R40]") {
  Cloud cloud;
  const auto matrix = Shipped("matrix.json");
  REQUIRE(cloud.sandbox->Load(matrix).ok());
  size_t found = 0;
  for (const auto& account : matrix.accounts()) {
    INFO(account.account_id());
    const auto row = kMatrixFacts.find(account.account_id());
    CHECK(Facts(cloud, account.account_id()).Line() == (row == kMatrixFacts.end() ? "" : row->second));
    found += row == kMatrixFacts.end() ? 0 : 1;
  }
  CHECK(found == kMatrixFacts.size());
}

// What an account has to have to show a row of the checklist; one of the words is enough.
const std::map<int, std::vector<std::string>> kFactsOfRows = {
    {20, {"bills", "charges", "debt"}},
    {21, {"notes"}},
    {22, {"balance"}},
    {23, {"balance"}},
    {24, {"debt"}},
    {25, {"balance", "debt"}},
    {26, {"balance", "debt"}},
    {27, {"console-only"}},
    {28, {"releasable"}},
    {29, {"console-only"}},
    {30, {"releasable", "console-only"}},
    {31, {"releasable", "console-only", "expired"}},
    {32, {"releasable", "console-only"}},
    {33, {"domains"}},
    {34, {"filings"}},
    {35, {"directory management"}},
    {36, {"directory resource account", "directory cloud account"}},
    {37, {"trusteeship of"}},
    {38, {"trusteeship member"}},
    {39, {"reseller"}},
    {40, {"directory", "trusteeship", "reseller"}},
    {41, {"root"}},
    {42, {"ram:"}},
};

// The facts of an account now and, where the freeze and a week bring more, then; with the identities that are signed
// in.
std::string AllFacts(const sandbox::v1::CloudAccount& account, const sandbox::v1::CloudFile& file) {
  Cloud cloud;
  REQUIRE(cloud.sandbox->Load(file).ok());
  std::string facts = Facts(cloud, account.account_id()).Line();
  for (const auto& session : account.sessions()) facts += ", " + session.identity();
  if (account.late_bills().empty()) return facts;
  cloud.Freeze(account.account_id(), "freeze");
  cloud.now += absl::Hours(168);
  return facts + ", " + Facts(cloud, account.account_id()).Line();
}

TEST_CASE("the matrix covers every row of the checklist, and every account that names a row has what the row is about",
          "[R20][R21][R22][R23][R24][R25][R26][R27][R28][R29][R30][R31][R32][R33][R34][R35][R36][R37][R38][R39][R40]["
          "R41][R42]") {
  std::map<int, int> shown;
  const auto matrix = Shipped("matrix.json");
  for (const auto& account : matrix.accounts()) {
    // Each is loaded alone: the ten thousand resources of one are not loaded over and over.
    sandbox::v1::CloudFile alone = matrix;
    alone.clear_accounts();
    *alone.add_accounts() = account;
    const std::string facts = AllFacts(account, alone);
    for (const auto& [row, words] : kFactsOfRows) {
      if (account.description().find(fmt::format("[R{}]", row)) == std::string::npos) continue;
      INFO(account.account_id() << " names R" << row << " and has: " << facts);
      const auto is_there = [&facts](const std::string& word) { return facts.find(word) != std::string::npos; };
      CHECK((row == 40 ? std::count_if(words.begin(), words.end(), is_there) >= 2
                       : std::any_of(words.begin(), words.end(), is_there)));
      ++shown[row];
    }
  }
  for (int row = 20; row <= 42; ++row) {
    INFO("R" << row);
    CHECK(shown[row] > 0);
  }
}

TEST_CASE("the matrix has the contact points that verification depends on", "[D9][R44]") {
  Cloud cloud;
  REQUIRE(cloud.sandbox->Load(Shipped("matrix.json")).ok());
  const auto account = [&](std::string_view id) {
    return Must(*cloud.account, &AccountStub::GetAccount, ForAccount<upstream::v1::GetAccountRequest>(id));
  };
  const auto age = [&](const upstream::v1::ContactPoint& point) {
    return cloud.now - absl::FromUnixSeconds(point.change_time().seconds());
  };
  CHECK(age(account("contact-changed-recently").email()) < absl::Hours(72));
  CHECK(age(account("contact-changed-recently").phone()) > absl::Hours(72));
  CHECK(age(account("contact-changed-before").phone()) == absl::Hours(96));
  CHECK_FALSE(account("contact-without-phone").has_phone());
  CHECK_FALSE(account("contact-without-email").has_email());
  CHECK(account("state-suspended").state() == upstream::v1::Account::SUSPENDED);
  CHECK(account("language-zh").language_code() == "zh");
  CHECK(account("organization-1").organization_id() == account("organization-2").organization_id());
}

// What the account is after its freeze and the days given.
std::string FactsLater(const std::string& account_id, int days) {
  Cloud cloud;
  REQUIRE(cloud.sandbox->Load(Shipped("matrix.json")).ok());
  cloud.Freeze(account_id, "freeze");
  cloud.now += absl::Hours(24 * days);
  return Facts(cloud, account_id).Line();
}

TEST_CASE("the late bills of the matrix arrive within the silent period, large and small", "[R66][D7][R10]") {
  CHECK(FactsLater("late-bill-large", 2).empty());
  CHECK(FactsLater("late-bill-large", 7) == "1 bills");
  CHECK(FactsLater("late-debt-5-00-usd", 7) == "debt 5.00 USD");
  CHECK(FactsLater("late-debt-10-00-usd", 7) == "debt 10.00 USD");
  CHECK(FactsLater("late-debt-10-01-usd", 7) == "debt 10.01 USD");
  CHECK(FactsLater("late-bill-at-freeze", 0) == "1 bills");
  CHECK(FactsLater("late-bill-after-silent-period", 7).empty());
}

TEST_CASE("a demo account whose owner is written to in Chinese says so", "[R20]") {
  const sandbox::v1::CloudFile demo = Shipped("demo.json");
  int chinese = 0;
  for (const auto& account : demo.accounts()) {
    if (account.language_code() != "zh") continue;
    ++chinese;
    INFO(account.account_id());
    CHECK(account.description().find("Chinese") != std::string::npos);
  }
  CHECK(chinese == 1);
}

TEST_CASE("the demo has a mixture, a clean account, a late bill and one that depends on others", "[R23][R30][R66]") {
  Cloud cloud;
  REQUIRE(cloud.sandbox->Load(Shipped("demo.json")).ok());
  CHECK(Facts(cloud, "1000000001").Line() == "balance 120.50 USD, 1 bills, 1 releasable");
  CHECK(Facts(cloud, "1000000002").Line().empty());
  CHECK(Facts(cloud, "1000000003").Line().empty());
  CHECK(Facts(cloud, "1000000004").Line() == "1 domains, 1 filings, directory cloud account, reseller");
  cloud.Freeze("1000000003", "freeze");
  cloud.now += absl::Hours(72);
  CHECK(Facts(cloud, "1000000003").Line() == "1 bills");
}

}  // namespace
}  // namespace closure::test
