// SPDX-License-Identifier: Apache-2.0
#include "server/texts.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "checkers/utf8.h"
#include "server/phrases.h"

namespace closure {
namespace {

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

internal::v1::ClosureData MakeData(const std::string& language) {
  internal::v1::ClosureData data;
  data.set_account_id("1000000001");
  data.set_language_code(language);
  *data.mutable_policy()->mutable_silent_period() = ToProto(absl::Hours(168));
  data.mutable_policy()->set_forfeit_limit_units(1000);
  data.mutable_policy()->set_void_limit_units(10);
  return data;
}

v1::BlockingItem Resource(const std::string& name) {
  v1::BlockingItem item;
  item.set_name("accounts/1000000001/closures/c/blockingItems/" + name);
  item.set_kind(v1::PAY_AS_YOU_GO_RESOURCE);
  item.set_display_name(name);
  item.set_type("ecs/instance");
  item.set_region_code("cn-hangzhou");
  item.set_fingerprint("f-" + name);
  return item;
}

v1::BlockingItem Money(v1::ItemKind kind, int64_t units) {
  v1::BlockingItem item;
  item.set_name("accounts/1000000001/closures/c/blockingItems/billing-" + std::to_string(kind));
  item.set_kind(kind);
  item.set_display_name("Balance in USD");
  item.mutable_amount()->set_currency_code("USD");
  item.mutable_amount()->set_units(units);
  return item;
}

TEST_CASE("the risk prompt before a discard names each thing that will be lost", "[R19][R22][R53][R54]") {
  const v1::RiskPrompt prompt =
      MakeRiskPrompt(MakeData("en"), v1::Closure::BLOCKED,
                     {Resource("web-1"), Resource("db-1"), Money(v1::BALANCE, 800), Money(v1::DEBT, 5)});
  INFO(prompt.text());
  for (const std::string part : {"1000000001", "web-1", "db-1", "ecs/instance", "cn-hangzhou", "800.00 USD", "5.00 USD",
                                 "cannot be recovered", "cannot be undone"}) {
    INFO(part);
    CHECK(Has(prompt.text(), part));
  }
  CHECK(Has(prompt.text(), "A remaining balance cannot be withdrawn after the account is closed."));
  CHECK(Has(prompt.text(), "a silent period of 7 days begins. It can be neither revoked nor shortened"));
}

TEST_CASE("the risk prompt before Confirm warns a second time, of everything", "[R2][R3][R18][R19][R22][R54][D3][D7]") {
  const v1::RiskPrompt prompt = MakeRiskPrompt(MakeData("en"), v1::Closure::READY, {Money(v1::BALANCE, 800)});
  INFO(prompt.text());
  for (const std::string part :
       {"permanent", "deleted and cannot be recovered", "800.00 USD", "at most 10 in the settlement currency",
        "at most 1000 in the settlement currency", "cannot be withdrawn", "neither revoked nor shortened", "7 days",
        "start again from the beginning", "comes back"}) {
    INFO(part);
    CHECK(Has(prompt.text(), part));
  }
}

TEST_CASE("a Chinese owner is warned in Chinese, of the same", "[R19][R22][R53][R54][D9]") {
  for (const std::string language : {"zh", "zh-CN", "ZH_hant"}) {
    const std::string discard =
        MakeRiskPrompt(MakeData(language), v1::Closure::BLOCKED, {Resource("web-1"), Money(v1::BALANCE, 800)}).text();
    for (const std::string part :
         {"1000000001", "web-1", "800.00 USD", "无法恢复", "剩余余额无法提现", "7 天", "既不能撤销，也不能缩短"})
      CHECK(Has(discard, part));
    const std::string confirm = MakeRiskPrompt(MakeData(language), v1::Closure::READY, {}).text();
    for (const std::string part : {"永久", "不超过 10", "不超过 1000", "剩余余额无法提现", "从头重新开始", "7 天"})
      CHECK(Has(confirm, part));
  }
  CHECK(Has(MakeRiskPrompt(MakeData("fr"), v1::Closure::READY, {}).text(), "permanent"));
}

TEST_CASE("fifty items are named and the rest is counted", "[R53]") {
  std::vector<v1::BlockingItem> items;
  for (int i = 0; i < 53; ++i) items.push_back(Resource(fmt::format("web-{:03}", i)));
  const std::string text = MakeRiskPrompt(MakeData("en"), v1::Closure::BLOCKED, items).text();
  CHECK(Has(text, "web-049"));
  CHECK_FALSE(Has(text, "web-050"));
  CHECK(Has(text, "and 3 more"));
}

TEST_CASE("the digest of a risk prompt covers its text and every item's facts, in any order of the items",
          "[R53][D11]") {
  const internal::v1::ClosureData data = MakeData("en");
  std::vector<v1::BlockingItem> items;
  for (int i = 0; i < 60; ++i) items.push_back(Resource(fmt::format("web-{:03}", i)));
  const std::string digest = MakeRiskPrompt(data, v1::Closure::BLOCKED, items).digest();
  CHECK(digest.size() == 64);
  std::vector<v1::BlockingItem> reversed(items.rbegin(), items.rend());
  CHECK(MakeRiskPrompt(data, v1::Closure::BLOCKED, reversed).digest() == digest);
  // The last one is not named in the text, and counts all the same.
  items.back().set_fingerprint("moved");
  CHECK(MakeRiskPrompt(data, v1::Closure::BLOCKED, items).digest() != digest);
  items.pop_back();
  CHECK(MakeRiskPrompt(data, v1::Closure::BLOCKED, items).digest() != digest);
  CHECK(MakeRiskPrompt(data, v1::Closure::READY, items).digest() !=
        MakeRiskPrompt(data, v1::Closure::BLOCKED, items).digest());
}

TEST_CASE("a code message tells the code and how long it lives, within what its channel takes", "[R44]") {
  for (const std::string language : {"en", "zh"}) {
    for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
      const MessageText message = MakeCodeMessage(language, channel, "012345", absl::Minutes(10));
      CHECK(Has(message.body, "012345"));
      CHECK(Has(message.body, language == "en" ? "10 minutes" : "10 分钟"));
      CHECK(message.subject.empty() == (channel == v1::SMS));
      CHECK(CountCodePoints(message.body) <= (channel == v1::SMS ? 1000U : 20'000U));
      CHECK_FALSE(Has(message.subject, "012345"));
    }
  }
}

TEST_CASE("the result is told for every end, by mail and by text message", "[R64][R65][R66][R67][R68][D3]") {
  internal::v1::ClosureData data = MakeData("en");
  v1::Closure& closure = *data.mutable_closure();
  closure.set_state(v1::Closure::CLOSED);
  CHECK(Has(MakeResultMessage(data, v1::EMAIL).body, "permanently deleted"));
  CHECK(Has(MakeResultMessage(data, v1::SMS).body, "is closed"));
  closure.set_state(v1::Closure::ABORTED);
  closure.set_cause(v1::Closure::FINAL_CHECK_PROBLEM);
  closure.set_cause_detail("a bill of 25.00 USD arrived");
  for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
    const std::string body = MakeResultMessage(data, channel).body;
    INFO(body);
    for (const std::string part : {"restored", "a bill of 25.00 USD arrived.", "forfeited", "does not come back",
                                   "sign in", "start again from the beginning"})
      CHECK(Has(body, part));
  }
  closure.set_state(v1::Closure::CANCELLED);
  closure.set_cause(v1::Closure::OWNER_CANCELLED);
  CHECK(Has(MakeResultMessage(data, v1::EMAIL).body, "You have cancelled"));
  closure.set_cause(v1::Closure::ACCOUNT_GONE);
  CHECK(Has(MakeResultMessage(data, v1::EMAIL).body, "deleted by another path"));
  closure.set_state(v1::Closure::EXPIRED);
  closure.set_cause(v1::Closure::IDLE);
  CHECK(Has(MakeResultMessage(data, v1::SMS).body, "expired"));
}

TEST_CASE("whoever may start again is told where, in every language and by every channel", "[R43][R64][R68]") {
  for (const std::string language : {"en", "zh"}) {
    internal::v1::ClosureData data = MakeData(language);
    for (const auto state : {v1::Closure::ABORTED, v1::Closure::CANCELLED, v1::Closure::EXPIRED}) {
      data.mutable_closure()->set_state(state);
      for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {
        const std::string body = MakeResultMessage(data, channel).body;
        INFO(body);
        CHECK(Has(body, language == "en" ? "start again from the beginning under Account Center > Security Settings > "
                                           "Close Account"
                                         : "账号中心 > 安全设置 > 注销账号”从头重新开始"));
      }
    }
    data.mutable_closure()->set_state(v1::Closure::CLOSED);
    CHECK_FALSE(Has(MakeResultMessage(data, v1::EMAIL).body, language == "en" ? "Account Center" : "账号中心"));
  }
}

TEST_CASE("a result fits its channel and stays in one line of subject, whatever the cause says", "[R64]") {
  internal::v1::ClosureData data = MakeData("zh");
  data.mutable_closure()->set_state(v1::Closure::ABORTED);
  std::string detail = "line\r\nBcc: evil@example.com\n$0$1 ";
  for (int i = 0; i < 2000; ++i) detail += "账";
  data.mutable_closure()->set_cause_detail(detail);
  const MessageText mail = MakeResultMessage(data, v1::EMAIL);
  CHECK(CountCodePoints(MakeResultMessage(data, v1::SMS).body) <= 1000);
  CHECK(CountCodePoints(mail.subject) <= 200);
  CHECK(mail.subject.find_first_of("\r\n") == std::string::npos);
  CHECK_FALSE(Has(mail.body, "\r"));
  CHECK_FALSE(Has(mail.body, "\nBcc"));
  CHECK(Has(mail.body, "$0$1"));
  CHECK(IsUtf8(mail.body));
}

TEST_CASE("addresses are masked but for what their owner recognizes", "[R44]") {
  CHECK(MaskAddress(v1::EMAIL, "alice@example.com") == "a***@example.com");
  CHECK(MaskAddress(v1::EMAIL, "a@example.com") == "a***@example.com");
  CHECK(MaskAddress(v1::EMAIL, "ä.b@example.com") == "ä***@example.com");
  CHECK(MaskAddress(v1::EMAIL, "no address") == "***");
  CHECK(MaskAddress(v1::EMAIL, "@example.com") == "***");
  CHECK(MaskAddress(v1::SMS, "+8613800001234") == "+86*******1234");
  CHECK(MaskAddress(v1::SMS, "+1234") == "*****");
  CHECK(MaskAddress(v1::SMS, "").empty());
}

TEST_CASE("durations are told in the largest unit that is exact", "[R61]") {
  CHECK(EnglishPhrases().duration(absl::Hours(24)) == "1 day");
  CHECK(EnglishPhrases().duration(absl::Hours(36)) == "36 hours");
  CHECK(EnglishPhrases().duration(absl::Minutes(90)) == "90 minutes");
  CHECK(EnglishPhrases().duration(absl::Seconds(61)) == "61 seconds");
  CHECK(ChinesePhrases().duration(absl::Hours(168)) == "7 天");
}

TEST_CASE("an address that is not ASCII is masked whole, and stays valid UTF-8", "[texts]") {
  for (const std::string address : {"电话一三八零零零零零零零一", "＋８６１３８００００"})
    CHECK(MaskAddress(v1::SMS, address) == "***");
}

}  // namespace
}  // namespace closure
