// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/operator_commands.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

struct Arguments {
  std::string target;
  std::string reason;
};

std::string HaltText(bool present, const v1::SystemStatus::Halt& halt) {
  if (!present) return "no";
  std::string text = absl::StrCat("since ", TimeText(halt.create_time()), " by ", halt.actor(), ": ", halt.reason());
  if (!halt.approvals().empty())
    absl::StrAppend(&text, "; release approved by ", absl::StrJoin(halt.approvals(), ", "));
  return text;
}

std::string TaskTableText(const google::protobuf::RepeatedPtrField<v1::Task>& tasks, const Style& style) {
  Table table({"NAME", "KIND", "SUBJECT", "CLOSURE", "ATTEMPTS", "PARKED", "STUCK", "DUE_TIME", "LAST_ERROR"});
  for (const v1::Task& task : tasks) {
    table.AddRow({task.name(), EnumText(task.kind()), task.subject(), task.closure(), absl::StrCat(task.attempts()),
                  EnumText(task.parked()), task.stuck() ? "yes" : "no", TimeText(task.due_time()), task.last_error()});
  }
  return table.Text(style);
}

bool IsApprovedBy(const Session& session, const v1::SystemStatus::Halt& breaker) {
  const auto& approvals = breaker.approvals();
  const std::string actor = absl::AsciiStrToLower(session.options().actor);
  return std::find(approvals.begin(), approvals.end(), actor) != approvals.end();
}

// The command line of another operator command, as the same operator.
std::string Command(Session& session, absl::string_view rest) {
  return absl::StrCat(session.options().command, " operator ", rest);
}

// What ends that a task waits, where an operator can.
std::string ReleaseCommand(const v1::Task& task) {
  switch (task.parked()) {
    case v1::Task::HOLD:
      return absl::StrCat("release ", EscapeLine(task.closure()), " --reason TEXT");
    case v1::Task::PAUSE:
      return "resume --reason TEXT";
    case v1::Task::BREAKER:
      return "breaker-release --reason TEXT";
    case v1::Task::CLOCK_JUMP:
      return "ack-clock --reason TEXT";
    default:
      return "";
  }
}

struct TasksArguments {
  std::string closure;
  bool stuck = false;
  bool all = false;
};

// Neither due nor ever failed nor parked: it runs by itself when its time comes.
bool IsScheduled(const v1::Task& task, const google::protobuf::Timestamp& now) {
  const bool later =
      std::tuple(task.due_time().seconds(), task.due_time().nanos()) > std::tuple(now.seconds(), now.nanos());
  return later && task.attempts() == 0 && !task.stuck() && task.parked() == v1::Task::PARKED_UNSPECIFIED;
}

// A retry helps a task that waits for its next try or was given up.
bool IsFailing(const v1::Task& task) {
  return task.attempts() > 0 && (task.parked() == v1::Task::PARKED_UNSPECIFIED || task.stuck());
}

absl::StatusOr<v1::ListTasksResponse> ReadTasks(Session& session, v1::ListTasksRequest request) {
  request.set_page_size(200);
  v1::ListTasksResponse all;
  const absl::Status read = ReadPages<v1::ListTasksRequest, v1::ListTasksResponse>(
      std::move(request), [&session](const v1::ListTasksRequest& page) { return session.client().ListTasks(page); },
      [&all](const v1::ListTasksResponse& page) { all.mutable_tasks()->MergeFrom(page.tasks()); });
  if (!read.ok()) return read;
  return all;
}

// That nothing is stuck does not mean that all is well: what fails or is parked is counted.
absl::StatusOr<ExitCode> NoteNotStuck(Session& session, v1::ListTasksRequest request) {
  request.set_stuck_only(false);
  const absl::StatusOr<v1::ListTasksResponse> listed = ReadTasks(session, request);
  if (!listed.ok()) return listed.status();
  const auto& tasks = listed->tasks();
  const auto is_parked = [](const v1::Task& task) { return task.parked() != v1::Task::PARKED_UNSPECIFIED; };
  const auto failing = std::count_if(tasks.begin(), tasks.end(), IsFailing);
  const auto parked = std::count_if(tasks.begin(), tasks.end(), is_parked);
  const std::string closure =
      request.closure().empty() ? "" : absl::StrCat(" --closure ", EscapeLine(request.closure()));
  const std::string see = absl::StrCat(":\n  ", Command(session, absl::StrCat("tasks", closure)));
  session.printer().Note(
      absl::StrCat("Nothing is stuck; ", failing, " failing, ", parked, " parked", failing + parked > 0 ? see : "."));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ShowTasks(Session& session, const v1::ListTasksResponse& listed, bool all) {
  const absl::StatusOr<v1::SystemStatus> status = session.client().GetSystemStatus({});
  if (!status.ok()) return status.status();
  google::protobuf::RepeatedPtrField<v1::Task> shown;
  for (const v1::Task& task : listed.tasks()) {
    if (all || !IsScheduled(task, status->server_time())) *shown.Add() = task;
  }
  Printer& printer = session.printer();
  printer.Data(TaskTableText(shown, printer.style()));
  const int hidden = listed.tasks_size() - shown.size();
  if (hidden > 0) {
    printer.Note(absl::StrCat(hidden, " task(s) are scheduled for later and run by themselves; --all lists them too."));
  } else if (shown.empty()) {
    printer.Note("Nothing is due, failing or parked.");
  }
  if (std::any_of(shown.begin(), shown.end(), IsFailing)) {
    printer.Note(absl::StrCat("To run a failing one now:\n  ", Command(session, "retry TASK --reason TEXT")));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Tasks(Session& session, const TasksArguments& arguments) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  v1::ListTasksRequest request;
  request.set_stuck_only(arguments.stuck);
  if (!arguments.closure.empty()) {
    const absl::StatusOr<std::string> name = session.UseClosure(arguments.closure);
    if (!name.ok()) return name.status();
    request.set_closure(*name);
  }
  const absl::StatusOr<v1::ListTasksResponse> listed = ReadTasks(session, request);
  if (!listed.ok()) return listed.status();
  if (!session.printer().table()) {
    session.printer().JsonList(*listed);
    return ExitCode::kOk;
  }
  if (arguments.stuck && listed->tasks().empty()) return NoteNotStuck(session, request);
  return ShowTasks(session, *listed, arguments.all);
}

bool IsTimer(v1::Task::Kind kind) {
  return kind == v1::Task::SILENT_PERIOD_END || kind == v1::Task::EXPIRY || kind == v1::Task::DISCARD_DEADLINE ||
         kind == v1::Task::CONFIRM_DEADLINE || kind == v1::Task::FORGET_REQUESTS;
}

absl::StatusOr<ExitCode> Retry(Session& session, const Arguments& arguments) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  if (absl::Status checked = CheckTask(arguments.target); !checked.ok()) return checked;
  v1::RetryTaskRequest request;
  request.set_name(TaskName(arguments.target));
  request.set_reason(arguments.reason);
  const absl::StatusOr<v1::Task> task = session.client().RetryTask(std::move(request));
  if (!task.ok()) return task.status();
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.Json(*task);
    return ExitCode::kOk;
  }
  google::protobuf::RepeatedPtrField<v1::Task> tasks;
  *tasks.Add() = *task;
  printer.Data(TaskTableText(tasks, printer.style()));
  const std::string release = ReleaseCommand(*task);
  if (release.empty() && IsTimer(task->kind())) {
    printer.Note(absl::StrCat("The timer is looked at now; it does not go off before its time. Next:\n  ",
                              Command(session, "tasks --all")));
  } else if (release.empty()) {
    printer.Note(absl::StrCat("The task is due now. Next:\n  ", Command(session, "tasks")));
  } else {
    printer.Note(absl::StrCat("The task is due and goes on waiting (", EnumText(task->parked()),
                              "): a retry releases nothing. Next:\n  ", Command(session, release)));
  }
  return ExitCode::kOk;
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
  printer.Note(absl::StrCat(what, " Next:\n  ", Command(session, absl::Substitute(next, EscapeLine(*name)))));
  return ExitCode::kOk;
}

// The commands that end what stops irreversible work, and those that show what it keeps waiting.
std::vector<NextStep> SystemSteps(Session& session, const v1::SystemStatus& status) {
  std::vector<NextStep> steps;
  const auto add = [&](absl::string_view advice, absl::string_view rest) {
    steps.push_back({std::string(advice), Command(session, rest)});
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
  if (status.has_clock_jump()) add("set the clock right, then acknowledge the jump", "ack-clock --reason TEXT");
  if (status.tasks_stuck() > 0) add("see what is stuck, and why", "tasks --stuck");
  if (status.tasks_parked() > 0) add("see what waits, and for what", "tasks");
  return steps;
}

// Pause, resume, the breaker and the clock: the same field, another call. `what` says what was done, by the status
// that it led to.
template <typename Request, typename What>
absl::StatusOr<ExitCode> ChangeSystem(Session& session, const Arguments& arguments,
                                      absl::StatusOr<v1::SystemStatus> (ClosureClient::*call)(Request), What what) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  Request request;
  request.set_reason(arguments.reason);
  const absl::StatusOr<v1::SystemStatus> status = (session.client().*call)(std::move(request));
  if (!status.ok()) return status.status();
  session.printer().Note(what(*status));
  PrintSystemStatus(session, *status);
  if (SystemSteps(session, *status).empty())
    session.printer().Note(absl::StrCat("Next, see what goes on:\n  ", Command(session, "tasks")));
  return ExitCode::kOk;
}

std::string BreakerText(const v1::SystemStatus& status) {
  if (status.has_breaker())
    return "The approval is recorded; the breaker stays open until another operator approves as well.";
  return "The breaker is released. As many silent periods can end now as an hour allows; where more wait, it opens "
         "again, and two operators release it again.";
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

  void Reasoned(const std::string& name, const std::string& target, const std::string& description,
                absl::StatusOr<ExitCode> (*action)(Session&, const Arguments&)) {
    const std::string example_target = target.empty() ? "" : target == "TASK" ? " 42" : " 1000000001";
    CLI::App* command = Add(name, description, absl::StrCat(example_target, " --reason \"ticket 4711\""));
    auto arguments = std::make_shared<Arguments>();
    if (!target.empty()) command->add_option(target, arguments->target, "Which one, by its name")->required();
    command
        ->add_option("--reason", arguments->reason,
                     "Why, at most 500 characters; for the log, and the closure's history")
        ->required()
        ->type_name("TEXT");
    commands_.Bind(command, [arguments, action](Session& session) { return action(session, *arguments); });
  }

 private:
  CommandSet& commands_;
  CLI::App* const group_;
};

void AddSystemCommands(OperatorGroup& group) {
  group.Reasoned("pause", "", "Stop irreversible work of the whole system", Pause);
  group.Reasoned("resume", "", "Resume irreversible work", [](Session& session, const Arguments& arguments) {
    return ChangeSystem(session, arguments, &ClosureClient::ResumeIrreversible,
                        [](const v1::SystemStatus&) { return "Irreversible work goes on."; });
  });
  group.Reasoned("breaker-release", "", "Approve the release of the velocity breaker; two operators have to",
                 [](Session& session, const Arguments& arguments) {
                   return ChangeSystem(session, arguments, &ClosureClient::ReleaseBreaker, BreakerText);
                 });
  group.Reasoned("ack-clock", "", "Acknowledge a clock jump", [](Session& session, const Arguments& arguments) {
    return ChangeSystem(session, arguments, &ClosureClient::AcknowledgeClockJump,
                        [](const v1::SystemStatus&) { return "The clock jump is acknowledged."; });
  });
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
  commands.Bind(tasks, [arguments](Session& session) { return Tasks(session, *arguments); });

  group.Reasoned("retry", "TASK", "Make a task due now", Retry);
  group.Reasoned("hold", "CLOSURE", "Hold a closure: nothing irreversible runs meanwhile", Hold);
  group.Reasoned("release", "CLOSURE", "Release a hold", [](Session& session, const Arguments& released) {
    return ChangeHold(session, released, &ClosureClient::ReleaseHold, "The hold is released.",
                      "tasks --all --closure $0");
  });
  AddSystemCommands(group);
  commands.Bind(group.Add("status", "Show how the whole system stands", ""), Status);
}

}  // namespace closure
