// SPDX-License-Identifier: Apache-2.0
// Watching a closure: progress while it runs, and going on over interruptions.
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "watch-1";

// A watch that is read one change at a time.
class Stream {
 public:
  Stream(RunningServer& server, const Owner& owner, int64_t after_revision = 0)
      : context_(RunningServer::As(owner.actor())) {
    v1::WatchClosureRequest request;
    request.set_name(owner.name());
    request.set_after_revision(after_revision);
    reader_ = server.closures().WatchClosure(context_.get(), request);
  }
  ~Stream() { context_->TryCancel(); }
  bool Read(v1::Closure& closure) {
    v1::WatchClosureResponse response;
    if (!reader_->Read(&response)) return false;
    closure = response.closure();
    return true;
  }
  grpc::Status Finish() { return reader_->Finish(); }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchClosureResponse>> reader_;
};

int Answered(const v1::Closure& closure) {
  const auto& all = closure.scan().checkers();
  return static_cast<int>(std::count_if(all.begin(), all.end(),
                                        [](const auto& each) { return each.status() == v1::CheckerResult::ANSWERED; }));
}

TEST_CASE("a watch shows each checker's progress while the scan runs", "[R16][R46]") {
  const auto hold = std::make_shared<QuestionHold>(kAccount);
  RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("slow", hold->behaviour())}});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  owner.Verify();
  Stream stream(server, owner);
  owner.Agree();
  v1::Closure closure;
  while (stream.Read(closure) && Answered(closure) < 6) {
  }
  CHECK(closure.state() == v1::Closure::CHECKING);
  CHECK(closure.scan().checkers_size() == 7);
  CHECK(ResultOf(closure.scan().checkers(), "slow").status() == v1::CheckerResult::RUNNING);
  const std::string etag = closure.etag();
  hold->LetGo();
  while (stream.Read(closure) && closure.state() == v1::Closure::CHECKING) CHECK(closure.etag() == etag);
  CHECK(closure.state() == v1::Closure::READY);
  CHECK(closure.etag() != etag);
}

TEST_CASE("what a watch tells rises in revision, and its last word is the end", "[R16][D12]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  Stream stream(server, owner);
  std::vector<v1::Closure> told;
  std::thread reader([&] {
    v1::Closure closure;
    while (stream.Read(closure)) told.push_back(closure);
  });
  owner.Verify();
  owner.Agree();
  owner.WaitFor({v1::Closure::READY});
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  reader.join();
  CHECK(stream.Finish().ok());
  REQUIRE_FALSE(told.empty());
  for (std::size_t i = 1; i < told.size(); ++i) CHECK(told[i].revision() > told[i - 1].revision());
  CHECK(told.back().state() == v1::Closure::CLOSED);
  CHECK(told.back().has_personal_data_erase_time());
}

TEST_CASE("a watch that is resumed tells nothing twice", "[R16]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  const int64_t seen = owner.closure().revision();
  Stream resumed(server, owner, seen);
  owner.Cancel();
  v1::Closure closure;
  REQUIRE(resumed.Read(closure));
  CHECK(closure.revision() > seen);
  while (resumed.Read(closure)) {
  }
  CHECK(resumed.Finish().ok());
  // Of one that has ended there is nothing more to tell.
  Stream after(server, owner, closure.revision());
  CHECK_FALSE(after.Read(closure));
  CHECK(after.Finish().ok());
}

TEST_CASE("a watch ends when the server stops, and goes on with the next one", "[R16]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  WaitUntilQuiet(server, owner.name());
  auto stream = std::make_unique<Stream>(server, owner);
  v1::Closure closure;
  REQUIRE(stream->Read(closure));
  server.Restart();
  v1::Closure late;
  while (stream->Read(late)) closure = late;
  Reply end;
  end.status = stream->Finish();
  CheckRefused(end, grpc::StatusCode::UNAVAILABLE, v1::SHUTTING_DOWN);
  Stream resumed(server, owner, closure.revision());
  server.clock().Advance(absl::Hours(168));
  int64_t revision = closure.revision();
  while (resumed.Read(closure)) {
    CHECK(closure.revision() > revision);
    revision = closure.revision();
  }
  CHECK(resumed.Finish().ok());
  CHECK(closure.state() == v1::Closure::CLOSED);
}

TEST_CASE("everybody who watches a closure sees it end", "[R16]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  constexpr int kWatchers = 30;
  std::vector<v1::Closure::State> last(kWatchers);
  std::vector<std::thread> watchers;
  for (v1::Closure::State& state : last) {
    watchers.emplace_back([&] {
      Stream stream(server, owner);
      v1::Closure closure;
      while (stream.Read(closure)) state = closure.state();
    });
  }
  server.clock().Advance(absl::Hours(168));
  for (std::thread& watcher : watchers) watcher.join();
  for (const v1::Closure::State state : last) CHECK(state == v1::Closure::CLOSED);
}

TEST_CASE("more watches than the server accepts are told to come back", "[watch]") {
  RunningServer server(
      {.configure = [](config::v1::ServerConfig& config) { config.mutable_limits()->set_watches_max(2); }});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  auto first = std::make_unique<Stream>(server, owner);
  Stream second(server, owner);
  v1::Closure closure;
  REQUIRE(first->Read(closure));
  REQUIRE(second.Read(closure));
  Stream third(server, owner);
  CHECK_FALSE(third.Read(closure));
  Reply refused;
  refused.status = third.Finish();
  CheckRefused(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, v1::OVERLOADED, {"2"});
  CHECK(refused.retry_delay().has_value());
}

}  // namespace
}  // namespace closure
