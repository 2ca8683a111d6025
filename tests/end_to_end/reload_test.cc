// SPDX-License-Identifier: Apache-2.0
// Checkers and participants that are added, changed and taken away while the server runs.
#include <atomic>
#include <catch2/catch.hpp>

#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/served_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using Result = v1::CheckerResult;

// A server of which the configuration is what `change` makes of it, at the start and at each reload.
struct Rig {
  std::function<void(config::v1::ServerConfig&)> change = [](auto&) {};
  RunningServer server{{.configure = [this](config::v1::ServerConfig& config) { change(config); }}};

  Rig() { server.LoadExample("matrix"); }
  void Reload(std::function<void(config::v1::ServerConfig&)> to) {
    change = std::move(to);
    REQUIRE(server.ReplacePlugins().ok());
  }
};

TEST_CASE("a checker that is added is asked from the next scan on, and one that is taken away no more") {
  Rig rig;
  ServedChecker vault("vault", [](const v1::CheckRequest& request) { return Reporting(request, {SoundItem("7")}); });
  Owner owner(rig.server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  rig.Reload([&](config::v1::ServerConfig& config) { AddRemote(config, "vault", vault.target()); });
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(ResultOf(owner.closure().scan().checkers(), "vault").item_count() == 1);
  rig.Reload([](config::v1::ServerConfig&) {});
  owner.Recheck();
  CHECK(owner.closure().scan().checkers_size() == 6);
}

TEST_CASE("a checker that gets another target is asked there from the next scan on") {
  ServedChecker here("vault", [](const v1::CheckRequest& request) { return Reporting(request, {SoundItem("7")}); });
  ServedChecker there("vault", [](const v1::CheckRequest& request) { return Reporting(request, {}); });
  Rig rig;
  rig.Reload([&](config::v1::ServerConfig& config) { AddRemote(config, "vault", here.target()); });
  Owner owner(rig.server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  rig.Reload([&](config::v1::ServerConfig& config) { AddRemote(config, "vault", there.target()); });
  CHECK(there.checks() == 0);
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(here.checks() == 1);
  CHECK(there.checks() == 1);
}

TEST_CASE("a checker that gets another deadline is waited for so long from the next scan on") {
  std::atomic<bool> hangs = false;
  ServedChecker vault("vault", [&](const v1::CheckRequest& request) {
    return hangs ? ServedAnswer{.pieces = {}, .then = ServedAnswer::Then::kHang} : Reporting(request, {});
  });
  Rig rig;
  rig.Reload([&](config::v1::ServerConfig& config) { AddRemote(config, "vault", vault.target()); });
  Owner owner(rig.server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  hangs = true;
  rig.Reload([&](config::v1::ServerConfig& config) {
    AddRemote(config, "vault", vault.target()).mutable_deadline()->set_nanos(200'000'000);
  });
  // With the five minutes that it had this would take longer than the test waits.
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(ResultOf(owner.closure().scan().checkers(), "vault").fault() == Result::TIMED_OUT);
}

TEST_CASE("whether the silence of a checker blocks is judged anew from the next scan on", "[D5]") {
  ServedChecker vault("vault", [](const v1::CheckRequest& request) { return Reporting(request, {}); });
  vault.GoAway();
  const auto with_vault = [&](bool advisory) {
    return [&vault, advisory](config::v1::ServerConfig& config) {
      AddRemote(config, "vault", vault.target()).set_advisory(advisory);
    };
  };
  Rig rig;
  rig.Reload(with_vault(false));
  Owner owner(rig.server, "clean");
  owner.GoToScanResult();
  for (const bool advisory : {false, true, false}) {
    rig.Reload(with_vault(advisory));
    owner.Recheck();
    CHECK(owner.closure().state() == (advisory ? v1::Closure::READY : v1::Closure::BLOCKED));
    CHECK(ResultOf(owner.closure().scan().checkers(), "vault").required() == !advisory);
    CHECK(ResultOf(owner.closure().scan().checkers(), "vault").status() == Result::UNANSWERED);
  }
}

TEST_CASE("a checker that is disabled is skipped in the next scan, with who did it and why", "[D5]") {
  Rig rig;
  Owner owner(rig.server, "domain-current");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  rig.Reload([](config::v1::ServerConfig& config) {
    config::v1::CheckerConfig& checker = *config.add_checkers();
    checker.set_name("domains");
    checker.mutable_disabled()->set_by("ann");
    checker.mutable_disabled()->set_why("the registrar is being moved");
  });
  owner.Recheck();
  CHECK(ResultOf(owner.closure().scan().checkers(), "domains").status() == Result::SKIPPED);
  CHECK_THAT(ResultOf(owner.closure().scan().checkers(), "domains").detail(),
             Catch::Contains("disabled by ann: the registrar is being moved"));
}

TEST_CASE("a scan that is under way ends with the checkers that it began with") {
  ServedChecker vault(
      "vault", [](const v1::CheckRequest&) { return ServedAnswer{.pieces = {}, .then = ServedAnswer::Then::kHang}; });
  Rig rig;
  rig.Reload([&](config::v1::ServerConfig& config) {
    AddRemote(config, "vault", vault.target()).mutable_deadline()->set_nanos(500'000'000);
  });
  Owner owner(rig.server, "clean");
  owner.Create();
  owner.Verify();
  owner.Agree();
  REQUIRE(vault.WaitForCheck());
  rig.Reload([](config::v1::ServerConfig&) {});
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(ResultOf(owner.closure().scan().checkers(), "vault").fault() == Result::TIMED_OUT);
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("two of one name are refused, and those that there are stay") {
  Rig rig;
  rig.change = [](config::v1::ServerConfig& config) {
    for (int i = 0; i < 2; ++i) AddRemote(config, "vault", "127.0.0.1:1");
  };
  CHECK(absl::IsInvalidArgument(rig.server.ReplacePlugins()));
  Owner owner(rig.server, "clean");
  owner.GoToScanResult();
  CHECK(owner.closure().scan().checkers_size() == 6);
}

}  // namespace
}  // namespace closure
