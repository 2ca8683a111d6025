// SPDX-License-Identifier: Apache-2.0
// The velocity breaker: so many deletions an hour and no more, until two operators release it.
#include <catch2/catch.hpp>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/mark_watch.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

std::string Name(int number) { return fmt::format("breaker-{}", number); }

// Closures in their silent periods, which all end at the same time.
struct Crowd {
  RunningServer server;
  std::vector<std::unique_ptr<Owner>> owners;

  Crowd(int deletions_per_hour, int permille, const std::vector<std::string>& organizations)
      : server({.configure = [=](config::v1::ServerConfig& config) {
          config.mutable_breaker()->set_deletions_per_hour_min(deletions_per_hour);
          config.mutable_breaker()->set_deletions_per_hour_permille(permille);
        }}) {
    Join(organizations);
  }
  // More accounts, each of an organization or alone, enter their silent periods.
  void Join(const std::vector<std::string>& organizations) {
    for (const std::string& organization : organizations) {
      const std::string account = Name(static_cast<int>(owners.size()));
      server.Load(
          CloudFileOf(account, organization.empty() ? "" : fmt::format(R"("organizationId": "{}")", organization)));
      owners.push_back(std::make_unique<Owner>(server, account));
      owners.back()->GoToSilentPeriod();
    }
  }
  // Lets everything happen that can, and answers how many closures ended.
  int Ended() {
    int ended = 0;
    for (const auto& owner : owners) {
      WaitUntilQuiet(server, owner->name());
      owner->Refresh();
      ended += owner->closure().state() == v1::Closure::CLOSED ? 1 : 0;
      const bool waits = owner->closure().state() == v1::Closure::SILENT_PERIOD;
      CHECK((waits || owner->closure().state() == v1::Closure::CLOSED));
    }
    return ended;
  }
  Reply Approve(const std::string& actor) { return Send(server, actor, OperatorRequest<v1::ReleaseBreakerRequest>()); }
};

TEST_CASE("the deletion beyond an hour's limit opens the breaker and waits", "[D14]") {
  Crowd crowd(2, 0, {"", "", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 2);
  const v1::SystemStatus status = StatusOf(crowd.server);
  REQUIRE(status.has_breaker());
  CHECK(status.breaker().actor() == "system");
  CHECK_THAT(status.breaker().reason(), Catch::Contains("2"));
  CHECK(status.deletions_last_hour() == 2);
  // It stays open when the hour is over.
  crowd.server.clock().Advance(absl::Hours(48));
  CHECK(crowd.Ended() == 2);
  for (const auto& owner : crowd.owners) {
    for (const v1::Task& task : TasksOf(crowd.server, owner->name())) {
      if (task.kind() == v1::Task::SILENT_PERIOD_END) CHECK(task.parked() == v1::Task::BREAKER);
    }
  }
}

TEST_CASE("two operators release the breaker, and not one of them twice", "[D14]") {
  Crowd crowd(2, 0, {"", "", ""});
  const Reply nothing = crowd.Approve("operator:ann");
  CheckRefused(nothing, StatusCode::FAILED_PRECONDITION, v1::NOTHING_TO_RELEASE, {"breaker"});
  CHECK(nothing.metadata()["what"] == "BREAKER");
  crowd.server.clock().Advance(absl::Hours(168));
  REQUIRE(crowd.Ended() == 2);
  const auto first = crowd.Approve("operator:ann").As<v1::SystemStatus>();
  REQUIRE(first.has_breaker());
  CHECK(first.breaker().approvals_size() == 1);
  const Reply again = crowd.Approve("operator:ann");
  CheckRefused(again, StatusCode::FAILED_PRECONDITION, v1::SECOND_OPERATOR_REQUIRED, {"operator:ann"});
  // However the name is written, it is one person.
  CheckRefused(crowd.Approve("operator:Ann"), StatusCode::FAILED_PRECONDITION, v1::SECOND_OPERATOR_REQUIRED);
  CHECK(crowd.Ended() == 2);
  // One approval is remembered over a restart.
  crowd.server.Restart();
  CHECK(crowd.Ended() == 2);
  CHECK_FALSE(crowd.Approve("operator:bob").As<v1::SystemStatus>().has_breaker());
  CHECK(crowd.Ended() == 3);
}

TEST_CASE("a repeated call is the same approval", "[D14]") {
  Crowd crowd(1, 0, {"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  REQUIRE(crowd.Ended() == 1);
  const auto request = OperatorRequest<v1::ReleaseBreakerRequest>();
  for (int i = 0; i < 3; ++i) {
    const auto status = Send(crowd.server, "operator:ann", request).As<v1::SystemStatus>();
    CHECK(status.breaker().approvals_size() == 1);
  }
  // Nobody else's call is a repetition of it.
  CheckRefused(Send(crowd.server, "operator:bob", request), StatusCode::INVALID_ARGUMENT, v1::REQUEST_ID_REUSED);
  CHECK(crowd.Ended() == 1);
}

TEST_CASE("a breaker that was released opens again at the next excess", "[D14]") {
  Crowd crowd(1, 0, {"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 1);
  crowd.Approve("operator:ann");
  crowd.Approve("operator:bob");
  CHECK(crowd.Ended() == 2);
  crowd.Join({"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 3);
  CHECK(StatusOf(crowd.server).has_breaker());
  CHECK(StatusOf(crowd.server).breaker().approvals().empty());
}

TEST_CASE("a deletion counts for an hour", "[D14]") {
  Crowd crowd(2, 0, {"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  REQUIRE(crowd.Ended() == 2);
  CHECK_FALSE(StatusOf(crowd.server).has_breaker());
  crowd.Join({"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 4);
  CHECK_FALSE(StatusOf(crowd.server).has_breaker());
}

TEST_CASE("a clock that was ahead and is set right neither closes the breaker for good nor leaves it open",
          "[D14][R18]") {
  Crowd crowd(1, 0, {"", ""});
  const auto jump = [&](absl::Duration by) {
    crowd.server.clock().JumpWall(by);
    WaitForStatus(crowd.server, [](const v1::SystemStatus& status) { return status.has_clock_jump(); });
    REQUIRE(Send(crowd.server, "operator:ann", OperatorRequest<v1::AcknowledgeClockJumpRequest>()).ok());
  };
  jump(absl::Hours(24 * 365));
  crowd.server.clock().Advance(absl::Hours(168));
  REQUIRE(crowd.Ended() == 1);
  crowd.Approve("operator:ann");
  crowd.Approve("operator:bob");
  REQUIRE(crowd.Ended() == 2);
  jump(-absl::Hours(24 * 365));
  crowd.Join({"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 3);
  CHECK(StatusOf(crowd.server).has_breaker());
}

TEST_CASE("a release that the wall clock was set back behind, by less than a jump, lets nobody pass uncounted",
          "[D14]") {
  Crowd crowd(1, 0, {"", ""});
  crowd.server.clock().Advance(absl::Hours(168));
  REQUIRE(crowd.Ended() == 1);
  crowd.Join({"", ""});
  // During a pause all that is left falls due, and the breaker is released.
  REQUIRE(Send(crowd.server, "operator:ann", OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  crowd.server.clock().Advance(absl::Hours(168) + absl::Minutes(1));
  REQUIRE(crowd.Ended() == 1);
  crowd.Approve("operator:ann");
  crowd.Approve("operator:bob");
  REQUIRE(crowd.Ended() == 1);
  crowd.server.clock().JumpWall(-absl::Seconds(30));
  REQUIRE(Send(crowd.server, "operator:ann", OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  CHECK(crowd.Ended() == 2);
  CHECK(StatusOf(crowd.server).has_breaker());
}

TEST_CASE("of many deletions that fall due together no more pass than the limit", "[D14]") {
  Crowd crowd(3, 0, std::vector<std::string>(8));
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 3);
  CHECK(StatusOf(crowd.server).deletions_last_hour() == 3);
}

TEST_CASE("an organization has a limit of its own", "[D14]") {
  // Half of the accounts may go in an hour: three of six in all, one of the two of each organization.
  Crowd crowd(1, 500, {"org-a", "org-a"});
  for (int i = 2; i < 6; ++i) crowd.server.Load(CloudFileOf(Name(i), R"("organizationId": "org-b")"));
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 1);
  REQUIRE(StatusOf(crowd.server).has_breaker());
  CHECK_THAT(StatusOf(crowd.server).breaker().reason(), Catch::Contains("organization"));
}

TEST_CASE("accounts of several organizations share the limit of all", "[D14]") {
  // Half of four accounts.
  Crowd crowd(1, 500, {"org-a", "org-b", "org-c", "org-d"});
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 2);
  CHECK_THAT(StatusOf(crowd.server).breaker().reason(), !Catch::Contains("organization"));
}

TEST_CASE("while nobody tells how many accounts there are the least limit holds", "[D14]") {
  // All may go in an hour, of a number that is known.
  Crowd crowd(1, 1000, {"", "org-a"});
  const MarkWatch mark(Mark::kAccountsNotCounted);
  crowd.server.SetFault("AccountService/CountAccounts", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 100);
  crowd.server.clock().Advance(absl::Hours(168));
  CHECK(crowd.Ended() == 1);
  CHECK(StatusOf(crowd.server).has_breaker());
  CHECK(mark.reached());
}

}  // namespace
}  // namespace closure
