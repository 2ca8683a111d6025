// SPDX-License-Identifier: Apache-2.0
// Upstream systems that do what they must not; every checker must end, with an error, and in time (D5).
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "checkers/catalog.h"
#include "checkers/page_walk.h"
#include "checkers/resources/resources_checker.h"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::Ask;
using testing::FakeCloud;
namespace up = upstream::v1;

// Makes every read of the cloud do the same.
template <typename Behaviour>
void MakeAll(FakeCloud& cloud, Behaviour behaviour) {
  cloud.billing.funds = behaviour;
  cloud.billing.bills = behaviour;
  cloud.billing.charges = behaviour;
  cloud.billing.credit_notes = behaviour;
  cloud.resources.list = behaviour;
  cloud.domains.domains = behaviour;
  cloud.domains.filings = behaviour;
  cloud.directory.membership = behaviour;
  cloud.trusteeship.role = behaviour;
  cloud.partners.relationship = behaviour;
}

TEST_CASE("an upstream's error is the checker's error, with its code and who said it", "[D5]") {
  FakeCloud cloud;
  MakeAll(cloud, [](const auto&, auto*) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "the account was deleted");
  });
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    const auto answer = Ask(*checker);
    CHECK(absl::IsFailedPrecondition(answer.status()));
    CHECK(absl::StartsWith(answer.status().message(), checker->description().name() + ": "));
    CHECK(FaultOf(answer.status()) == v1::CheckerResult::FAILED);
  }
}

TEST_CASE("an upstream that does not know the call is no pass", "[D5]") {
  FakeCloud cloud;
  MakeAll(cloud, [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""); });
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    CHECK(absl::IsInternal(Ask(*checker).status()));
  }
}

TEST_CASE("an upstream that hangs ends with the checker's timeout", "[D5]") {
  FakeCloud cloud;
  MakeAll(cloud, [](const auto&, auto*) { return testing::Hang(); });
  for (const auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    const auto answer = Ask(*checker, testing::TestRequest(), {.timeout = absl::Milliseconds(20)});
    CHECK(FaultOf(answer.status()) == v1::CheckerResult::TIMED_OUT);
  }
}

TEST_CASE("the timeout is for the whole check, not for each page", "[D5]") {
  // Outlives the cloud, whose last call may run while the check is over.
  std::atomic<int> calls = 0;
  FakeCloud cloud;
  // Each page takes a millisecond, and the thousand that are followed a second. Were the timeout for each page, all
  // would come, and the one page too many would be MALFORMED.
  cloud.resources.list = [&](const auto&, up::ListResourcesResponse* page) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(1)) {
    }
    page->set_next_page_token(std::to_string(++calls));
    return grpc::Status::OK;
  };
  ResourcesChecker checker(cloud.upstreams().resource, {});
  const auto answer = Ask(checker, testing::TestRequest(), {.timeout = absl::Milliseconds(50)});
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::TIMED_OUT);
}

TEST_CASE("one list that fails answers at once, however long the others hang", "[D5]") {
  FakeCloud cloud;
  MakeAll(cloud, [](const auto&, auto*) { return testing::Hang(); });
  cloud.billing.credit_notes = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down"); };
  auto cancel = std::make_shared<CancelSignal>();
  const auto checkers = MakeBuiltinCheckers(cloud.upstreams(), {});
  const auto answer = Ask(*checkers[0], testing::TestRequest(), {.timeout = absl::Hours(1), .cancel = cancel});
  CHECK(absl::IsUnavailable(answer.status()));
  cancel->Cancel();
}

TEST_CASE("a cancelled check ends with its calls") {
  FakeCloud cloud;
  std::promise<void> arrived;
  cloud.resources.list = [&](const auto&, auto*) {
    arrived.set_value();
    return testing::Hang();
  };
  ResourcesChecker checker(cloud.upstreams().resource, {});
  auto cancel = std::make_shared<CancelSignal>();
  auto answer = std::async(std::launch::async, [&] {
    return Ask(checker, testing::TestRequest(), {.timeout = absl::Hours(1), .cancel = cancel});
  });
  arrived.get_future().wait();
  cancel->Cancel();
  CHECK(absl::IsCancelled(answer.get().status()));
}

// What the resource checker says when every page is like this one.
absl::StatusOr<CheckAnswer> AskWithPages(testing::Handler<up::ListResourcesRequest, up::ListResourcesResponse> list) {
  FakeCloud cloud;
  cloud.resources.list = std::move(list);
  ResourcesChecker checker(cloud.upstreams().resource, {});
  return Ask(checker);
}

TEST_CASE("a page token that comes twice ends the check", "[D5]") {
  const auto answer = AskWithPages([](const auto& request, auto* page) {
    page->set_next_page_token(request.page_token() == "a" ? "b" : "a");
    return grpc::Status::OK;
  });
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::MALFORMED);
  CHECK(absl::StrContains(answer.status().message(), "came twice"));
}

TEST_CASE("pages without end are not followed", "[D5]") {
  int pages = 0;
  const auto answer = AskWithPages([&](const auto&, auto* page) {
    page->set_next_page_token(std::to_string(++pages));
    return grpc::Status::OK;
  });
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::MALFORMED);
  CHECK(pages == static_cast<int>(kListPagesMax));
}

TEST_CASE("a page token without end is refused", "[D5]") {
  const auto answer = AskWithPages([](const auto&, auto* page) {
    page->set_next_page_token(std::string(kPageTokenMax + 1, 'x'));
    return grpc::Status::OK;
  });
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::MALFORMED);
}

TEST_CASE("a page that is too large to be received is no pass", "[D5]") {
  const auto answer = AskWithPages([](const auto&, auto* page) {
    page->add_resources()->set_display_name(std::string(5 << 20, 'x'));
    return grpc::Status::OK;
  });
  CHECK_FALSE(answer.ok());
}

TEST_CASE("an answer in the last moment and a failure do not answer twice, and a checker may be gone by then") {
  // Shared with the answers, so that one that comes twice, however late, is counted.
  struct Answers {
    std::atomic<int> count = 0;
    absl::Notification first;
  };
  std::vector<std::shared_ptr<Answers>> checks;
  {
    FakeCloud cloud;
    MakeAll(cloud, [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, ""); });
    for (int i = 0; i < 50; ++i) {
      const auto answers = checks.emplace_back(std::make_shared<Answers>());
      {
        const auto checkers = MakeBuiltinCheckers(cloud.upstreams(), {});
        // Four lists fail at the same time.
        checkers[0]->Check(testing::TestRequest(), {}, [answers](absl::StatusOr<CheckAnswer>) {
          if (++answers->count == 1) answers->first.Notify();
        });
      }
      answers->first.WaitForNotification();
    }
  }
  // The cloud is gone, and with it the last call that could answer.
  for (const auto& answers : checks) CHECK(answers->count.load() == 1);
}

}  // namespace
}  // namespace closure
