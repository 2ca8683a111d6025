// SPDX-License-Identifier: Apache-2.0
// That the judge can find against the service: each promise is broken once, by hand, and has to be named.
#include <algorithm>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/simulation/judge_acts.h"
#include "tests/simulation/judge_notices.h"
#include "tests/simulation/judge_tasks.h"

namespace closure::simulation {
namespace {

using Catch::Matchers::StartsWith;
using internal::v1::TaskData;
using sandbox::v1::InboxMessage;
using sandbox::v1::SandboxAct;
using sandbox::v1::ShowAccountResponse;

constexpr char kAccount[] = "5001";
constexpr char kName[] = "accounts/5001/closures/c1";
constexpr absl::Time kNow = absl::FromUnixSeconds(1'782'896'400);

v1::Closure Ended(v1::Closure::State state) {
  v1::Closure closure;
  closure.set_name(kName);
  closure.set_account("accounts/5001");
  closure.set_state(state);
  return closure;
}

// The states of a closure on its way to this end, at fences from 1.
StatesByFence WayTo(v1::Closure::State end) {
  StatesByFence states;
  std::int64_t fence = 0;
  for (const v1::Closure::State state :
       {v1::Closure::CONFIRMING, v1::Closure::SILENT_PERIOD, v1::Closure::FINAL_CHECK,
        end == v1::Closure::CLOSED ? v1::Closure::DELETING : v1::Closure::RESTORING, end})
    states[++fence] = {kName, state};
  return states;
}

SandboxAct Act(const std::string& method, std::int64_t fence, const std::string& key) {
  SandboxAct act;
  act.set_method("service/" + method);
  act.set_fence(fence);
  act.set_idempotency_key(key);
  act.set_outcome("DONE");
  return act;
}

void Do(ShowAccountResponse& account, const std::string& method, std::int64_t fence) {
  *account.add_acts() = Act(method, fence, fmt::format("{}/phase/{}/{}", kName, fence, method));
}

// Everything that a closure on its way to this end has to ask for.
ShowAccountResponse BooksOf(v1::Closure::State end) {
  ShowAccountResponse account;
  for (const char* method : {"FreezeAccount", "FreezeBilling", "FreezeResources", "Perform"}) Do(account, method, 1);
  for (const char* method : {"TerminateSessions", "CreateServiceLinkedRole"}) Do(account, method, 2);
  Do(account, "SealBilling", 3);
  const std::vector<std::string> last =
      end == v1::Closure::CLOSED
          ? std::vector<std::string>{"PurgeData", "UnbindThirdParties", "DeleteServiceLinkedRole", "DeleteAccount",
                                     "Perform"}
          : std::vector<std::string>{"UnsealBilling",           "ThawAccount", "ThawBilling", "ThawResources",
                                     "DeleteServiceLinkedRole", "Perform"};
  for (const std::string& method : last) Do(account, method, 4);
  account.set_deleted(end == v1::Closure::CLOSED);
  return account;
}

std::string FaultOfAdded(const SandboxAct& act) {
  ShowAccountResponse account = BooksOf(v1::Closure::CLOSED);
  *account.add_acts() = act;
  return FaultOfActs(kAccount, account, WayTo(v1::Closure::CLOSED));
}

TEST_CASE("the books of both ends are in order when every act was done once", "[simulation]") {
  for (const v1::Closure::State end : {v1::Closure::CLOSED, v1::Closure::ABORTED}) {
    CHECK(FaultOfActs(kAccount, BooksOf(end), WayTo(end)) == "");
    CHECK(FaultOfBooks(Ended(end), BooksOf(end), WayTo(end), std::nullopt) == "");
  }
}

TEST_CASE("an act that is left out is noticed, whichever it is", "[simulation]") {
  for (const v1::Closure::State end : {v1::Closure::CLOSED, v1::Closure::ABORTED}) {
    const ShowAccountResponse all = BooksOf(end);
    for (int left_out = 0; left_out < all.acts_size(); ++left_out) {
      ShowAccountResponse account = all;
      account.mutable_acts(left_out)->set_outcome("FENCED");
      CHECK_THAT(FaultOfBooks(Ended(end), account, WayTo(end), std::nullopt), StartsWith("S2: "));
      CHECK(FaultOfBooks(Ended(end), account, WayTo(end), 1) == "");
    }
  }
}

TEST_CASE("an act under two keys is noticed, and money of another currency is another act", "[simulation]") {
  CHECK_THAT(FaultOfAdded(Act("PurgeData", 4, fmt::format("{}/phase/9/PurgeData", kName))), StartsWith("N6: "));
  SandboxAct dollars = Act("VoidDebt", 4, fmt::format("{}/void/USD", kName));
  dollars.mutable_amount()->set_currency_code("USD");
  SandboxAct euros = Act("VoidDebt", 4, fmt::format("{}/void/EUR", kName));
  euros.mutable_amount()->set_currency_code("EUR");
  SandboxAct again = dollars;
  again.set_idempotency_key(fmt::format("{}/void/again", kName));
  ShowAccountResponse account = BooksOf(v1::Closure::CLOSED);
  *account.add_acts() = dollars;
  *account.add_acts() = euros;
  CHECK(FaultOfActs(kAccount, account, WayTo(v1::Closure::CLOSED)) == "");
  *account.add_acts() = again;
  CHECK_THAT(FaultOfActs(kAccount, account, WayTo(v1::Closure::CLOSED)), StartsWith("N6: "));
}

TEST_CASE("an act under another account's key is noticed, done or not", "[simulation]") {
  SandboxAct foreign = Act("PurgeData", 4, "accounts/50010/closures/c1/phase/4/PurgeData");
  foreign.set_outcome("FENCED");
  CHECK_THAT(FaultOfAdded(foreign), StartsWith("N9: "));
}

TEST_CASE("an act of a state that does not ask for it is noticed", "[simulation]") {
  CHECK_THAT(FaultOfAdded(Act("PurgeData", 2, fmt::format("{}/x", kName))), StartsWith("S2: "));
  CHECK_THAT(FaultOfAdded(Act("SealBilling", 9, fmt::format("{}/x", kName))), StartsWith("S2: "));
  CHECK_THAT(FaultOfAdded(Act("SealBilling", 3, "accounts/5001/closures/c2/x")), StartsWith("S2: "));
}

TEST_CASE("a result that is told before the end is noticed", "[simulation]") {
  CHECK_THAT(FaultOfAdded(Act("SendMail", 4, fmt::format("{}/notice/EMAIL", kName))), StartsWith("S11: "));
  CHECK(FaultOfAdded(Act("SendMail", 5, fmt::format("{}/notice/EMAIL", kName))) == "");
}

TEST_CASE("an act that deletes is noticed after every end but one", "[simulation]") {
  for (const char* method : {"PurgeData", "UnbindThirdParties", "DeleteAccount", "VoidDebt"}) {
    ShowAccountResponse account = BooksOf(v1::Closure::ABORTED);
    Do(account, method, 4);
    CHECK_THAT(FaultOfBooks(Ended(v1::Closure::ABORTED), account, WayTo(v1::Closure::ABORTED), std::nullopt),
               StartsWith("S8: "));
  }
}

// ---- notices ----

// An account that was closed, whose owner has a mailbox and no telephone, and was told.
struct Told {
  v1::Closure closure = Ended(v1::Closure::CLOSED);
  Reachable owner{.addresses = {{v1::EMAIL, "5001@example.com"}}, .language_code = "en"};
  std::vector<InboxMessage> inbox{1};

  Told() {
    Notify(v1::EMAIL, v1::Notice::DELIVERED);
    Notify(v1::SMS, v1::Notice::NO_ADDRESS);
    inbox[0].set_idempotency_key(fmt::format("{}/notice/EMAIL", kName));
    inbox[0].set_channel("email");
    inbox[0].set_address("5001@example.com");
    inbox[0].set_language_code("en");
    inbox[0].set_subject("Your cloud account 5001 is closed");
    inbox[0].set_body("The account 5001 is permanently deleted.");
  }
  void Notify(v1::Channel channel, v1::Notice::Status status) {
    v1::Notice& notice = *closure.add_notices();
    notice.set_channel(channel);
    notice.set_status(status);
  }
  std::string Fault() const { return FaultOfNotices(closure, owner, inbox); }
};

TEST_CASE("a notice that is missing, not tried, twice there or not delivered is noticed", "[simulation]") {
  CHECK(Told().Fault() == "");
  Told told;
  told.closure.mutable_notices(0)->set_status(v1::Notice::NO_ADDRESS);
  CHECK(told.Fault() == "L2: EMAIL was not tried");
  told = {};
  told.closure.mutable_notices()->DeleteSubrange(0, 1);
  CHECK(told.Fault() == "L2: no notice by EMAIL");
  told = {};
  told.Notify(v1::EMAIL, v1::Notice::DELIVERED);
  CHECK(told.Fault() == "L2: two notices by EMAIL");
  told = {};
  told.inbox.clear();
  CHECK(told.Fault() == "L2: a notice by EMAIL is delivered, and nothing arrived");
  told.closure.mutable_notices(0)->set_status(v1::Notice::DEAD_LETTERED);
  CHECK(told.Fault() == "");
}

TEST_CASE("a message that came twice, went astray or says something else is noticed", "[simulation]") {
  Told told;
  told.inbox.push_back(told.inbox[0]);
  CHECK(told.Fault() == "S6: 2 results were told by EMAIL");
  told = {};
  told.inbox[0].set_address("5002@example.com");
  CHECK_THAT(told.Fault(), StartsWith("N9: "));
  told = {};
  told.inbox[0].set_body("An account is permanently deleted.");
  CHECK_THAT(told.Fault(), StartsWith("L2: "));
  told = {};
  told.inbox[0].set_language_code("zh");
  CHECK_THAT(told.Fault(), StartsWith("L2: "));
}

TEST_CASE("a success is told of one end alone, and of each end its own words", "[simulation]") {
  for (const v1::Closure::State end : {v1::Closure::ABORTED, v1::Closure::CANCELLED, v1::Closure::EXPIRED}) {
    Told told;
    told.closure.set_state(end);
    CHECK_THAT(told.Fault(), StartsWith("S6: "));
    told.inbox[0].set_subject("Your cloud account 5001 was not closed");
    CHECK_THAT(told.Fault(), StartsWith("S6: "));
    told.inbox[0].set_body("The account 5001 is restored.");
    CHECK((told.Fault() == "") == (end == v1::Closure::ABORTED));
  }
  Told told;
  told.inbox[0].set_subject("Your cloud account 5001 was not closed");
  CHECK_THAT(told.Fault(), StartsWith("S6: "));
}

// ---- tasks ----

TaskData Task(v1::Task::Kind kind, absl::Duration due) {
  TaskData task;
  task.set_kind(kind);
  *task.mutable_due_time() = ToProto(kNow + due);
  task.mutable_payload()->set_fence(4);
  return task;
}

TEST_CASE("only the forgetting of request ids may be left after an end", "[simulation]") {
  v1::Closure closure = Ended(v1::Closure::ABORTED);
  CHECK_THAT(FaultOfLeftovers(closure, {}, kNow), StartsWith("D12: "));
  *closure.mutable_personal_data_erase_time() = ToProto(kNow);
  CHECK(FaultOfLeftovers(closure, {Task(v1::Task::FORGET_REQUESTS, absl::Hours(1))}, kNow) == "");
  CHECK_THAT(FaultOfLeftovers(closure, {Task(v1::Task::FORGET_REQUESTS, -absl::Hours(1))}, kNow), StartsWith("Q: "));
  CHECK_THAT(FaultOfLeftovers(closure, {Task(v1::Task::SEND_CODE, absl::Hours(1))}, kNow), StartsWith("Q: "));
  TaskData given_up = Task(v1::Task::NOTICE, -absl::Hours(1));
  given_up.mutable_payload()->set_channel(v1::EMAIL);
  given_up.set_parked(v1::Task::DEAD_LETTER);
  CHECK_THAT(FaultOfLeftovers(closure, {given_up}, kNow), StartsWith("Q: "));
  closure.add_notices()->set_channel(v1::EMAIL);
  closure.mutable_notices(0)->set_status(v1::Notice::DEAD_LETTERED);
  CHECK(FaultOfLeftovers(closure, {given_up}, kNow) == "");
}

TEST_CASE("a closure that nothing brings on is noticed", "[simulation]") {
  internal::v1::ClosureData data;
  data.set_fence(4);
  CHECK(FaultOfNoTask(data, {Task(v1::Task::SCAN, absl::ZeroDuration())}) == "");
  CHECK_THAT(FaultOfNoTask(data, {Task(v1::Task::SEND_CODE, absl::ZeroDuration())}), StartsWith("S14, L5: "));
  data.set_fence(5);
  CHECK_THAT(FaultOfNoTask(data, {Task(v1::Task::SCAN, absl::ZeroDuration())}), StartsWith("S14, L5: "));
}

TEST_CASE("a closure that stands still and is not shown as stuck is noticed", "[simulation]") {
  internal::v1::ClosureData data;
  data.set_fence(4);
  constexpr absl::Duration kThreshold = absl::Minutes(15);
  const auto fault = [&](const TaskData& task) { return FaultOfStandstill(data, {task}, kNow, kThreshold); };
  CHECK_THAT(fault(Task(v1::Task::PARTICIPANT, -absl::Hours(1))), StartsWith("L5: "));
  CHECK(fault(Task(v1::Task::PARTICIPANT, -absl::Minutes(14))) == "");
  TaskData parked = Task(v1::Task::PARTICIPANT, -absl::Hours(1));
  parked.set_parked(v1::Task::HOLD);
  CHECK(fault(parked) == "");
  TaskData failing = Task(v1::Task::PARTICIPANT, -absl::Hours(1));
  *failing.mutable_first_failure_time() = ToProto(kNow - absl::Minutes(14));
  CHECK_THAT(fault(failing), StartsWith("L5: "));
  *failing.mutable_first_failure_time() = ToProto(kNow - absl::Minutes(15));
  CHECK(fault(failing) == "");
  // One that is accounted for does not hide another.
  const TaskData forgotten = Task(v1::Task::PARTICIPANT, -absl::Hours(1));
  CHECK_THAT(FaultOfStandstill(data, {parked, forgotten}, kNow, kThreshold), StartsWith("L5: "));
  CHECK_THAT(FaultOfStandstill(data, {}, kNow, kThreshold), StartsWith("S14, L5: "));
}

}  // namespace
}  // namespace closure::simulation
