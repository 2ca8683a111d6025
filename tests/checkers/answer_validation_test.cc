// SPDX-License-Identifier: Apache-2.0
#include "checkers/answer_validation.h"

#include <random>
#include <string>

#include "absl/strings/match.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "checkers/catalog.h"
#include "checkers/text.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/checkers/fake_cloud.h"
#include "tests/support/random_seed.h"

namespace closure {
namespace {

using testing::MoneyOf;
using testing::TestNow;

v1::CheckerDescription Billing() {
  v1::CheckerDescription description;
  description.set_name("billing");
  return description;
}

v1::ReportedItem GoodItem(const std::string& native_id = "bill/1") {
  v1::ReportedItem item;
  item.set_native_id(native_id);
  item.set_kind(v1::UNPAID_BILL);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("billing/bill");
  item.set_display_name("Bill 1");
  *item.mutable_amount() = MoneyOf("1", "USD");
  item.set_why("It is due.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Pay it.");
  item.set_process_uri("https://console.example.com/");
  return item;
}

CheckAnswer AnswerOf(std::vector<v1::ReportedItem> items) { return {.items = std::move(items), .as_of = TestNow()}; }

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_CASE("an answer that keeps the contract is valid, at every length that it allows") {
  CHECK(ValidateAnswer(AnswerOf({}), Billing(), {}).ok());
  v1::ReportedItem item = GoodItem();
  item.set_native_id(Repeat("账", 255));
  item.set_type(Repeat("账", 100));
  item.set_region_code(Repeat("账", 64));
  item.set_display_name(Repeat("账", 255));
  item.set_why(Repeat("账", 499) + "\n");
  item.set_resolver(v1::PARTNER);
  item.set_resolver_id(Repeat("p", 255));
  item.set_instructions(Repeat("账", 999) + "\n");
  item.set_process_uri("https://c/" + Repeat("x", 1990));
  item.set_native_state(Repeat("账", 100));
  const absl::Status valid = ValidateAnswer(AnswerOf({GoodItem(), item}), Billing(), {});
  CAPTURE(valid.ToString());
  CHECK(valid.ok());
}

TEST_CASE("every broken rule is found and told with its item and field", "[D5]") {
  v1::ReportedItem item = GoodItem("bill/2");
  std::string expected;
  SECTION("no native id") { item.clear_native_id(), expected = "native_id is required"; }
  SECTION("an endless native id") { item.set_native_id(Repeat("x", 256)), expected = "native_id"; }
  SECTION("a native id with controls") { item.set_native_id("a\nb"), expected = "native_id \"a?b\" holds control"; }
  SECTION("no kind") { item.clear_kind(), expected = "kind is required"; }
  SECTION("an unknown kind") { item.set_kind(static_cast<v1::ItemKind>(99)), expected = "kind 99 is unknown"; }
  SECTION("no disposition") { item.clear_disposition(), expected = "disposition is required"; }
  SECTION("an unknown disposition") {
    item.set_disposition(static_cast<v1::Disposition>(3)), expected = "disposition 3";
  }
  SECTION("no type") { item.clear_type(), expected = "type is required"; }
  SECTION("an endless type") { item.set_type(Repeat("x", 101)), expected = "type \"xxx"; }
  SECTION("an endless region") { item.set_region_code(Repeat("x", 65)), expected = "region_code"; }
  SECTION("no display name") { item.clear_display_name(), expected = "display_name is required"; }
  SECTION("an endless display name") { item.set_display_name(Repeat("x", 256)), expected = "display_name"; }
  SECTION("a display name with controls") { item.set_display_name("\x1B[2J"), expected = "display_name \"?[2J\""; }
  SECTION("broken UTF-8") { item.set_display_name("a\xFF"), expected = "display_name \"a?\" is not valid UTF-8"; }
  SECTION("no why") { item.clear_why(), expected = "why is required"; }
  SECTION("an endless why") { item.set_why(Repeat("x", 501)), expected = "501 characters, more than 500"; }
  SECTION("no resolver") { item.clear_resolver(), expected = "resolver is required"; }
  SECTION("an unknown resolver") { item.set_resolver(static_cast<v1::Resolver>(9)), expected = "resolver 9"; }
  SECTION("nobody who resolves") { item.set_resolver(v1::MANAGEMENT_ACCOUNT), expected = "resolver_id is required"; }
  SECTION("no instructions") { item.clear_instructions(), expected = "instructions is required"; }
  SECTION("endless instructions") { item.set_instructions(Repeat("x", 1001)), expected = "instructions"; }
  SECTION("no link") { item.clear_process_uri(), expected = "process_uri is required"; }
  SECTION("a link without https") { item.set_process_uri("http://x/"), expected = "not an absolute https address"; }
  SECTION("a link that runs code") { item.set_process_uri("javascript:x"), expected = "not an absolute https address"; }
  SECTION("an endless link") { item.set_process_uri("https://c/" + Repeat("x", 1991)), expected = "process_uri"; }
  SECTION("an endless state") { item.set_native_state(Repeat("x", 101)), expected = "native_state"; }
  SECTION("no amount of a bill") { item.clear_amount(), expected = "amount is required"; }
  SECTION("a zero amount") { *item.mutable_amount() = MoneyOf("0", "USD"), expected = "0.00 USD is not above zero"; }
  SECTION("a negative amount") { *item.mutable_amount() = MoneyOf("-1", "USD"), expected = "not above zero"; }
  SECTION("no currency") { item.mutable_amount()->clear_currency_code(), expected = "amount is invalid"; }
  SECTION("too many nanos") { item.mutable_amount()->set_nanos(1'000'000'000), expected = "amount is invalid"; }
  SECTION("the same native id again") { item.set_native_id("bill/1"), expected = "comes twice"; }
  SECTION("the same native id again, of an item that is wrong") {
    item.set_native_id("bill/1");
    item.clear_amount(), expected = "amount is required";
  }
  const absl::Status status = ValidateAnswer(AnswerOf({GoodItem(), item}), Billing(), {});
  CAPTURE(status.ToString());
  REQUIRE_FALSE(status.ok());
  CHECK(FaultOf(status) == v1::CheckerResult::MALFORMED);
  CHECK(absl::StartsWith(status.message(), "item 2 (\""));
  CHECK(absl::StrContains(status.message(), expected));
  CHECK(status.message().size() < 500);
}

TEST_CASE("only billing reports money that can be renounced, and a checker keeps to the kinds it describes", "[D15]") {
  v1::ReportedItem item = GoodItem();
  item.set_kind(v1::BALANCE);
  CHECK(ValidateAnswer(AnswerOf({item}), Billing(), {}).ok());
  v1::CheckerDescription other;
  other.set_name("crm");
  CHECK_FALSE(ValidateAnswer(AnswerOf({item}), other, {}).ok());
  item.set_kind(v1::DEBT);
  CHECK_FALSE(ValidateAnswer(AnswerOf({item}), other, {}).ok());
  item.set_kind(v1::OTHER_ITEM);
  CHECK(ValidateAnswer(AnswerOf({item}), other, {}).ok());
  other.add_kinds(v1::DOMAIN_NAME);
  CHECK_FALSE(ValidateAnswer(AnswerOf({item}), other, {}).ok());
  other.add_kinds(v1::OTHER_ITEM);
  CHECK(ValidateAnswer(AnswerOf({item}), other, {}).ok());
}

TEST_CASE("no other name of seven letters is billing's", "[D15]") {
  v1::ReportedItem item = GoodItem();
  item.set_kind(v1::BALANCE);
  v1::CheckerDescription other;
  other.set_name("killing");
  CHECK(absl::StrContains(ValidateAnswer(AnswerOf({item}), other, {}).message(), "can be reported by billing only"));
}

TEST_CASE("a checker keeps to the kinds it describes, however many these are and wherever the kind stands", "[R48]") {
  v1::CheckerDescription description = Billing();
  for (int count = 1; count <= 9; ++count) {
    description.add_kinds(v1::DOMAIN_NAME);
    CHECK_FALSE(ValidateAnswer(AnswerOf({GoodItem()}), description, {}).ok());
    for (int at = 0; at < count; ++at) {
      v1::CheckerDescription with = description;
      with.set_kinds(at, v1::UNPAID_BILL);
      CHECK(ValidateAnswer(AnswerOf({GoodItem()}), with, {}).ok());
    }
  }
}

TEST_CASE("an answer with too many items or bytes is too much, not malformed", "[D5][D16]") {
  std::vector<v1::ReportedItem> items;
  for (int i = 0; i < 10; ++i) items.push_back(GoodItem(std::to_string(i)));
  CHECK(ValidateAnswer(AnswerOf(items), Billing(), {.items_max = 10}).ok());
  CHECK(FaultOf(ValidateAnswer(AnswerOf(items), Billing(), {.items_max = 9})) == v1::CheckerResult::TOO_MUCH);
  CHECK(FaultOf(ValidateAnswer(AnswerOf(items), Billing(), {.items_max = -1})) == v1::CheckerResult::TOO_MUCH);
  const size_t bytes = items[0].ByteSizeLong() * 10;
  CHECK(ValidateAnswer(AnswerOf(items), Billing(), {.bytes_max = bytes}).ok());
  CHECK(FaultOf(ValidateAnswer(AnswerOf(items), Billing(), {.bytes_max = bytes - 1})) == v1::CheckerResult::TOO_MUCH);
}

TEST_CASE("facts older than the question or from the future do not count", "[D5]") {
  const AnswerLimits limits{.as_of_min = TestNow(), .as_of_max = TestNow() + absl::Minutes(1)};
  const auto validate = [&](absl::Time as_of) {
    return ValidateAnswer({.items = {}, .as_of = as_of}, Billing(), limits);
  };
  CHECK(validate(TestNow()).ok());
  CHECK(validate(TestNow() + absl::Minutes(1)).ok());
  CHECK(FaultOf(validate(TestNow() - absl::Nanoseconds(1))) == v1::CheckerResult::MALFORMED);
  CHECK(FaultOf(validate(TestNow() + absl::Minutes(1) + absl::Nanoseconds(1))) == v1::CheckerResult::MALFORMED);
  CHECK_FALSE(validate(absl::InfinitePast()).ok());
  CHECK_FALSE(validate(absl::InfiniteFuture()).ok());
}

std::string RandomText(std::mt19937& random, size_t length_max) {
  std::string text(random() % (length_max + 1), '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_CASE("random answers never break the judge, and what it quotes is always printable") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  google::protobuf::LogHandler* const log = google::protobuf::SetLogHandler(nullptr);  // it tells of every broken text
  for (int i = 0; i < 3000; ++i) {
    v1::ReportedItem item = GoodItem();
    // Built from bytes, as a remote answer would be; many do not even parse.
    std::string bytes = item.SerializeAsString();
    for (int flips = 0; flips < 4; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (!item.ParseFromString(bytes)) item.set_why(RandomText(random, 600));
    if (random() % 2 == 0) item.set_display_name(RandomText(random, 300));
    const absl::Status status = ValidateAnswer(AnswerOf({item}), Billing(), {});
    if (status.ok()) continue;
    const std::string message(status.message());
    CHECK_FALSE(HasControlCharacters(message));
    CHECK(message.size() < 1000);
  }
  google::protobuf::SetLogHandler(log);
}

// A cloud whose texts are as long as the checkers take them.
void FillWithLongTexts(testing::FakeCloud& cloud) {
  static const std::string kId = Repeat("%", 200);
  static const std::string kText = Repeat("账", 5000);
  namespace up = upstream::v1;
  cloud.billing.bills = [](const auto&, up::ListUnpaidBillsResponse* page) {
    up::Bill& bill = *page->add_bills();
    bill.set_bill_id(kId);
    bill.set_description(kText);
    *bill.mutable_amount_due() = MoneyOf("9223372036854775807.999999999", "USD");
    return grpc::Status::OK;
  };
  cloud.billing.charges = [](const auto&, up::ListUnbilledChargesResponse* page) {
    up::UnbilledCharge& charge = *page->add_charges();
    charge.set_charge_id(kId);
    charge.set_product(kText);
    *charge.mutable_amount() = MoneyOf("1", "USD");
    charge.mutable_expect_bill_time()->set_seconds(253402300799);
    return grpc::Status::OK;
  };
  cloud.billing.credit_notes = [](const auto&, up::ListCreditNotesResponse* page) {
    up::CreditNote& note = *page->add_credit_notes();
    note.set_credit_note_id(kId);
    note.set_order_id(kText);
    *note.mutable_amount() = MoneyOf("1", "USD");
    return grpc::Status::OK;
  };
  cloud.billing.funds = [](const auto&, up::ListFundsResponse* page) {
    *page->add_funds()->mutable_balance() = MoneyOf("9223372036854775807.999999999", "USD");
    *page->mutable_funds(0)->mutable_debt() = MoneyOf("9223372036854775807.999999999", "USD");
    return grpc::Status::OK;
  };
  cloud.resources.list = [](const auto&, up::ListResourcesResponse* page) {
    up::Resource& resource = *page->add_resources();
    resource.set_resource_id(kId);
    resource.set_product(Repeat("账", 50));
    resource.set_type(Repeat("账", 49));
    resource.set_region_code(Repeat("账", 64));
    resource.set_display_name(kText);
    resource.set_charge_type(up::Resource::SUBSCRIPTION);
    resource.set_state(Repeat("账", 100));
    resource.mutable_expire_time()->set_seconds(253402300799);
    resource.set_console_uri("https://c/" + Repeat("x", 1990));
    return grpc::Status::OK;
  };
  cloud.domains.domains = [](const auto&, up::ListDomainsResponse* page) {
    up::Domain& domain = *page->add_domains();
    domain.set_domain_name(kId);
    domain.set_state(Repeat("账", 100));
    return grpc::Status::OK;
  };
  cloud.domains.filings = [](const auto&, up::ListIcpFilingsResponse* page) {
    up::IcpFiling& filing = *page->add_filings();
    filing.set_filing_number(kId);
    filing.set_entity_name(kText);
    filing.set_domain_name(kText);
    return grpc::Status::OK;
  };
}

void FillWithLongRelations(testing::FakeCloud& cloud) {
  static const std::string kId = Repeat("%", 200);
  namespace up = upstream::v1;
  cloud.directory.membership = [](const auto&, up::Membership* membership) {
    membership->set_role(up::Membership::MEMBER);
    membership->set_member_type(up::Membership::RESOURCE_ACCOUNT);
    membership->set_directory_id(kId);
    membership->set_management_account_id(kId);
    return grpc::Status::OK;
  };
  cloud.trusteeship.role = [](const auto&, up::Trusteeship* role) {
    role->set_role(up::Trusteeship::ADMINISTRATOR);
    return grpc::Status::OK;
  };
  cloud.trusteeship.members = [](const auto&, up::ListTrusteeshipMembersResponse* page) {
    for (int i = 0; i < 20; ++i) page->add_member_account_ids(kId);
    return grpc::Status::OK;
  };
  cloud.partners.relationship = [](const auto&, up::ResellerRelationship* relationship) {
    relationship->set_partner_id(kId);
    relationship->set_partner_name(Repeat("账", 5000));
    return grpc::Status::OK;
  };
}

TEST_CASE("what the built-in checkers make of the longest texts keeps the contract", "[R48][R50]") {
  testing::FakeCloud cloud;
  FillWithLongTexts(cloud);
  FillWithLongRelations(cloud);
  const CheckerSettings settings{.console_base_uri = "https://c/" + Repeat("x", 990)};
  size_t items = 0;
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), settings)) {
    CAPTURE(checker->description().name());
    const auto answer = testing::Ask(*checker);
    CAPTURE(answer.status().ToString());
    REQUIRE(answer.ok());
    items += answer->items.size();
    const absl::Status valid = ValidateAnswer(*answer, checker->description(), {});
    CAPTURE(valid.ToString());
    CHECK(valid.ok());
  }
  CHECK(items == 11);
}

}  // namespace
}  // namespace closure
