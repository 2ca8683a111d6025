// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/operator_commands.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/table.h"
#include "client/closurectl/task_commands.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

using google::protobuf::util::TimeUtil;

struct Arguments {
  std::string target;
  std::string reason;
  // When the clock jump came that was looked at, as the status tells it; any without it.
  std::optional<std::string> seen;
};

std::string HaltText(bool present, const v1::SystemStatus::Halt& halt) {
  if (!present) return "no";
  std::string text = absl::StrCat("since ", TimeText(halt.create_time()), " by ", halt.actor(), ": ", halt.reason());
  if (!halt.approvals().empty())
    absl::StrAppend(&text, "; release approved by ", absl::StrJoin(halt.approvals(), ", "));
  return text;
}

bool IsApprovedBy(const Session& session, const v1::SystemStatus::Halt& breaker) {
  const auto& approvals = breaker.approvals();
  const std::string actor = absl::AsciiStrToLower(session.options().actor);
  return std::find(approvals.begin(), approvals.end(), actor) != approvals.end();
}

// Hold and release: the same fields, another call; $0 in `next` is the closure.
template <typename Request>
absl::StatusOr<ExitCode> ChangeHold(Session& session, const Arguments& arguments,
                                    absl::StatusOr<v1::Closure> (ClosureClient::*call)(Request), absl::string_view what,
                                    absl::string_view next) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.target);
  if (!name.ok()) return name.status();
  Request request;
  request.set_name(*name);
  request.set_reason(arguments.reason);
  const absl::StatusOr<v1::Closure> closure = (session.client().*call)(std::move(request));
  if (!closure.ok()) return closure.status();
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.Json(*closure);
    return ExitCode::kOk;
  }
  printer.Data(ClosureTableText({*closure}, printer.style()));
  printer.Note(absl::StrCat(what, " Next:\n  ", OperatorCommand(session, absl::Substitute(next, EscapeLine(*name)))));
  return ExitCode::kOk;
}

// The commands that end what stops irreversible work, and those that show what it keeps waiting.
std::vector<NextStep> SystemSteps(Session& session, const v1::SystemStatus& status) {
  std::vector<NextStep> steps;
  const auto add = [&](absl::string_view advice, absl::string_view rest) {
    steps.push_back({std::string(advice), OperatorCommand(session, rest)});
  };
  if (status.has_pause()) add("let irreversible work go on", "resume --reason TEXT");
  if (status.has_breaker() && !IsApprovedBy(session, status.breaker()))
    add("approve the release of the breaker, as one of two operators", "breaker-release --reason TEXT");
  if (status.has_breaker() && IsApprovedBy(session, status.breaker())) {
    const std::string& mine = session.options().command;
    steps.push_back({"another operator has to approve the release of the breaker too",
                     absl::StrCat(mine.substr(0, mine.find(" --as ")),
                                  " --as operator:OTHER operator breaker-release --reason TEXT")});
  }
  if (status.has_clock_jump()) {
    add("set the clock right, then acknowledge the jump",
        absl::StrCat("ack-clock --seen ", TimeUtil::ToString(status.clock_jump().create_time()), " --reason TEXT"));
  }
  if (status.tasks_stuck() > 0) add("see what is stuck, and why", "tasks --stuck");
  if (status.tasks_parked() > 0) add("see what waits, and for what", "tasks");
  return steps;
}

// Pause, resume, the breaker and the clock: the same field, another call. `what` says what was done, by the status
// that it led to; `request` has what else is asked.
template <typename Request, typename What>
absl::StatusOr<ExitCode> ChangeSystem(Session& session, const Arguments& arguments,
                                      absl::StatusOr<v1::SystemStatus> (ClosureClient::*call)(Request), What what,
                                      Request request = {}) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  request.set_reason(arguments.reason);
  const absl::StatusOr<v1::SystemStatus> status = (session.client().*call)(std::move(request));
  if (!status.ok()) return status.status();
  session.printer().Note(what(*status));
  PrintSystemStatus(session, *status);
  if (SystemSteps(session, *status).empty())
    session.printer().Note(absl::StrCat("Next, see what goes on:\n  ", OperatorCommand(session, "tasks")));
  return ExitCode::kOk;
}

std::string BreakerText(const v1::SystemStatus& status) {
  if (status.has_breaker())
    return "The approval is recorded; the breaker stays open until another operator approves as well.";
  return "The breaker is released. As many silent periods can end now as an hour allows; where more wait, it opens "
         "again, and two operators release it again.";
}

std::string ResumeText(const v1::SystemStatus& status) {
  if (status.has_clock_jump())
    return "The pause is over; irreversible work goes on waiting until the clock jump is acknowledged.";
  if (status.has_breaker()) return "The pause is over; silent periods end again once the breaker is released.";
  return "Irreversible work goes on.";
}

// Setting the clock right is a jump too, and one that the server met with the acknowledgement nobody can have seen.
std::string ClockText(const v1::SystemStatus& status) {
  if (!status.has_clock_jump())
    return absl::StrCat("The clock jump is acknowledged: the server's clock counts, which shows ",
                        TimeText(status.server_time()), ".");
  return absl::StrCat(
      "The jump that was told is acknowledged, but the clock moved once more, and this waits for another "
      "acknowledgement: ",
      EscapeLine(status.clock_jump().reason()));
}

absl::StatusOr<ExitCode> AcknowledgeClock(Session& session, const Arguments& arguments) {
  v1::AcknowledgeClockJumpRequest request;
  // An empty text too is a jump that was meant: that of a script which found none.
  if (arguments.seen.has_value() && !TimeUtil::FromString(*arguments.seen, request.mutable_jump_create_time())) {
    return UsageError(absl::StrCat("--seen: \"", EscapeLine(*arguments.seen),
                                   "\" is not a time as `operator status` shows it, like 2026-07-01T09:00:00.123456Z"));
  }
  return ChangeSystem(session, arguments, &ClosureClient::AcknowledgeClockJump, ClockText, std::move(request));
}

// Another pause replaces operator, time and reason of the first; who was first is told, or both would look the same.
absl::StatusOr<ExitCode> Pause(Session& session, const Arguments& arguments) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  std::string what = "Irreversible work is paused.";
  if (session.printer().table()) {
    const absl::StatusOr<v1::SystemStatus> before = session.client().GetSystemStatus({});
    if (!before.ok()) return before.status();
    if (before->has_pause()) {
      what = absl::StrCat("It was paused already, ", EscapeLine(HaltText(true, before->pause())),
                          ".\nThat pause is replaced by yours; one `resume` ends it.");
    }
  }
  return ChangeSystem(session, arguments, &ClosureClient::PauseIrreversible,
                      [&what](const v1::SystemStatus&) { return what; });
}

// Another hold replaces operator and reason of the first.
absl::StatusOr<ExitCode> Hold(Session& session, const Arguments& arguments) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.target);
  if (!name.ok()) return name.status();
  std::string what = "The closure is held.";
  if (session.printer().table()) {
    const absl::StatusOr<v1::Closure> before = session.GetClosure(*name);
    if (!before.ok()) return before.status();
    if (before->has_hold()) {
      const v1::Hold& hold = before->hold();
      what = absl::StrCat("It was held already, since ", TimeText(hold.create_time()), " by ",
                          EscapeLine(hold.operator_()), ": ", EscapeLine(hold.reason()),
                          ".\nThat hold is replaced by yours; one `release` ends it.");
    }
  }
  return ChangeHold(session, {*name, arguments.reason}, &ClosureClient::HoldClosure, what, "release $0 --reason TEXT");
}

absl::StatusOr<ExitCode> Status(Session& session) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  const absl::StatusOr<v1::SystemStatus> status = session.client().GetSystemStatus({});
  if (!status.ok()) return status.status();
  PrintSystemStatus(session, *status);
  return ExitCode::kOk;
}

// The commands of the group, each given with what it does.
class OperatorGroup {
 public:
  explicit OperatorGroup(CommandSet& commands)
      : commands_(commands), group_(commands.AddGroup("operator", "For those who run the service")) {}

  CLI::App* Add(const std::string& name, const std::string& description, const std::string& rest) {
    return commands_.AddTo(group_, name, description,
                           absl::StrCat("closurectl operator ", name, rest, " --as operator:ann"));
  }

  // The command, and what its arguments will be.
  std::pair<CLI::App*, std::shared_ptr<Arguments>> Reasoned(const std::string& name, const std::string& target,
                                                            const std::string& description,
                                                            absl::StatusOr<ExitCode> (*action)(Session&,
                                                                                               const Arguments&)) {
    const std::string example_target = target.empty() ? "" : target == "TASK" ? " 42" : " 1000000001";
    CLI::App* command = Add(name, description, absl::StrCat(example_target, " --reason \"ticket 4711\""));
    auto arguments = std::make_shared<Arguments>();
    if (!target.empty()) command->add_option(target, arguments->target, "Which one, by its name")->required();
    command
        ->add_option("--reason", arguments->reason,
                     absl::StrCat("Why, at most 500 characters; for the log",
                                  target.empty() ? "" : ", and the closure's history"))
        ->required()
        ->type_name("TEXT");
    commands_.Bind(command, [arguments, action](Session& session) { return action(session, *arguments); });
    return {command, arguments};
  }

 private:
  CommandSet& commands_;
  CLI::App* const group_;
};

void AddSystemCommands(OperatorGroup& group) {
  group.Reasoned("pause", "", "Stop irreversible work of the whole system", Pause);
  group.Reasoned("resume", "", "Resume irreversible work", [](Session& session, const Arguments& arguments) {
    return ChangeSystem(session, arguments, &ClosureClient::ResumeIrreversible, ResumeText);
  });
  group.Reasoned("breaker-release", "", "Approve the release of the velocity breaker; two operators have to",
                 [](Session& session, const Arguments& arguments) {
                   return ChangeSystem(session, arguments, &ClosureClient::ReleaseBreaker, BreakerText);
                 });
  const auto [ack_clock, arguments] =
      group.Reasoned("ack-clock", "", "Vouch for the server's wall clock after a clock jump", AcknowledgeClock);
  ack_clock
      ->add_option(
          "--seen", arguments->seen,
          "The jump that you looked at, by the time in the command that `operator status` shows; where the clocks "
          "jumped again meanwhile nothing is acknowledged")
      ->type_name("TIME");
}

}  // namespace

void PrintSystemStatus(Session& session, const v1::SystemStatus& status) {
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.Json(status);
    return;
  }
  FieldList fields;
  fields.Add("VERSION", status.version());
  fields.Add("SERVER_TIME", TimeText(status.server_time()));
  fields.Add("PAUSED", HaltText(status.has_pause(), status.pause()));
  fields.Add("BREAKER_OPEN", HaltText(status.has_breaker(), status.breaker()));
  fields.Add("CLOCK_JUMP", HaltText(status.has_clock_jump(), status.clock_jump()));
  fields.Add("DELETIONS_LAST_HOUR", absl::StrCat(status.deletions_last_hour()));
  fields.Add("TASKS", absl::StrCat(status.tasks_open(), " open, ", status.tasks_due(), " due, ", status.tasks_parked(),
                                   " parked, ", status.tasks_stuck(), " stuck"));
  printer.Data(fields.Text(printer.style()));
  Table table({"STATE", "CLOSURES"});
  for (const auto& count : status.closures()) table.AddRow({EnumText(count.state()), absl::StrCat(count.count())});
  if (!status.closures().empty()) printer.Data(absl::StrCat("\n", table.Text(printer.style())));
  const std::vector<NextStep> steps = SystemSteps(session, status);
  if (!steps.empty()) printer.Note(absl::StrCat("Next, ", StepsText(steps)));
}

void AddOperatorCommands(CommandSet& commands) {
  OperatorGroup group(commands);
  CLI::App* tasks =
      group.Add("tasks", "List the tasks that are due, failing or parked, the longest overdue first", " --stuck");
  auto arguments = std::make_shared<TasksArguments>();
  tasks->add_flag("--stuck", arguments->stuck, "Only those that keep failing or were given up");
  tasks->add_flag("--all", arguments->all, "Also those that are merely scheduled for later");
  tasks->add_option("--closure", arguments->closure, "Only those of this closure, or of an account's open one")
      ->type_name("CLOSURE");
  commands.Bind(tasks, [arguments](Session& session) { return ListTasks(session, *arguments); });

  group.Reasoned("retry", "TASK", "Make a task due now", [](Session& session, const Arguments& given) {
    return RetryTask(session, given.target, given.reason);
  });
  group.Reasoned("hold", "CLOSURE", "Hold a closure: nothing irreversible runs meanwhile", Hold);
  group.Reasoned("release", "CLOSURE", "Release a hold", [](Session& session, const Arguments& released) {
    return ChangeHold(session, released, &ClosureClient::ReleaseHold, "The hold is released.",
                      "tasks --all --closure $0");
  });
  AddSystemCommands(group);
  commands.Bind(group.Add("status", "Show how the whole system stands", ""), Status);
}

}  // namespace closure
