// SPDX-License-Identifier: Apache-2.0
// The service's own copy of personal data: it is erased when the owner has been told, from every byte of the database.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/mark_watch.h"
#include "tests/support/scripted_checker.h"
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

// Whether the digits stand somewhere by themselves; in a hash they mean nothing.
bool HoldsCode(const std::string& text, const std::string& code) {
  const auto is_hash = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (std::size_t at = text.find(code); at != std::string::npos; at = text.find(code, at + 1)) {
    const bool before = at > 0 && is_hash(text[at - 1]);
    const bool after = at + code.size() < text.size() && is_hash(text[at + code.size()]);
    if (!before && !after) return true;
  }
  return false;
}

// Freezes nothing, and says why with the owner's address.
class QuotingParticipant final : public Participant {
 public:
  QuotingParticipant() {
    description_.set_name("quoting");
    for (const v1::ParticipantPhase phase : {v1::FREEZE, v1::THAW}) {
      auto& stage = *description_.add_stages();
      stage.set_phase(phase);
      stage.set_stage(1);
    }
  }
  const v1::ParticipantDescription& description() const override { return description_; }
  void Perform(const v1::PerformRequest& request, const CallOptions&, Done done) override {
    if (request.phase() == v1::FREEZE)
      return std::move(done)(absl::UnavailableError(std::string("cannot lock ") + kMail + " now"));
    v1::PerformResponse response;
    response.set_outcome(v1::PerformResponse::DONE);
    std::move(done)(std::move(response));
  }

 private:
  v1::ParticipantDescription description_;
};

struct Person {
  RunningServer server;
  Owner owner{server, kAccount};
  std::string code;

  explicit Person(RunningServer::Options options = {}) : server(std::move(options)) {
    server.Load(fmt::format(
        R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "{}"}}, "phone": {{"address": "{}"}}}}]}})",
        kAccount, kMail, kPhone));
    owner.Create();
    code = owner.Code();
    WaitUntilQuiet(server, owner.name());
  }
  std::vector<std::string> Secrets() const { return {kMail, kPhone, Hidden(kMail), "*9876"}; }
  bool IsIn(const std::string& text) const {
    const std::vector<std::string> secrets = Secrets();
    return HoldsCode(text, code) || std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
             return text.find(secret) != std::string::npos;
           });
  }
  void CheckErased() {
    // The files are cut just after the commit that readers see already.
    constexpr int kLooksMax = 1000;
    for (int look = 1; IsIn(Look(server, owner).files) && look < kLooksMax; ++look) {
    }
    const Kept kept = Look(server, owner);
    for (const std::string& secret : Secrets()) {
      INFO(secret);
      const bool in_files = kept.files.find(secret) != std::string::npos;
      const bool in_answers = kept.answers.find(secret) != std::string::npos;
      CHECK_FALSE(in_files);
      CHECK_FALSE(in_answers);
    }
    CHECK_FALSE(HoldsCode(kept.files, code));
    CHECK_FALSE(HoldsCode(kept.answers, code));
  }
};

TEST_CASE("while a closure is open its contact points are kept, and no answer shows them", "[D12]") {
  Person person;
  const Kept kept = Look(person.server, person.owner);
  CHECK(kept.files.find(kMail) != std::string::npos);
  CHECK(kept.files.find(kPhone) != std::string::npos);
  CHECK(kept.answers.find(kMail) == std::string::npos);
  CHECK(kept.answers.find(kPhone) == std::string::npos);
  // The code is made anew from its secret when it is sent, and stored nowhere.
  CHECK_FALSE(HoldsCode(kept.answers, person.code));
  CHECK_FALSE(HoldsCode(kept.files, person.code));
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
  const MarkWatch mark(Mark::kNoticeGivenUp);
  person.server.clock().Advance(absl::Hours(1) + absl::Minutes(6));
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  CHECK(mark.reached());
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

TEST_CASE("what a checker says of an address is not kept", "[D12]") {
  const auto quoting = std::make_shared<ScriptedChecker>(
      "vault", [](const v1::CheckRequest&, const CallOptions&, Checker::CheckDone done) {
        std::move(done)(absl::UnavailableError(std::string("nobody answers under ") + kMail));
      });
  Person person({.extra_checkers = {quoting}});
  person.owner.Verify();
  person.owner.Agree();
  person.owner.WaitFor({v1::Closure::BLOCKED});
  CHECK_THAT(Sight(person.server, person.owner.name()), Catch::Contains("nobody answers under ***"));
  person.owner.Cancel();
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  person.CheckErased();
}

TEST_CASE("what a participant says of an address is not kept, though it becomes the cause of a failed Confirm",
          "[D12][D6]") {
  Person person({.extra_participants = {{.participant = std::make_shared<QuotingParticipant>()}}});
  person.owner.Verify();
  person.owner.Agree();
  person.owner.WaitFor({v1::Closure::READY});
  person.owner.Confirm();
  WaitUntilQuiet(person.server, person.owner.name());
  person.server.clock().Advance(absl::Minutes(5));
  person.owner.WaitFor({v1::Closure::BLOCKED});
  CHECK_THAT(person.owner.closure().cause_detail(), Catch::Contains("quoting (UNAVAILABLE: cannot lock ***"));
  person.owner.Cancel();
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  person.CheckErased();
}

TEST_CASE("the record that stays shows no address, and who drove it", "[D12]") {
  Person person;
  person.owner.Cancel();
  person.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  REQUIRE(person.owner.closure().identity_verification().challenges_size() == 1);
  CHECK(person.owner.closure().identity_verification().challenges(0).masked_address().empty());
  CHECK_THAT(Sight(person.server, person.owner.name()), Catch::Contains("root:person-1"));
}

}  // namespace
}  // namespace closure
