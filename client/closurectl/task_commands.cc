// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/task_commands.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

std::string TaskTableText(const google::protobuf::RepeatedPtrField<v1::Task>& tasks, const Style& style) {
  Table table({"NAME", "KIND", "SUBJECT", "CLOSURE", "ATTEMPTS", "PARKED", "STUCK", "DUE_TIME", "LAST_ERROR"});
  for (const v1::Task& task : tasks) {
    table.AddRow({task.name(), EnumText(task.kind()), task.subject(), task.closure(), absl::StrCat(task.attempts()),
                  EnumText(task.parked()), task.stuck() ? "yes" : "no", TimeText(task.due_time()), task.last_error()});
  }
  return table.Text(style);
}

// What ends that a task waits, where an operator can; a clock jump is looked at before anybody vouches for the clock.
std::string ReleaseCommand(const v1::Task& task) {
  switch (task.parked()) {
    case v1::Task::HOLD:
      return absl::StrCat("release ", EscapeLine(task.closure()), " --reason TEXT");
    case v1::Task::PAUSE:
      return "resume --reason TEXT";
    case v1::Task::BREAKER:
      return "breaker-release --reason TEXT";
    case v1::Task::CLOCK_JUMP:
      return "status";
    default:
      return "";
  }
}

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
  const std::string see = absl::StrCat(":\n  ", OperatorCommand(session, absl::StrCat("tasks", closure)));
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
    printer.Note(absl::StrCat("To run a failing one now:\n  ", OperatorCommand(session, "retry TASK --reason TEXT")));
  }
  return ExitCode::kOk;
}

bool IsTimer(v1::Task::Kind kind) {
  return kind == v1::Task::SILENT_PERIOD_END || kind == v1::Task::EXPIRY || kind == v1::Task::DISCARD_DEADLINE ||
         kind == v1::Task::CONFIRM_DEADLINE || kind == v1::Task::FORGET_REQUESTS;
}

}  // namespace

std::string OperatorCommand(Session& session, absl::string_view rest) {
  return absl::StrCat(session.options().command, " operator ", rest);
}

absl::StatusOr<ExitCode> ListTasks(Session& session, const TasksArguments& arguments) {
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

absl::StatusOr<ExitCode> RetryTask(Session& session, const std::string& task_name, const std::string& reason) {
  if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  if (absl::Status checked = CheckTask(task_name); !checked.ok()) return checked;
  v1::RetryTaskRequest request;
  request.set_name(TaskName(task_name));
  request.set_reason(reason);
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
                              OperatorCommand(session, "tasks --all")));
  } else if (release.empty()) {
    printer.Note(absl::StrCat("The task is due now. Next:\n  ", OperatorCommand(session, "tasks")));
  } else {
    printer.Note(absl::StrCat("The task is due and goes on waiting (", EnumText(task->parked()),
                              "): a retry releases nothing. Next:\n  ", OperatorCommand(session, release)));
  }
  return ExitCode::kOk;
}

}  // namespace closure
