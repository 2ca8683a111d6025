// SPDX-License-Identifier: Apache-2.0
// Checkers outside the process, as the configuration names them.
#include <atomic>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "tests/support/api_calls.h"
#include "tests/support/faulty_store.h"
#include "tests/support/mark_watch.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/served_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using Result = v1::CheckerResult;

// A server that asks one checker more, and the account of an owner without anything in the way.
struct Rig {
  explicit Rig(
      ServedChecker::Behaviour behaviour,
      const std::function<void(config::v1::CheckerConfig&)>& configure = [](auto&) {})
      : vault("vault", std::move(behaviour)), server({.configure = [this, configure](config::v1::ServerConfig& config) {
          configure(AddRemote(config, "vault", vault.target()));
        }}) {
    server.LoadExample("matrix");
  }
  Result ResultOfVault() const { return ResultOf(owner->closure().scan().checkers(), "vault"); }
  void Scan(const std::string& account = "clean") {
    if (owner == nullptr) {
      owner = std::make_unique<Owner>(server, account);
      owner->GoToScanResult();
    } else {
      owner->Recheck();
    }
  }

  ServedChecker vault;
  RunningServer server;
  std::unique_ptr<Owner> owner;
};

TEST_CASE("what a checker outside the process finds stands in the way until it is gone, and its version is told",
          "[R12][R48]") {
  std::vector<v1::ReportedItem> found{SoundItem("7"), SoundItem("8")};
  Rig rig([&](const v1::CheckRequest& request) { return Reporting(request, found); });
  rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::BLOCKED);
  CHECK(rig.ResultOfVault().status() == Result::ANSWERED);
  CHECK(rig.ResultOfVault().version() == "7.4");
  REQUIRE(rig.owner->Items().size() == 2);
  CHECK(rig.owner->Items().front().checker() == "vault");
  found.clear();
  rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::READY);
  rig.owner->GoToSilentPeriod();
  rig.owner->GoToEnd();
  CHECK(rig.owner->closure().state() == v1::Closure::CLOSED);
  // Scan and recheck, after Confirm, and the final check.
  CHECK(rig.vault.checks() == 4);
}

TEST_CASE("an item of a checker outside the process is released there, and asked for again under the same key") {
  std::atomic<bool> released = false;
  v1::ReportedItem item = SoundItem("7");
  item.set_disposition(v1::RENOUNCEABLE);
  ServedChecker vault("vault", [&](const v1::CheckRequest& request) {
    return Reporting(request, released ? std::vector<v1::ReportedItem>() : std::vector{item});
  });
  const auto faults = std::make_shared<StoreFaults>();
  RunningServer server(
      {.configure = [&](config::v1::ServerConfig& config) { AddRemote(config, "vault", vault.target()); },
       .wrap_store = [&](auto store) { return std::make_unique<FaultyStore>(std::move(store), faults); }});
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  // The first answer is lost with the server, and the lease of the task outlives it.
  released = true;
  faults->SetResults(absl::UnavailableError("the disk is away"));
  REQUIRE(TryDiscard(server, owner, DiscardRequestFor(owner, owner.Items())).ok());
  while (vault.discards().empty()) StatusOf(server);
  server.Restart([&] { faults->SetResults(absl::OkStatus()); });
  server.clock().Advance(absl::Minutes(3));
  owner.WaitFor({v1::Closure::READY});
  const std::vector<v1::DiscardRequest> discards = vault.discards();
  REQUIRE(discards.size() == 2);
  CHECK(discards.front().native_id() == "7");
  CHECK(discards.front().account_id() == "clean");
  CHECK_FALSE(discards.front().idempotency_key().empty());
  CHECK(discards.back().idempotency_key() == discards.front().idempotency_key());
}

TEST_CASE("a checker outside the process takes the place of the built-in one of its name") {
  ServedChecker domains("domains", [](const v1::CheckRequest& request) { return Reporting(request, {}); });
  RunningServer server(
      {.configure = [&](config::v1::ServerConfig& config) { AddRemote(config, "domains", domains.target()); }});
  server.LoadExample("matrix");
  Owner owner(server, "domain-current");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(owner.closure().scan().checkers_size() == 6);
  CHECK(ResultOf(owner.closure().scan().checkers(), "domains").version() == "7.4");
}

TEST_CASE("of several addresses those that answer are asked") {
  ServedChecker vault("vault", [](const v1::CheckRequest& request) { return Reporting(request, {}); });
  ServedChecker gone("vault", [](const v1::CheckRequest& request) { return Reporting(request, {}); });
  const std::string targets = fmt::format("ipv4:{},{}", gone.target(), vault.target());
  gone.GoAway();
  RunningServer server({.configure = [&](config::v1::ServerConfig& config) { AddRemote(config, "vault", targets); }});
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(vault.checks() == 1);
}

TEST_CASE("a checker outside the process that is disabled is not asked, and who disabled it is told", "[D5]") {
  Rig rig([](const v1::CheckRequest& request) { return Reporting(request, {SoundItem("7")}); },
          [](config::v1::CheckerConfig& config) {
            config.mutable_disabled()->set_by("ann");
            config.mutable_disabled()->set_why("the vault is being moved");
          });
  rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::READY);
  CHECK(rig.ResultOfVault().status() == Result::SKIPPED);
  CHECK_THAT(rig.ResultOfVault().detail(), Catch::Contains("ann") && Catch::Contains("the vault is being moved"));
  CHECK(rig.vault.checks() == 0);
}

TEST_CASE("in a phase that a checker takes no part in it is skipped") {
  Rig rig([](const v1::CheckRequest& request) { return Reporting(request, {SoundItem("7")}); },
          [](config::v1::CheckerConfig& config) { config.mutable_remote()->add_phases(v1::FINAL); });
  rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::READY);
  CHECK_THAT(rig.ResultOfVault().detail(), Catch::Contains("takes no part in SCAN"));
}

v1::ReportedItem With(const std::function<void(v1::ReportedItem&)>& change) {
  v1::ReportedItem item = SoundItem("7");
  change(item);
  return item;
}

v1::ReportedItem Costing(int64_t units, int32_t nanos) {
  return With([&](v1::ReportedItem& item) {
    item.mutable_amount()->set_currency_code("USD");
    item.mutable_amount()->set_units(units);
    item.mutable_amount()->set_nanos(nanos);
  });
}

TEST_CASE("what comes from outside is distrusted, and takes nothing from what others say", "[D5]") {
  using Then = ServedAnswer::Then;
  ServedAnswer wrong;
  Rig rig([&](const v1::CheckRequest& request) { return wrong.pieces.empty() ? Reporting(request, {}) : wrong; });
  const auto items = [&](const std::vector<v1::ReportedItem>& reported) {
    ServedAnswer answer;
    for (const v1::ReportedItem& item : reported) answer.pieces.push_back(ItemPiece(item));
    return answer;
  };
  const ServedAnswer endless{.pieces = {ItemPiece(SoundItem("7"))}, .then = Then::kRepeat};
  ServedAnswer counting_two = items({SoundItem("7")});
  counting_two.pieces.emplace_back().mutable_summary()->set_item_count(2);
  const struct {
    ServedAnswer answer;
    // Its items come with the summary that belongs to them.
    bool summed_up;
    Result::Fault fault;
    std::string words;
  } cases[] = {
      {items({SoundItem("7"), SoundItem("7")}), true, Result::MALFORMED, "comes twice"},
      {items({With([](auto& item) { item.set_account_id("everything"); })}), true, Result::MALFORMED,
       "of the account \"everything\""},
      {items({With([](auto& item) { item.set_why("a\xff"); })}), true, Result::MALFORMED, "not UTF-8"},
      {items({Costing(-1, 0)}), true, Result::MALFORMED, "not above zero"},
      {items({Costing(1, 1'000'000'000)}), true, Result::MALFORMED, "amount is invalid"},
      {items({Costing(std::numeric_limits<int64_t>::max(), -1)}), true, Result::MALFORMED, "amount is invalid"},
      {items({With([](auto& item) { item.set_why(std::string(70'000, 'x')); })}), true, Result::TOO_MUCH,
       "65536 are the most"},
      {items({SoundItem("7")}), false, Result::MALFORMED, "without a summary"},
      {counting_two, false, Result::MALFORMED, "the summary says 2 items, and 1 came"},
      {endless, false, Result::TOO_MUCH, "more than 10000 items"},
  };
  for (const auto& one : cases) {
    INFO(one.words);
    wrong = one.answer;
    if (one.summed_up) {
      v1::CheckSummary& summary = *wrong.pieces.emplace_back().mutable_summary();
      summary.set_item_count(static_cast<int32_t>(one.answer.pieces.size()));
      summary.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(rig.server.clock().Now()));
      summary.set_account_id("bill-unpaid");
    }
    rig.Scan("bill-unpaid");
    CHECK(rig.owner->closure().state() == v1::Closure::BLOCKED);
    CHECK(rig.ResultOfVault().status() == Result::UNANSWERED);
    CHECK(rig.ResultOfVault().fault() == one.fault);
    CHECK_THAT(rig.ResultOfVault().detail(), Catch::Contains(one.words));
    CHECK(rig.owner->Items().size() == 1);
  }
  wrong = {};
  rig.Scan();
  CHECK(rig.ResultOfVault().status() == Result::ANSWERED);
}

TEST_CASE("the limits of one checker are its own", "[D16]") {
  const bool by_items = GENERATE(true, false);
  Rig rig(
      [](const v1::CheckRequest& request) {
        return Reporting(request, {SoundItem("7"), SoundItem("8")});
      },
      [by_items](config::v1::CheckerConfig& config) {
        by_items ? config.set_max_items(1) : config.mutable_remote()->set_max_bytes(200);
      });
  rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::BLOCKED);
  CHECK(rig.ResultOfVault().fault() == Result::TOO_MUCH);
  CHECK_THAT(rig.ResultOfVault().detail(), Catch::Contains(by_items ? "more than 1 items" : "more than 200 bytes"));
}

TEST_CASE("a checker that is away for a moment is asked again within the scan") {
  std::atomic<int> asked = 0;
  Rig rig([&asked](const v1::CheckRequest& request) {
    if (++asked > 2) return Reporting(request, {});
    return ServedAnswer{.status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "it is started again")};
  });
  rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::READY);
  CHECK(asked == 3);
}

TEST_CASE("a checker that hangs is known to after its deadlines, and is not waited for then", "[D5]") {
  Rig rig([](const v1::CheckRequest&) { return ServedAnswer{.pieces = {}, .then = ServedAnswer::Then::kHang}; },
          [](config::v1::CheckerConfig& config) {
            config.mutable_deadline()->set_nanos(300'000'000);
            config.mutable_remote()->set_breaker_failures(2);
          });
  for (int scan = 0; scan < 2; ++scan) {
    rig.Scan();
    CHECK(rig.ResultOfVault().fault() == Result::TIMED_OUT);
  }
  rig.Scan();
  CHECK_THAT(rig.ResultOfVault().detail(), Catch::Contains("not asked, because 2 calls in a row got no answer"));
  CHECK(rig.vault.checks() == 2);
}

TEST_CASE("while a checker is known to be away nobody waits for it, and it is asked again when it is back", "[D5]") {
  Rig rig([](const v1::CheckRequest& request) { return Reporting(request, {}); },
          [](config::v1::CheckerConfig& config) {
            config.mutable_remote()->set_tries_max(1);
            config.mutable_remote()->set_breaker_failures(2);
            config.mutable_remote()->mutable_breaker_pause()->set_nanos(100'000'000);
            config.mutable_remote()->mutable_breaker_pause_max()->set_nanos(100'000'000);
          });
  rig.vault.GoAway();
  const MarkWatch spared(Mark::kCheckerSpared);
  while (!spared.reached()) rig.Scan();
  CHECK(rig.owner->closure().state() == v1::Closure::BLOCKED);
  CHECK(rig.ResultOfVault().fault() == Result::FAILED);
  CHECK_THAT(rig.ResultOfVault().detail(), Catch::Contains("calls in a row got no answer"));
  rig.vault.Serve();
  while (rig.owner->closure().state() != v1::Closure::READY) rig.Scan();
  CHECK(rig.vault.checks() > 0);
  // Both turns are told, once each: probes in vain are none.
  const auto with = [](const std::string& words) {
    return
        [words](const std::string& line) { return absl::StrContains(line, words) && absl::StrContains(line, "vault"); };
  };
  CHECK(rig.server.WaitForLogLines(with("is not waited for until it answers again")).size() == 1);
  CHECK(rig.server.WaitForLogLines(with("a checker answers again")).size() == 1);
}

TEST_CASE("who leaves a preview cancels what a checker outside the process was asked") {
  Rig rig([](const v1::CheckRequest& request) {
    ServedAnswer answer = Reporting(request, {});
    if (request.phase() == v1::PREVIEW) answer = {.pieces = {}, .then = ServedAnswer::Then::kHang};
    return answer;
  });
  {
    const auto context = RunningServer::As("root:clean");
    v1::PreviewClosureRequest request;
    request.set_account("accounts/clean");
    const auto stream = rig.server.closures().PreviewClosure(context.get(), request);
    v1::PreviewClosureResponse response;
    REQUIRE(rig.vault.WaitForCheck());
    context->TryCancel();
    while (stream->Read(&response)) {
    }
    stream->Finish();
  }
  CHECK(rig.vault.WaitForCancel());
}

// A caller who has a connection of his own, as another process has.
std::shared_ptr<grpc::Channel> ConnectAlone(RunningServer& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", server.server().port()),
                                   grpc::InsecureChannelCredentials(), arguments);
}

TEST_CASE("a scan goes on when whoever began it and watched it has left", "[R12]") {
  absl::Notification let_go;
  ServedChecker vault("vault", [&](const v1::CheckRequest& request) {
    let_go.WaitForNotificationWithTimeout(absl::Seconds(30));
    return Reporting(request, {});
  });
  RunningServer server({.configure = [&](config::v1::ServerConfig& config) {
    AddRemote(config, "vault", vault.target());
    config.mutable_limits()->set_watches_max(1);
  }});
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.Create();
  owner.Verify();
  const auto* const service = v1::WatchClosureRequest::descriptor()->file()->FindServiceByName("ClosureService");
  const auto watch_once = [&](const std::shared_ptr<grpc::Channel>& channel) {
    v1::WatchClosureRequest request;
    request.set_name(owner.name());
    return SendBytes(channel, *RunningServer::As(owner.actor()), service->FindMethodByName("WatchClosure"),
                     request.SerializeAsString(), 1);
  };
  {
    const std::shared_ptr<grpc::Channel> channel = ConnectAlone(server);
    auto accept = RequestOn<v1::AcceptAgreementRequest>(owner.name());
    accept.set_version("2026-01");
    v1::Closure closure;
    REQUIRE(v1::ClosureService::NewStub(channel)
                ->AcceptAgreement(RunningServer::As(owner.actor()).get(), accept, &closure)
                .ok());
    REQUIRE(vault.WaitForCheck());
    REQUIRE_FALSE(watch_once(channel).messages.empty());
  }
  // The server knows that he left once another watch finds room.
  while (watch_once(server.channel()).messages.empty()) {
  }
  let_go.Notify();
  for (owner.Refresh(); owner.closure().state() == v1::Closure::CHECKING;) owner.Refresh();
  // The call that he was there for was answered: nobody had cancelled it, and no other was made.
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(ResultOf(owner.closure().scan().checkers(), "vault").status() == Result::ANSWERED);
  CHECK(vault.checks() == 1);
}

}  // namespace
}  // namespace closure
