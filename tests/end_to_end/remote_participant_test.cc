// SPDX-License-Identifier: Apache-2.0
// Participants outside the process, as the configuration names them.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <set>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/calendar_tasks.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/served_checker.h"
#include "tests/support/served_participant.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using Response = v1::PerformResponse;
using Progress = v1::ParticipantProgress;

// What the closure shows of one participant.
Progress ProgressOf(const v1::Closure& closure, const std::string& name) {
  for (const Progress& progress : closure.participants()) {
    if (progress.participant() == name) return progress;
  }
  FAIL("the closure shows no participant " << name);
  return {};
}

std::vector<std::pair<v1::ParticipantPhase, int>> EveryPhase() {
  return {{v1::FREEZE, 1}, {v1::THAW, 1},   {v1::ENTER_SILENT_PERIOD, 1},
          {v1::SEAL, 1},   {v1::DELETE, 1}, {v1::RESTORE, 1}};
}

// The phases that it was asked to act in, the first first.
std::vector<v1::ParticipantPhase> PhasesOf(ServedParticipant& participant) {
  std::vector<v1::ParticipantPhase> phases;
  for (const v1::PerformRequest& request : participant.asked()) phases.push_back(request.phase());
  return phases;
}

// A server with an owner of the account without anything in the way.
struct Rig {
  explicit Rig(std::function<void(config::v1::ServerConfig&)> configure) : change(std::move(configure)) {
    server.LoadExample("matrix");
  }
  void Reload(std::function<void(config::v1::ServerConfig&)> to) {
    change = std::move(to);
    REQUIRE(server.ReplacePlugins().ok());
  }
  // What its configuration is made of, at the start and at each reload.
  std::function<void(config::v1::ServerConfig&)> change;
  RunningServer server{{.configure = [this](config::v1::ServerConfig& config) { change(config); }}};
  Owner owner{server, "clean"};
};

TEST_CASE("a participant outside the process is asked in every phase of a closure's life, with keys and rising fences",
          "[R55][R65]") {
  ServedParticipant mail("mail");
  Rig rig([&](config::v1::ServerConfig& config) { AddParticipant(config, "mail", mail, EveryPhase()); });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.owner.GoToEnd();
  REQUIRE(rig.owner.closure().state() == v1::Closure::CLOSED);
  std::set<std::string> keys;
  int64_t fence = 0;
  for (const v1::PerformRequest& request : mail.asked()) {
    CHECK(request.account_id() == "clean");
    CHECK(request.closure() == rig.owner.name());
    CHECK(keys.insert(request.idempotency_key()).second);
    CHECK(request.fence() >= fence);
    fence = request.fence();
  }
  CHECK(PhasesOf(mail) == std::vector{v1::FREEZE, v1::ENTER_SILENT_PERIOD, v1::SEAL, v1::DELETE});
}

TEST_CASE("a closure that is given up in its silent period is restored by the participant") {
  ServedParticipant mail("mail");
  Rig rig([&](config::v1::ServerConfig& config) { AddParticipant(config, "mail", mail, EveryPhase()); });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  // What comes up meanwhile ends it at the final check.
  IssueBill(rig.server, "clean", "250.00 USD");
  rig.owner.GoToEnd();
  REQUIRE(rig.owner.closure().state() == v1::Closure::ABORTED);
  REQUIRE(mail.asked(v1::RESTORE).size() == 1);
  CHECK(mail.asked(v1::DELETE).empty());
  CHECK(mail.asked(v1::RESTORE).front().fence() > mail.asked(v1::SEAL).front().fence());
}

TEST_CASE("a stage begins when the one before is done") {
  absl::Mutex mutex;
  std::vector<std::string> order;
  const auto noting = [&](const std::string& name) {
    return [&, name](const v1::PerformRequest&, Response& response) {
      absl::MutexLock lock(&mutex);
      order.push_back(name);
      // Nobody is done at once.
      const bool again = std::count(order.begin(), order.end(), name) > 1;
      response.set_outcome(again ? Response::DONE : Response::IN_PROGRESS);
      return grpc::Status::OK;
    };
  };
  ServedParticipant first("first", noting("first")), second("second", noting("second"));
  Rig rig([&](config::v1::ServerConfig& config) {
    AddParticipant(config, "second", second, {{v1::DELETE, 3}});
    AddParticipant(config, "first", first, {{v1::DELETE, 2}});
  });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.server.clock().Advance(absl::Hours(24 * 8));
  while (!rig.owner.closure().has_end_time()) {
    WaitUntilQuiet(rig.server, rig.owner.name());
    rig.owner.Refresh();
    rig.server.clock().Advance(absl::Minutes(6));
  }
  REQUIRE(rig.owner.closure().state() == v1::Closure::CLOSED);
  CHECK(order == std::vector<std::string>{"first", "first", "second", "second"});
}

TEST_CASE("whom a closure waits for is shown with attempt and last error until it is done, under one key", "[R67]") {
  constexpr int kAttempts = 7;
  absl::Mutex mutex;
  int asked = 0;
  ServedParticipant mail("mail", [&](const v1::PerformRequest&, Response& response) {
    absl::MutexLock lock(&mutex);
    if (++asked <= kAttempts) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the mailboxes are being moved");
    response.set_outcome(Response::DONE);
    return grpc::Status::OK;
  });
  Rig rig([&](config::v1::ServerConfig& config) { AddParticipant(config, "mail", mail, {{v1::DELETE, 2}}); });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.server.clock().Advance(absl::Hours(24 * 8));
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    rig.owner.WaitUntil([&](const v1::Closure& closure) {
      return closure.state() == v1::Closure::DELETING && ProgressOf(closure, "mail").attempts() == attempt;
    });
    const Progress shown = ProgressOf(rig.owner.closure(), "mail");
    CHECK(shown.status() == Progress::PERFORMING);
    CHECK(shown.phase() == v1::DELETE);
    CHECK(shown.stage() == 2);
    CHECK_THAT(shown.last_error(),
               Catch::Contains("participant(mail)") && Catch::Contains("the mailboxes are being moved"));
    // Its next try is due by then.
    rig.server.clock().Advance(absl::Hours(1));
  }
  rig.owner.WaitFor({v1::Closure::CLOSED});
  std::set<std::string> keys;
  for (const v1::PerformRequest& request : mail.asked()) keys.insert(request.idempotency_key());
  CHECK(mail.asked().size() == kAttempts + 1);
  CHECK(keys.size() == 1);
}

TEST_CASE("a participant of another name, as behind an address that is mistaken, is not asked to act") {
  ServedParticipant backups("backups");
  Rig rig([&](config::v1::ServerConfig& config) { AddParticipant(config, "mail", backups, {{v1::DELETE, 2}}); });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.server.clock().Advance(absl::Hours(24 * 8));
  rig.owner.WaitUntil([&](const v1::Closure& closure) {
    return closure.state() == v1::Closure::DELETING && ProgressOf(closure, "mail").attempts() == 1;
  });
  CHECK_THAT(ProgressOf(rig.owner.closure(), "mail").last_error(), Catch::Contains("says that it is \"backups\""));
  CHECK(backups.asked().empty());
}

TEST_CASE("a participant that says that it takes part elsewhere than it is configured to is asked to do nothing") {
  const auto said = GENERATE(ServedParticipant::Stages{{v1::DELETE, 2}, {v1::SEAL, 1}, {v1::RESTORE, 1}},
                             ServedParticipant::Stages{{v1::DELETE, 3}}, ServedParticipant::Stages{});
  ServedParticipant mail("mail");
  Rig rig([&](config::v1::ServerConfig& config) {
    AddParticipant(config, "mail", mail, {{v1::DELETE, 2}});
    mail.TakePart(said);
  });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.server.clock().Advance(absl::Hours(24 * 8));
  rig.owner.WaitUntil([&](const v1::Closure& closure) {
    return closure.state() == v1::Closure::DELETING && ProgressOf(closure, "mail").attempts() == 1;
  });
  CHECK_THAT(ProgressOf(rig.owner.closure(), "mail").last_error(), Catch::Contains("it says that it takes "));
  CHECK(mail.asked().empty());
  // Once both agree it goes on.
  mail.TakePart({{v1::DELETE, 2}});
  rig.server.clock().Advance(absl::Minutes(6));
  rig.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("an outcome that means nothing, or that a fence was passed, is no end") {
  absl::Mutex mutex;
  std::vector<Response::Outcome> outcomes = {Response::OUTCOME_UNSPECIFIED, Response::FENCED, Response::FACTS_MOVED};
  ServedParticipant mail("mail", [&](const v1::PerformRequest&, Response& response) {
    absl::MutexLock lock(&mutex);
    response.set_outcome(outcomes.empty() ? Response::DONE : outcomes.front());
    if (!outcomes.empty()) outcomes.erase(outcomes.begin());
    return grpc::Status::OK;
  });
  Rig rig([&](config::v1::ServerConfig& config) { AddParticipant(config, "mail", mail, {{v1::DELETE, 2}}); });
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.server.clock().Advance(absl::Hours(24 * 8));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    rig.owner.WaitUntil([&](const v1::Closure& closure) {
      return closure.state() == v1::Closure::DELETING && ProgressOf(closure, "mail").attempts() == attempt;
    });
    CHECK_FALSE(ProgressOf(rig.owner.closure(), "mail").last_error().empty());
    rig.server.clock().Advance(absl::Hours(1));
  }
  rig.owner.WaitFor({v1::Closure::CLOSED});
  CHECK(mail.asked().size() == 4);
}

TEST_CASE("a participant that is added after Confirm is asked in every phase that begins from then on") {
  const bool is_closed = GENERATE(true, false);
  ServedParticipant mail("mail");
  Rig rig([](config::v1::ServerConfig&) {});
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.Reload([&](config::v1::ServerConfig& config) { AddParticipant(config, "mail", mail, EveryPhase()); });
  if (!is_closed) IssueBill(rig.server, "clean", "250.00 USD");
  rig.owner.GoToEnd();
  CHECK(rig.owner.closure().state() == (is_closed ? v1::Closure::CLOSED : v1::Closure::ABORTED));
  CHECK(PhasesOf(mail) == std::vector{v1::SEAL, is_closed ? v1::DELETE : v1::RESTORE});
}

TEST_CASE("a participant that is taken out after Confirm is waited for until it is there again") {
  ServedParticipant mail("mail");
  const auto with_mail = [&](config::v1::ServerConfig& config) {
    AddParticipant(config, "mail", mail, {{v1::DELETE, 2}});
  };
  Rig rig(with_mail);
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.Reload([](config::v1::ServerConfig&) {});
  rig.server.clock().Advance(absl::Hours(24 * 8));
  rig.owner.WaitUntil([&](const v1::Closure& closure) {
    return closure.state() == v1::Closure::DELETING && ProgressOf(closure, "mail").attempts() == 1;
  });
  CHECK(ProgressOf(rig.owner.closure(), "mail").last_error() == "there is no participant mail any more");
  rig.Reload(with_mail);
  rig.server.clock().Advance(absl::Hours(1));
  rig.owner.WaitFor({v1::Closure::CLOSED});
  CHECK(PhasesOf(mail) == std::vector{v1::DELETE});
}

TEST_CASE("a participant that seals since a reload and is taken out again has to undo what it sealed") {
  // Unknown at Confirm, or known without that.
  const bool is_known = GENERATE(false, true);
  ServedParticipant mail("mail");
  std::atomic<bool> taken_out = false;
  // Does not answer the final check before that, and then ends the closure.
  ServedChecker vault("vault", [&](const v1::CheckRequest& request) {
    if (request.phase() != v1::FINAL) return Reporting(request, {});
    if (taken_out) return Reporting(request, {SoundItem("7")});
    return ServedAnswer{.pieces = {}, .status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "it is started again")};
  });
  const auto without_mail = [&](config::v1::ServerConfig& config) { AddRemote(config, "vault", vault.target()); };
  const auto with_mail = [&](config::v1::ServerConfig& config) {
    without_mail(config);
    AddParticipant(config, "mail", mail, EveryPhase());
  };
  const auto with_less = [&](config::v1::ServerConfig& config) {
    without_mail(config);
    AddParticipant(config, "mail", mail, {{v1::DELETE, 2}});
  };
  Rig rig(is_known ? std::function<void(config::v1::ServerConfig&)>(with_less) : without_mail);
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.Reload(with_mail);
  rig.server.clock().Advance(absl::Hours(24 * 8));
  rig.owner.WaitUntil([](const v1::Closure& closure) {
    return closure.state() == v1::Closure::FINAL_CHECK && ProgressOf(closure, "mail").status() == Progress::DONE;
  });
  rig.Reload(without_mail);
  taken_out = true;
  while (rig.owner.closure().state() != v1::Closure::RESTORING) {
    rig.server.clock().Advance(absl::Minutes(6));
    WaitUntilQuiet(rig.server, rig.owner.name());
    rig.owner.Refresh();
  }
  CHECK(ProgressOf(rig.owner.closure(), "mail").last_error() == "there is no participant mail any more");
  rig.Reload(with_mail);
  rig.server.clock().Advance(absl::Hours(1));
  rig.owner.WaitFor({v1::Closure::ABORTED});
  CHECK(PhasesOf(mail) == std::vector{v1::SEAL, v1::RESTORE});
}

TEST_CASE("a participant that was configured for a while after Confirm and never asked is not waited for") {
  ServedParticipant mail("mail");
  std::atomic<bool> is_there = false;
  ServedChecker vault("vault", [&](const v1::CheckRequest& request) {
    if (request.phase() != v1::FINAL || is_there) return Reporting(request, {});
    return ServedAnswer{.pieces = {}, .status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "it is started again")};
  });
  const auto alone = [&](config::v1::ServerConfig& config) { AddRemote(config, "vault", vault.target()); };
  Rig rig(alone);
  rig.owner.GoToScanResult();
  rig.owner.GoToSilentPeriod();
  rig.Reload([&](config::v1::ServerConfig& config) {
    alone(config);
    AddParticipant(config, "mial", mail, {{v1::DELETE, 2}});
  });
  // SEAL begins, in which it takes no part.
  rig.server.clock().Advance(absl::Hours(24 * 8));
  rig.owner.WaitFor({v1::Closure::FINAL_CHECK});
  rig.Reload(alone);
  is_there = true;
  while (!rig.owner.closure().has_end_time()) {
    rig.server.clock().Advance(absl::Minutes(6));
    WaitUntilQuiet(rig.server, rig.owner.name());
    rig.owner.Refresh();
  }
  CHECK(rig.owner.closure().state() == v1::Closure::CLOSED);
}

}  // namespace
}  // namespace closure
