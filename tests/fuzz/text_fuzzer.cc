// SPDX-License-Identifier: Apache-2.0
// The small texts that callers write: resource names and page tokens. The first byte chooses the reader, the rest is
// the text. Promises: what is taken is written back as it was read, and what is refused says why.
#include <catch2/catch.hpp>

#include "server/page_token.h"
#include "server/resource_names.h"
#include "tests/fuzz/fuzz_target.h"

namespace closure::fuzz {
namespace {

template <typename Result>
bool IsTaken(const absl::StatusOr<Result>& result) {
  if (result.ok()) return true;
  REQUIRE(result.status().code() == absl::StatusCode::kInvalidArgument);
  REQUIRE_FALSE(result.status().message().empty());
  return false;
}

void TryName(std::string_view text) {
  if (const auto account = ParseAccountName("account", text); IsTaken(account)) {
    REQUIRE(FormatAccountName(*account) == text);
    REQUIRE(AccountIdIn(text) == *account);
  }
  if (const auto closure = ParseClosureName("name", text); IsTaken(closure)) {
    REQUIRE(FormatClosureName(*closure) == text);
    REQUIRE(AccountIdIn(text) == closure->account_id);
  }
  if (const auto task = ParseTaskName("name", text); IsTaken(task)) {
    REQUIRE(*task > 0);
    REQUIRE(FormatTaskName(*task) == text);
  }
  const ClosureKey key{.account_id = "1000000001", .closure_id = std::string(32, 'a')};
  if (const auto item = ParseItemName("item", text, key); IsTaken(item)) {
    REQUIRE(IsValidItemId(*item));
    REQUIRE(FormatClosureName(key) + "/blockingItems/" + *item == text);
  }
}

// A scope and a token with a line feed between them.
void TryToken(std::string_view text) {
  const std::size_t at = text.find('\n');
  const std::string_view scope = text.substr(0, at);
  const std::string_view token = at == std::string_view::npos ? "" : text.substr(at + 1);
  if (const auto cursor = ReadPageToken(scope, token); IsTaken(cursor) && !token.empty()) {
    REQUIRE(MakePageToken(scope, *cursor) == token);
  }
  static_cast<void>(IsTaken(ReadNumberedPageToken(scope, token)));
  if (token.empty() || token.size() > kCursorBytesMax) return;  // a cursor names an entry
  const std::string made = MakePageToken(scope, token);
  REQUIRE(*ReadPageToken(scope, made) == token);
  REQUIRE_FALSE(ReadPageToken(std::string(scope) + "x", made).ok());
}

class TextTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    if (input.empty()) return;
    const std::string_view text = input.substr(1);
    switch (input.front()) {
      case 'n':
        return TryName(text);
      case 't':
        return TryToken(text);
      default:
        return;
    }
  }
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<TextTarget>(); }

}  // namespace closure::fuzz
