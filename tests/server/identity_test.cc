// SPDX-License-Identifier: Apache-2.0
#include "server/identity.h"

#include <catch2/catch.hpp>

#include "checkers/call_options.h"
#include "server/actor.h"
#include "server/errors.h"

namespace closure {
namespace {

Actor ParseActor(const std::string& text) {
  const absl::StatusOr<Actor> actor = Actor::Parse(text);
  INFO(text);
  REQUIRE(actor.ok());
  return *actor;
}

TEST_CASE("an acting identity is written as it is read", "[actor][R41][R42]") {
  for (const std::string text : {"root:1000000001", "ram:ann.b-c_d@1000000001", "operator:ann"})
    CHECK(ParseActor(text).ToString() == text);
  CHECK(ParseActor("root:a-1").account_id == "a-1");
  CHECK(ParseActor("ram:ann@7").name == "ann");
  CHECK(ParseActor("ram:ann@7").account_id == "7");
  CHECK(Actor{}.ToString() == "system");
}

TEST_CASE("a malformed identity, and that of the system, is refused", "[actor][R42]") {
  const std::vector<std::string> malformed = {
      "",
      "root",
      "root:",
      "root:A",
      "root:1 ",
      "root:-1",
      "root:1/2",
      "Root:1",
      "system",
      "ram:ann",
      "ram:1000000001",
      "ram:@1",
      "ram:ann@",
      "ram:ann@1@2",
      "ram:an n@1",
      "ram:.a@1",
      "operator:",
      "operator:a/b",
      "operator:a@b",
      "role:a@1",
      "root:1\n",
      " root:1",
      "root:" + std::string(65, '1'),
      "operator:" + std::string(65, 'a'),
  };
  for (const std::string& text : malformed) {
    INFO(text);
    CHECK(ReasonOf(Actor::Parse(text).status()) == v1::IDENTITY_INVALID);
  }
}

TEST_CASE("every character is judged wherever it stands in a name", "[actor][R42]") {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (std::size_t length = 1; length <= 9; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string name(length, 'a');
        name[at] = static_cast<char>(c);
        const bool letter = letters.find(name[at]) != std::string::npos;
        const bool mark = c == '.' || c == '_' || c == '-';
        if (Actor::Parse("operator:" + name).ok() == (letter || (mark && at > 0))) continue;
        FAIL("length " << length << ", character " << c << " at " << at);
      }
    }
  }
}

TEST_CASE("only the root identity of the account drives a closure, and operators may read besides",
          "[actor][R41][R42]") {
  struct Row {
    std::string actor;
    v1::ErrorReason drive;
    v1::ErrorReason read;
    v1::ErrorReason operate;
  };
  const v1::ErrorReason ok = v1::ERROR_REASON_UNSPECIFIED;
  // Too long to lie in the string itself, so that one that is never freed is noticed.
  const std::vector<Row> rows = {
      {"root:1000000000000001", ok, ok, v1::OPERATOR_REQUIRED},
      {"root:2000000000000002", v1::ACCOUNT_MISMATCH, v1::ACCOUNT_MISMATCH, v1::OPERATOR_REQUIRED},
      {"ram:ann@1000000000000001", v1::ROOT_IDENTITY_REQUIRED, v1::ROOT_IDENTITY_REQUIRED, v1::OPERATOR_REQUIRED},
      {"ram:ann@2000000000000002", v1::ACCOUNT_MISMATCH, v1::ACCOUNT_MISMATCH, v1::OPERATOR_REQUIRED},
      {"operator:ann.of.billing", v1::ROOT_IDENTITY_REQUIRED, ok, ok},
  };
  for (const Row& row : rows) {
    INFO(row.actor);
    const Actor actor = ParseActor(row.actor);
    const absl::Status drive = RequireRootOf(actor, "1000000000000001");
    const absl::Status read = RequireReaderOf(actor, "1000000000000001");
    const absl::Status operate = RequireOperator(actor);
    CHECK(ReasonOf(drive) == row.drive);
    CHECK(drive.ok() == (row.drive == ok));
    CHECK(ReasonOf(read) == row.read);
    CHECK(read.ok() == (row.read == ok));
    CHECK(ReasonOf(operate) == row.operate);
    CHECK(operate.ok() == (row.operate == ok));
  }
  CHECK_FALSE(RequireRootOf(Actor{}, "").ok());
}

TEST_CASE("a refused operator is told what an operator can do, and a RAM user that it may not even see",
          "[actor][R41][R42]") {
  CHECK(RequireRootOf(ParseActor("operator:ann"), "1").message() ==
        "operator:ann may not drive the closure of account 1: only its root identity root:1 may; an operator can read, "
        "hold and release it");
  CHECK(RequireReaderOf(ParseActor("ram:ann@1"), "1").message() ==
        "ram:ann@1 may neither drive nor see the closure of account 1: only its root identity root:1 may; RAM users, "
        "roles and their sessions cannot");
}

TEST_CASE("an identity is believed only of a peer on this machine", "[actor][identity]") {
  for (const std::string peer : {"ipv4:127.0.0.1:4711", "ipv4:127.8.9.10:1", "ipv6:[::1]:4711", "ipv6:%5B::1%5D:4711",
                                 "unix:", "unix:/run/x.sock", "inproc"}) {
    INFO(peer);
    CHECK(Authenticate(peer, {"root:1"}).ok());
  }
  for (const std::string peer : {"", "ipv4:10.0.0.1:4711", "ipv4:1127.0.0.1:1", "ipv6:[::2]:4711",
                                 "ipv6:[2001:db8::1]:1", "ipv6:%5B::1", "inproc2", "127.0.0.1:1"}) {
    INFO(peer);
    CHECK(ReasonOf(Authenticate(peer, {"root:1"}).status()) == v1::IDENTITY_INVALID);
  }
}

TEST_CASE("a call names exactly one identity", "[identity]") {
  CHECK(ReasonOf(Authenticate("inproc", {}).status()) == v1::IDENTITY_MISSING);
  CHECK(ReasonOf(Authenticate("inproc", {"root:1", "root:1"}).status()) == v1::IDENTITY_INVALID);
  CHECK(ReasonOf(Authenticate("inproc", {"system"}).status()) == v1::IDENTITY_INVALID);
}

TEST_CASE("a trace context is passed on only when it is well-formed", "[identity]") {
  CHECK(IsTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  CHECK_FALSE(IsTraceparent(""));
  CHECK_FALSE(IsTraceparent("00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  CHECK_FALSE(IsTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));
  CHECK_FALSE(IsTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
}

}  // namespace
}  // namespace closure
