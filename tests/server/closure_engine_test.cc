// SPDX-License-Identifier: Apache-2.0
// The engine over a store of its own, where what happens at once can be told apart.
#include "server/closure_engine.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"
#include "checkers/proto_time.h"
#include "checkers/upstream_call.h"
#include "closure/upstream/v1/account_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/closure_view.h"
#include "server/config.h"
#include "server/errors.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/mark_watch.h"
#include "tests/support/running_server.h"
#include "tests/support/scratch_directory.h"

namespace closure {
namespace {

using internal::v1::TaskData;
using TaskAnswer = absl::StatusOr<TaskData>;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};

// An account system that answers every question but the first, which waits until it is let go, and then fails.
class AccountsThatKeepTheFirst final : public upstream::v1::AccountService::CallbackService {
 public:
  AccountsThatKeepTheFirst() : server_(grpc::ServerBuilder().RegisterService(this).BuildAndStart()) {}

  std::shared_ptr<upstream::v1::AccountService::StubInterface> stub() {
    return upstream::v1::AccountService::NewStub(server_->InProcessChannel({}));
  }
  void WaitForFirst() { asked_.WaitForNotification(); }
  void FailFirst() { first_->Finish({grpc::StatusCode::UNAVAILABLE, "silence"}); }

 private:
  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                       const upstream::v1::GetAccountRequest* request,
                                       upstream::v1::Account* account) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    if (first_ == nullptr) {
      first_ = reactor;
      asked_.Notify();
      return reactor;
    }
    account->set_account_id(request->account_id());
    account->set_state(upstream::v1::Account::ACTIVE);
    account->mutable_email()->set_address("bob@example.com");
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  // Set by the first call, before there is another.
  grpc::ServerUnaryReactor* first_ = nullptr;
  absl::Notification asked_;
  const std::unique_ptr<grpc::Server> server_;
};

// An engine, and one closure that waits for its identity code.
class Bench {
 public:
  explicit Bench(std::shared_ptr<upstream::v1::AccountService::StubInterface> accounts = nullptr) {
    auto opened = SqliteClosureStore::Open({.path = path_});
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
    ClosureEngine::Parts parts;
    parts.store = store_.get();
    parts.clock = &clock_;
    parts.secret_key = &secret_key_;
    parts.agreements = &agreements_;
    parts.policy = WithDefaults({}).policy();
    parts.random = &SystemRandom();
    parts.upstreams.account = std::move(accounts);
    engine_ = std::make_unique<ClosureEngine>(std::move(parts));
    CreateFacts facts;
    facts.account.set_account_id(kKey.account_id);
    facts.account.set_state(upstream::v1::Account::ACTIVE);
    facts.account.mutable_email()->set_address("ann@example.com");
    facts.channel = v1::EMAIL;
    facts.closure_id = kKey.closure_id;
    facts.policy = WithDefaults({}).policy();
    Circumstances circumstances;
    circumstances.now = clock_.Now();
    circumstances.challenge_ids = {"a", "b"};
    absl::StatusOr<Decision> created = Decide({}, facts, circumstances);
    REQUIRE(created.ok());
    absl::Status applied;
    store_->Apply(std::move(created->commit), [&](absl::Status status) { applied = std::move(status); });
    store_->Drain();
    REQUIRE(applied.ok());
  }

  ManualClock& clock() { return clock_; }
  SqliteClosureStore& store() { return *store_; }
  std::unique_ptr<ClosureEngine>& engine() { return engine_; }
  TaskData Task(v1::Task::Kind kind) {
    const auto tasks = store_->ListTasks({.closure = kKey});
    REQUIRE(tasks.ok());
    for (const TaskData& task : *tasks) {
      if (task.kind() == kind) return task;
    }
    FAIL("no such task");
    return {};
  }
  // Reports that a try of a task failed, and that it is due again in five minutes.
  void ReportFailure(const TaskData& task, std::string error) {
    const TaskFailed failed{std::move(error), absl::Minutes(5)};
    engine_->Report(
        task, [failed](const internal::v1::ClosureData&) -> absl::StatusOr<Happening> { return failed; },
        [](const absl::Status&) {});
  }
  // Nothing is committed while `meanwhile` happens; answers when all of it is.
  void WhileNothingIsCommitted(const std::function<void()>& meanwhile) {
    {
      auto connection = sqlite::Connection::Open(path_, sqlite::Connection::Access::kReadWrite);
      REQUIRE(connection.ok());
      const auto lock = sqlite::Transaction::BeginWrite(**connection);
      REQUIRE(lock.ok());
      meanwhile();
    }
    store_->Drain();
  }

 private:
  ScratchDirectory directory_;
  const std::string path_ = directory_.File("closures.db");
  ManualClock clock_;
  const SecretKey secret_key_ = SecretKey::FromBytes(std::string(32, 'k'));
  const Agreements agreements_ = *Agreements::FromTexts(EmbeddedAgreementTexts());
  std::unique_ptr<SqliteClosureStore> store_;
  std::unique_ptr<ClosureEngine> engine_;
};

CallContext AnnAsks(const std::string& request_id) {
  return {.actor = {.kind = Actor::Kind::kOperator, .name = "ann"}, .request_id = request_id, .body_hash = "h"};
}

TEST_CASE("two retries of a task at once with one request id have one answer", "[engine][operators]") {
  Bench bench;
  const TaskData task = bench.Task(v1::Task::SEND_CODE);
  std::vector<TaskAnswer> answers;
  bench.WhileNothingIsCommitted([&] {
    for (int call = 0; call < 2; ++call) {
      bench.engine()->RetryTask(task.id(), "hurry", AnnAsks("r1"),
                                [&answers](TaskAnswer answer) { answers.push_back(std::move(answer)); });
    }
  });
  REQUIRE(answers.size() == 2);
  for (const TaskAnswer& answer : answers) {
    INFO(answer.status().ToString());
    REQUIRE(answer.ok());
  }
  CHECK(answers[0]->SerializeAsString() == answers[1]->SerializeAsString());
}

TEST_CASE("a creation that would be refused has the answer of its repetition, which was carried out meanwhile",
          "[engine]") {
  AccountsThatKeepTheFirst accounts;
  Bench bench(accounts.stub());
  const MarkWatch by_repetition(Mark::kCreatedByRepetition);
  const CallContext bob{.actor = {.kind = Actor::Kind::kRoot, .name = "1002"}, .request_id = "r1", .body_hash = "h"};
  const auto create = [&](absl::Notification& answered, absl::StatusOr<v1::Closure>& answer) {
    bench.engine()->Create("1002", v1::EMAIL, bob, [&](absl::StatusOr<v1::Closure> told) {
      answer = std::move(told);
      answered.Notify();
    });
  };
  absl::Notification first_answered;
  absl::Notification second_answered;
  absl::StatusOr<v1::Closure> first;
  absl::StatusOr<v1::Closure> second;
  create(first_answered, first);
  accounts.WaitForFirst();
  create(second_answered, second);
  second_answered.WaitForNotification();
  REQUIRE(second.ok());
  accounts.FailFirst();
  first_answered.WaitForNotification();
  INFO(first.status().ToString());
  REQUIRE(first.ok());
  CHECK(first->SerializeAsString() == second->SerializeAsString());
  CHECK(by_repetition.reached());
  CHECK(CallsToUpstreams().WaitForNone(absl::Minutes(1)));
}

TEST_CASE("a retry does not take back the failure that was committed before it", "[engine][operators]") {
  Bench bench;
  const TaskData task = bench.Task(v1::Task::SEND_CODE);
  TaskAnswer answer;
  bench.WhileNothingIsCommitted([&] {
    bench.ReportFailure(task, "UNAVAILABLE: no mail");
    bench.engine()->RetryTask(task.id(), "hurry", AnnAsks("r1"), [&](TaskAnswer got) { answer = std::move(got); });
  });
  REQUIRE(answer.ok());
  CHECK(answer->attempts() == 1);
  const TaskData now = bench.Task(v1::Task::SEND_CODE);
  CHECK(now.attempts() == 1);
  CHECK(now.last_error() == "UNAVAILABLE: no mail");
  CHECK(now.has_first_failure_time());
  CHECK(FromProto(now.due_time()) == bench.clock().Now());
}

TEST_CASE("the answer of a retry is kept without the owner's address", "[engine][operators][D12]") {
  Bench bench;
  const TaskData task = bench.Task(v1::Task::SEND_CODE);
  bench.ReportFailure(task, "no mailbox ann@example.com");
  TaskAnswer answer;
  bench.engine()->RetryTask(task.id(), "hurry", AnnAsks("r1"), [&](TaskAnswer got) { answer = std::move(got); });
  bench.store().Drain();
  REQUIRE(answer.ok());
  CHECK(answer->last_error() == "no mailbox ***");
}

TEST_CASE("a closure whose scan is too old is not said to be ready to be confirmed", "[engine][D16]") {
  const absl::Time until = absl::FromUnixSeconds(1'800'000'000);
  internal::v1::ClosureData data;
  data.mutable_closure()->set_state(v1::Closure::READY);
  *data.mutable_closure()->mutable_scan()->mutable_fresh_until_time() = ToProto(until);
  const auto allows = [&](v1::Closure::Action action, absl::Time now) {
    const v1::Closure shown = Present(data, now);
    return std::count(shown.allowed_actions().begin(), shown.allowed_actions().end(), action) == 1;
  };
  CHECK(allows(v1::Closure::CONFIRM_CLOSURE, until - absl::Microseconds(1)));
  CHECK_FALSE(allows(v1::Closure::CONFIRM_CLOSURE, until));
  CHECK(allows(v1::Closure::RECHECK, until));
}

TEST_CASE("the request ids of retries are forgotten when they are too old, even after those of their closure",
          "[engine][operators][D16]") {
  Bench bench;
  const TaskData task = bench.Task(v1::Task::SEND_CODE);
  const auto retry = [&](const std::string& request_id) {
    TaskAnswer answer;
    bench.engine()->RetryTask(task.id(), "hurry", AnnAsks(request_id),
                              [&](TaskAnswer got) { answer = std::move(got); });
    bench.store().Drain();
    REQUIRE(answer.ok());
  };
  retry("old");
  CHECK(bench.store().FindRequest("", "old")->has_value());
  bench.clock().Advance(FromProto(WithDefaults({}).policy().request_id_retention()) + absl::Seconds(1));
  retry("new");
  CHECK_FALSE(bench.store().FindRequest("", "old")->has_value());
  CHECK(bench.store().FindRequest("", "new")->has_value());
}

TEST_CASE("who is answered is out of the queue: asks again and is answered, and may destroy the engine", "[engine]") {
  Bench bench;
  const ClosureKey none{.account_id = "1001", .closure_id = "none"};
  const auto ask = [&](ClosureEngine::Reply reply) {
    bench.engine()->Execute(none, CancelClosure{}, "", AnnAsks("r1"), std::move(reply));
  };
  SECTION("asks again") {
    bool nested_first = false;
    bool nested = false;
    ask([&](const absl::StatusOr<v1::Closure>& answer) {
      CHECK(absl::IsNotFound(answer.status()));
      ask([&](const absl::StatusOr<v1::Closure>&) { nested = true; });
      nested_first = nested;
    });
    CHECK(nested_first);
  }
  SECTION("destroys the engine") {
    ask([&](const absl::StatusOr<v1::Closure>&) { bench.engine().reset(); });
    CHECK(bench.engine() == nullptr);
  }
  SECTION("destroys the engine after a commit") {
    bench.engine()->Execute(kKey, CancelClosure{}, "", AnnAsks("r2"), [&](const absl::StatusOr<v1::Closure>& answer) {
      CHECK(answer.ok());
      bench.engine().reset();
    });
    bench.store().Drain();
    CHECK(bench.engine() == nullptr);
  }
}

}  // namespace
}  // namespace closure
