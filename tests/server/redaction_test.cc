// SPDX-License-Identifier: Apache-2.0
#include "server/redaction.h"

#include <catch2/catch.hpp>

namespace closure {
namespace {

internal::v1::ClosureData Owner(const std::vector<std::string>& addresses) {
  internal::v1::ClosureData data;
  for (const std::string& address : addresses) data.add_contacts()->set_address(address);
  return data;
}

TEST_CASE("an owner's addresses are masked wherever they stand", "[redaction][D12]") {
  const internal::v1::ClosureData owner = Owner({"Ann@example.com", "+8613800000001"});
  CHECK(WithoutAddresses(owner, "") == "");
  CHECK(WithoutAddresses(owner, "no mailbox") == "no mailbox");
  CHECK(WithoutAddresses(owner, "ann@EXAMPLE.com and Ann@example.com, +8613800000001!") == "*** and ***, ***!");
}

TEST_CASE("an address that is part of another leaves nothing of it", "[redaction][D12]") {
  const std::string shorter = "n@ex.com";
  const std::string longer = "ann@ex.com";
  for (const auto& addresses : {std::vector<std::string>{shorter, longer}, {longer, shorter}})
    CHECK(WithoutAddresses(Owner(addresses), "to ann@ex.com or n@ex.com") == "to *** or ***");
}

TEST_CASE("an address that is cut short by the end of the text is masked too", "[redaction][D12]") {
  const internal::v1::ClosureData owner = Owner({"ann@example.com"});
  CHECK(WithoutAddresses(owner, "no mailbox ann@example.co") == "no mailbox ***");
  CHECK(WithoutAddresses(owner, "no mailbox ANN@…") == "no mailbox ***…");
  CHECK(WithoutAddresses(owner, "no mailbox for Ann") == "no mailbox for Ann");
  CHECK(WithoutAddresses(owner, "ann@") == "***");
}

}  // namespace
}  // namespace closure
