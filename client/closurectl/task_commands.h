// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_TASK_COMMANDS_H_
#define CLOSURE_CLIENT_CLOSURECTL_TASK_COMMANDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/exit_code.h"
#include "client/closurectl/session.h"

// What operators do with tasks, and how their command lines are told.
namespace closure {

struct TasksArguments {
  // Empty for those of all closures.
  std::string closure;
  bool stuck = false;
  bool all = false;
};

// The command line of another operator command, as the same operator.
std::string OperatorCommand(Session& session, absl::string_view rest);

// Lists what is due, failing or parked, or with `all` what is scheduled too. Errors: those of arguments and calls.
absl::StatusOr<ExitCode> ListTasks(Session& session, const TasksArguments& arguments);

// Lets a task run now, and says what it waits for nevertheless. Errors: likewise.
absl::StatusOr<ExitCode> RetryTask(Session& session, const std::string& task_name, const std::string& reason);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_TASK_COMMANDS_H_
