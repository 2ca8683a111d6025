// SPDX-License-Identifier: Apache-2.0
// What a closing account may still do, as other services see it.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"

namespace closure {
namespace {

struct Arguments {
  std::string account;
  std::string action = "OTHER";
};

absl::StatusOr<ExitCode> Gate(Session& session, const Arguments& arguments) {
  const absl::StatusOr<v1::CheckAccessRequest::Action> action =
      ParseEnum<v1::CheckAccessRequest::Action>(arguments.action, "action");
  if (!action.ok()) return UsageError(action.status().message());
  if (absl::Status checked = CheckAccount(arguments.account); !checked.ok()) return checked;
  v1::CheckAccessRequest request;
  request.set_account(AccountName(arguments.account));
  request.set_action(*action);
  const absl::StatusOr<v1::CheckAccessResponse> response = session.client().CheckAccess(request);
  if (!response.ok()) return response.status();
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.Json(*response);
    return ExitCode::kOk;
  }
  Table table({"NAME", "ACTION", "ALLOWED", "GATE", "CLOSURE", "SILENT_PERIOD_END"});
  table.AddRow({request.account(), EnumText(*action), response->allowed() ? "yes" : "no",
                EnumText(response->gate_state()), response->closure(),
                response->has_silent_period_end_time() ? TimeText(response->silent_period_end_time()) : ""});
  printer.Data(table.Text(printer.style()));
  return ExitCode::kOk;
}

}  // namespace

void AddGateCommands(CommandSet& commands) {
  CLI::App* command = commands.Add("gate", "Show whether an account may still do something",
                                   "closurectl gate 1000000001 --action SIGN_IN");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("ACCOUNT", arguments->account, "The account's id")->required();
  command->add_option("--action", arguments->action, "SIGN_IN, VIEW_CLOSURE or OTHER [OTHER]")->type_name("ACTION");
  commands.Bind(command, [arguments](Session& session) { return Gate(session, *arguments); });
}

}  // namespace closure
