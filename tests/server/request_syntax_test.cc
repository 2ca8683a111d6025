// SPDX-License-Identifier: Apache-2.0
// Names, page tokens, fields and text of requests.
#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "closure/v1/closure_service.pb.h"
#include "server/errors.h"
#include "server/field_checks.h"
#include "server/page_token.h"
#include "server/request_hash.h"
#include "server/resource_names.h"

namespace closure {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef";
const ClosureKey kKey = {.account_id = "1000000001", .closure_id = kId};

TEST_CASE("names are read as they are written", "[names]") {
  CHECK(ParseAccountName("account", FormatAccountName("a-1")).value() == "a-1");
  CHECK(ParseClosureName("name", FormatClosureName(kKey)).value() == kKey);
  CHECK(FormatClosureName(kKey) == "accounts/1000000001/closures/" + kId);
  CHECK(ParseTaskName("name", FormatTaskName(42)).value() == 42);
  CHECK(ParseItemName("item", FormatClosureName(kKey) + "/blockingItems/resource_directory-" + kId, kKey).value() ==
        "resource_directory-" + kId);
}

TEST_CASE("a name of another form is malformed, and an absent one is missing", "[names]") {
  const std::vector<std::string> accounts = {
      "accounts",     "accounts/",   "accounts/-",   "accounts/A", "accounts/a/",
      "accounts/a/b", "/accounts/a", "accounts/a b", "accounts/ä", "accounts/" + std::string(65, 'a'),
      "account/a",    "accounts//a"};
  for (const std::string& name : accounts) {
    INFO(name);
    CHECK(ReasonOf(ParseAccountName("account", name).status()) == v1::NAME_MALFORMED);
  }
  const std::string prefix = "accounts/1/closures/";
  const std::vector<std::string> closures = {"accounts/1",
                                             prefix,
                                             prefix + kId.substr(1),
                                             prefix + kId + "0",
                                             prefix + "0123456789ABCDEF0123456789abcdef",
                                             prefix + kId + "/",
                                             prefix + kId + "/blockingItems/x",
                                             "accounts/1/closure/" + kId,
                                             "closures/" + kId,
                                             "accounts//closures/" + kId,
                                             prefix + "preview",
                                             "accounts/1/closures/" + kId.substr(0, 31) + "\n"};
  for (const std::string& name : closures) {
    INFO(name);
    CHECK(ReasonOf(ParseClosureName("name", name).status()) == v1::NAME_MALFORMED);
  }
  for (const std::string name : {"tasks/", "tasks/0", "tasks/-1", "tasks/01", "tasks/1x", "tasks/ 1", "tasks/+1",
                                 "task/1", "tasks/99999999999999999999"}) {
    INFO(name);
    CHECK(ReasonOf(ParseTaskName("name", name).status()) == v1::NAME_MALFORMED);
  }
  CHECK(ReasonOf(ParseAccountName("account", "").status()) == v1::FIELD_MISSING);
  CHECK(ReasonOf(ParseClosureName("name", "").status()) == v1::FIELD_MISSING);
  CHECK(ReasonOf(ParseTaskName("name", "").status()) == v1::FIELD_MISSING);
}

TEST_CASE("an item of another closure is refused", "[names][R6]") {
  const ClosureKey other = {.account_id = "1000000002", .closure_id = kId};
  const std::string item = FormatClosureName(other) + "/blockingItems/billing-" + kId;
  CHECK(ReasonOf(ParseItemName("item", item, kKey).status()) == v1::NAME_MALFORMED);
  for (const std::string& tail :
       std::vector<std::string>{"", "billing", "billing-", "Billing-" + kId, "-" + kId, "billing-" + kId + "0",
                                "bil/ling-" + kId, "bil-ling-" + kId}) {
    INFO(tail);
    CHECK(ReasonOf(ParseItemName("item", FormatClosureName(kKey) + "/blockingItems/" + tail, kKey).status()) ==
          v1::NAME_MALFORMED);
  }
}

TEST_CASE("the account of a name is read although the rest is malformed", "[names]") {
  CHECK(AccountIdIn("accounts/1/closures/rubbish") == "1");
  CHECK(AccountIdIn("accounts/1") == "1");
  CHECK(AccountIdIn("accounts/1/") == "1");
  CHECK_FALSE(AccountIdIn("accounts/").has_value());
  CHECK_FALSE(AccountIdIn("accounts/-").has_value());
  CHECK_FALSE(AccountIdIn("").has_value());
}

TEST_CASE("every byte changed in a name leaves it refused or another name, never the same", "[names]") {
  const std::string name = FormatClosureName(kKey);
  for (std::size_t position = 0; position < name.size(); ++position) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = name;
      changed[position] = static_cast<char>(byte);
      const absl::StatusOr<ClosureKey> key = ParseClosureName("name", changed);
      if (key.ok()) {
        CHECK(FormatClosureName(*key) == changed);
      } else {
        CHECK(ReasonOf(key.status()) == v1::NAME_MALFORMED);
      }
    }
  }
}

v1::ListClosuresRequest ListRequest(const std::string& parent,
                                    v1::Closure::State state = v1::Closure::STATE_UNSPECIFIED) {
  v1::ListClosuresRequest request;
  request.set_parent(parent);
  request.set_state(state);
  return request;
}

TEST_CASE("a page token is read under the filter it was made for, whatever the page size", "[pages]") {
  v1::ListClosuresRequest request = ListRequest("accounts/1", v1::Closure::READY);
  const std::string token = MakePageToken(PageScope(request), "17");
  request.set_page_size(7);
  request.set_page_token(token);
  CHECK(ReadPageToken(PageScope(request), token).value() == "17");
  CHECK(ReadNumberedPageToken(PageScope(request), token).value() == 17);
  CHECK(ReadPageToken(PageScope(request), "").value().empty());
  CHECK(ReadNumberedPageToken(PageScope(request), "").value() == 0);
}

TEST_CASE("a page token of another list or filter is refused", "[pages]") {
  const std::string token = MakePageToken(PageScope(ListRequest("accounts/1", v1::Closure::READY)), "17");
  v1::ListTransitionsRequest other_list;
  other_list.set_parent("accounts/1");
  const std::vector<std::string> scopes = {PageScope(ListRequest("accounts/2", v1::Closure::READY)),
                                           PageScope(ListRequest("accounts/1")), PageScope(other_list)};
  for (const std::string& scope : scopes)
    CHECK(ReasonOf(ReadPageToken(scope, token).status()) == v1::PAGE_TOKEN_INVALID);
}

TEST_CASE("a page token that was tampered with in any place is refused", "[pages]") {
  const std::string scope = PageScope(ListRequest("accounts/1"));
  const std::string token = MakePageToken(scope, "billing-" + kId);
  for (std::size_t position = 0; position < token.size(); ++position) {
    std::string changed = token;
    changed[position] = changed[position] == 'A' ? 'B' : 'A';
    CHECK(ReasonOf(ReadPageToken(scope, changed).status()) == v1::PAGE_TOKEN_INVALID);
    CHECK_FALSE(ReadPageToken(scope, token.substr(0, position + (position == 0 ? 1 : 0))).ok());
  }
  const std::vector<std::string> rubbish = {"x",         "====",
                                            token + "=", token + "A",
                                            " " + token, std::string(5000, 'A'),
                                            "\xff\xfe",  absl::WebSafeBase64Escape("1")};
  for (const std::string& text : rubbish) {
    INFO(text);
    CHECK(ReasonOf(ReadPageToken(scope, text).status()) == v1::PAGE_TOKEN_INVALID);
  }
}

TEST_CASE("a request id is a UUID in one spelling", "[fields]") {
  CHECK(ParseRequestId("2F1B6C1E-58d4-4c0f-9c55-0b6f3f6f8a11").value() == "2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11");
  CHECK(ReasonOf(ParseRequestId("").status()) == v1::FIELD_MISSING);
  for (const std::string text : {"1", "00000000-0000-0000-0000-000000000000", "2f1b6c1e58d44c0f9c550b6f3f6f8a11",
                                 "{2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11}", "2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a1g",
                                 "2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11 "}) {
    INFO(text);
    CHECK(ReasonOf(ParseRequestId(text).status()) == v1::FIELD_INVALID);
  }
}

TEST_CASE("text is measured in code points and holds no control characters", "[fields][D4]") {
  std::string wide;
  for (int i = 0; i < 500; ++i) wide += "账";
  CHECK(CheckText("reason_text", wide, {.max = 500}).ok());
  CHECK(ReasonOf(CheckText("reason_text", wide + "户", {.max = 500})) == v1::TEXT_TOO_LONG);
  CHECK(ReasonOf(CheckText("reason", "", {.min = 1, .max = 500})) == v1::FIELD_MISSING);
  for (const std::string& control :
       {std::string("\0", 1), std::string("\n"), std::string("\x1b"), std::string("\x7f"), std::string("\u0085"),
        std::string("\u202e"), std::string("\u2028"), std::string("\ufeff")}) {
    CHECK(ReasonOf(CheckText("reason", "a" + control, {.max = 500})) == v1::FIELD_INVALID);
  }
  CHECK(ReasonOf(CheckText("reason", "a\xff", {.max = 500})) == v1::FIELD_INVALID);
}

TEST_CASE("page sizes have a default, a ceiling and no negative numbers", "[fields]") {
  constexpr PageLimits kLimits = {.fallback = 50, .max = 200};
  CHECK(ParsePageSize(0, kLimits).value() == 50);
  CHECK(ParsePageSize(1, kLimits).value() == 1);
  CHECK(ParsePageSize(1000, kLimits).value() == 200);
  CHECK(ReasonOf(ParsePageSize(-1, kLimits).status()) == v1::FIELD_INVALID);
}

TEST_CASE("numbers that an enum does not have, odd languages, etags and revisions are refused", "[fields]") {
  CHECK(CheckEnum("channel", v1::EMAIL).ok());
  CHECK(ReasonOf(CheckEnum("channel", static_cast<v1::Channel>(99))) == v1::FIELD_INVALID);
  CHECK(CheckLanguageCode("zh-Hans").ok());
  CHECK(ReasonOf(CheckLanguageCode("../en")) == v1::FIELD_INVALID);
  CHECK(ReasonOf(CheckLanguageCode(std::string(36, 'a'))) == v1::FIELD_INVALID);
  CHECK(ReasonOf(CheckEtag(std::string(101, '"'))) == v1::FIELD_INVALID);
  CHECK(CheckRevision("after_revision", 0).ok());
  CHECK(ReasonOf(CheckRevision("after_revision", -1)) == v1::FIELD_INVALID);
}

TEST_CASE("a request's hash covers method, actor and body", "[fields]") {
  const Actor ann{.kind = Actor::Kind::kRoot, .account_id = "1"};
  const Actor bob{.kind = Actor::Kind::kRoot, .account_id = "2"};
  v1::RecheckRequest request;
  request.set_name("accounts/1");
  const std::string hash = RequestHash("Recheck", ann, request);
  CHECK(hash.size() == 64);
  CHECK(RequestHash("Recheck", ann, request) == hash);
  CHECK(RequestHash("Cancel", ann, request) != hash);
  CHECK(RequestHash("Recheck", bob, request) != hash);
  request.set_etag("\"1\"");
  CHECK(RequestHash("Recheck", ann, request) != hash);
}

}  // namespace
}  // namespace closure
