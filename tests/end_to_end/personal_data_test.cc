// SPDX-License-Identifier: Apache-2.0
// The service's own copy of personal data: it is erased when the owner has been told, from every byte of the database.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "person-1";
constexpr char kMail[] = "zacharias.quickfox@personal-mailbox.example";
constexpr char kPhone[] = "+8613712349876";

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Everything that the service keeps: the bytes of its database files, and all that its API tells.
struct Kept {
  std::string files;
  std::string answers;
};

Kept Look(RunningServer& server, const Owner& owner) {
  Kept kept;
  for (const char* suffix : {"", "-wal", "-shm"}) kept.files += ReadBytes(server.database_path() + suffix);
  for (const auto& methods : {ClosureMethods(), OperatorMethods()}) {
    for (const auto* method : methods) {
      if (IsMutation(method) || method->name() == "PreviewClosure") continue;
      const auto request = MakeRequest(method, owner.closure());
      const int messages_max = method->name() == "WatchClosure" ? 1 : 1000;
      const Reply reply = SendBytes(server, "operator:ann", method, request->SerializeAsString(), messages_max);
      for (const std::string& message : reply.messages) kept.answers += message;
    }
  }
  return kept;
}

std::string Hidden(const std::string& text) { return text.substr(text.find('@')); }

struct Person {
  RunningServer server;
  Owner owner{server, kAccount};
  std::string code;

  Person() {
    server.Load(fmt::format(
        R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "{}"}}, "phone": {{"address": "{}"}}}}]}})",
        kAccount, kMail, kPhone));
    owner.Create();
    code = owner.Code();
    WaitUntilQuiet(server, owner.name());
  }
  void CheckErased() {
    const Kept kept = Look(server, owner);
    for (const std::string& secret :
         {std::string(kMail), std::string(kPhone), Hidden(kMail), std::string("9876"), code}) {
      INFO(secret);
      const bool in_files = secret.size() > 6 && kept.files.find(secret) != std::string::npos;
      CHECK_FALSE(in_files);
      CHECK(kept.answers.find(secret) == std::string::npos);
    }
  }
};

TEST_CASE("while a closure is open its contact points are kept, and no answer shows them", "[D12]") {
  Person person;
  const Kept kept = Look(person.server, person.owner);
  CHECK(kept.files.find(kMail) != std::string::npos);
  CHECK(kept.files.find(kPhone) != std::string::npos);
  CHECK(kept.answers.find(kMail) == std::string::npos);
  CHECK(kept.answers.find(kPhone) == std::string::npos);
  CHECK(kept.answers.find(person.code) == std::string::npos);
  CHECK(kept.answers.find(Hidden(kMail)) != std::string::npos);
}

TEST_CASE("after the result was told nothing personal is left, in no file and in no answer", "[D12]") {
  Person person;
  const std::string end = GENERATE(as<std::string>(), "CANCELLED", "EXPIRED", "CLOSED", "ABORTED");
  INFO(end);
  if (end == "CANCELLED") person.owner.Cancel();
  if (end == "EXPIRED") person.server.clock().Advance(absl::Hours(24));
  if (end == "CLOSED" || end == "ABORTED") {
    person.owner.Verify();
    person.owner.Agree();
    person.owner.WaitFor({v1::Closure::READY});
    person.owner.GoToSilentPeriod();
    if (end == "ABORTED") IssueBill(person.server, kAccount, "250.00 USD");
    person.owner.GoToEnd();
  }
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  CHECK(v1::Closure::State_Name(person.owner.closure().state()) == end);
  WaitUntilQuiet(person.server, person.owner.name());
  person.CheckErased();
  // The record itself stays.
  CHECK_FALSE(Sight(person.server, person.owner.name()).empty());
  person.server.Restart();
  person.CheckErased();
}

TEST_CASE("notices are retried for 72 hours, then given up, shown to operators and erased", "[D12][D16][R64]") {
  Person person;
  person.server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  person.owner.Cancel();
  WaitUntilQuiet(person.server, person.owner.name());
  person.server.clock().Advance(absl::Hours(71));
  WaitUntilQuiet(person.server, person.owner.name());
  person.owner.Refresh();
  CHECK(person.owner.closure().notices(0).status() == v1::Notice::PENDING);
  CHECK(person.owner.closure().notices(1).status() == v1::Notice::DELIVERED);
  CHECK_FALSE(person.owner.closure().has_personal_data_erase_time());
  CHECK(Look(person.server, person.owner).files.find(kMail) != std::string::npos);
  person.server.clock().Advance(absl::Hours(1) + absl::Minutes(6));
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  CHECK(person.owner.closure().notices(0).status() == v1::Notice::DEAD_LETTERED);
  CHECK_THAT(person.owner.closure().notices(0).last_error(), Catch::Contains("UNAVAILABLE"));
  WaitUntilQuiet(person.server, person.owner.name());
  person.CheckErased();
  v1::ListTasksRequest stuck;
  stuck.set_stuck_only(true);
  const auto tasks = Send(person.server, "operator:ann", stuck).As<v1::ListTasksResponse>();
  REQUIRE(tasks.tasks_size() == 1);
  CHECK(tasks.tasks(0).kind() == v1::Task::NOTICE);
  CHECK(tasks.tasks(0).parked() == v1::Task::DEAD_LETTER);
  CHECK(tasks.tasks(0).subject() == "EMAIL");
  // Whoever revives it finds nobody to write to any more.
  person.server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  RetryTasks(person.server, person.owner.name());
  WaitUntilQuiet(person.server, person.owner.name());
  person.owner.Refresh();
  CHECK(person.owner.closure().notices(0).status() == v1::Notice::DEAD_LETTERED);
  person.CheckErased();
}

TEST_CASE("the record that stays has salted hashes in place of what was erased", "[D12]") {
  Person person;
  person.owner.Cancel();
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  for (const auto& challenge : person.owner.closure().identity_verification().challenges())
    CHECK(challenge.masked_address().empty());
  // The same contact points in another closure leave other hashes: the two cannot be told to be of one person.
  const Kept first = Look(person.server, person.owner);
  CHECK(first.answers.find("root:person-1") != std::string::npos);
}

}  // namespace
}  // namespace closure
