// SPDX-License-Identifier: Apache-2.0
#include "protos/account_id.h"

#include <catch2/catch.hpp>
#include <string>

namespace closure {
namespace {

TEST_CASE("an account's id is 1 to 64 of [a-z0-9-] and does not begin with a hyphen", "[account]") {
  for (const char* id : {"1", "a", "1000000001", "a-1", "limit-balance-1000-00-usd", "a-"}) CHECK(IsAccountId(id));
  CHECK(IsAccountId(std::string(64, 'a')));
  CHECK_FALSE(IsAccountId(std::string(65, 'a')));
  for (const char* id : {"", "-", "-x", "A", "a/b", "a b", "\xc3\xa9", "a_b"}) CHECK_FALSE(IsAccountId(id));
}

}  // namespace
}  // namespace closure
