// SPDX-License-Identifier: Apache-2.0
// The commands on one closure, or all of an account, that are a call and an answer: status, list, history, record,
// recheck, cancel.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

using ClosureAction = absl::StatusOr<ExitCode> (*)(Session&, const std::string&);

absl::StatusOr<ExitCode> Status(Session& session, const std::string& name) {
  const absl::StatusOr<v1::Closure> closure = session.GetClosure(name);
  if (!closure.ok()) return closure.status();
  Printer& printer = session.printer();
  if (printer.table()) {
    printer.Data(ClosureStatusText(*closure, session.options().command, printer.style(), session.role()));
  } else {
    printer.Json(*closure);
  }
  return ExitCode::kOk;
}

std::string TransitionTableText(const google::protobuf::RepeatedPtrField<v1::Transition>& transitions,
                                const Style& style) {
  Table table({"NAME", "CREATE_TIME", "FROM", "EVENT", "TO", "ACTOR", "DETAIL"});
  for (const v1::Transition& transition : transitions) {
    table.AddRow({LastSegment(transition.name()), TimeText(transition.create_time()), EnumText(transition.from_state()),
                  transition.event(), EnumText(transition.to_state()), transition.actor(), transition.detail()});
  }
  return table.Text(style);
}

absl::StatusOr<ExitCode> History(Session& session, const std::string& name) {
  v1::ListTransitionsRequest request;
  request.set_parent(name);
  request.set_page_size(1000);
  v1::ListTransitionsResponse all;
  const absl::Status read = ReadPages<v1::ListTransitionsRequest, v1::ListTransitionsResponse>(
      std::move(request),
      [&session](const v1::ListTransitionsRequest& page) { return session.client().ListTransitions(page); },
      [&all](const v1::ListTransitionsResponse& page) { all.mutable_transitions()->MergeFrom(page.transitions()); });
  if (!read.ok()) return read;
  if (session.printer().table()) {
    session.printer().Data(TransitionTableText(all.transitions(), session.printer().style()));
  } else {
    session.printer().JsonList(all);
  }
  return ExitCode::kOk;
}

std::string ConsentTableText(const v1::ClosureRecord& record, const Style& style) {
  Table table({"KIND", "VERSION", "LANGUAGE", "ACTOR", "DIGEST", "CREATE_TIME"});
  for (const v1::Consent& consent : record.consents()) {
    table.AddRow({EnumText(consent.kind()), consent.version(), consent.language_code(), consent.actor(),
                  consent.digest(), TimeText(consent.create_time())});
  }
  return table.Text(style);
}

absl::StatusOr<ExitCode> Record(Session& session, const std::string& name) {
  v1::GetClosureRecordRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::ClosureRecord> record = session.client().GetClosureRecord(request);
  if (!record.ok()) return record.status();
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.Json(*record);
    return ExitCode::kOk;
  }
  const Style& style = printer.style();
  printer.Data(absl::StrCat(ClosureStatusText(record->closure(), session.options().command, style, session.role()),
                            "\n", ConsentTableText(*record, style), "\n", ItemTableText(record->items(), style), "\n",
                            TransitionTableText(record->transitions(), style)));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Recheck(Session& session, const std::string& name) {
  v1::RecheckRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::Closure> closure = session.client().Recheck(std::move(request));
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, "A new scan was started.");
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Cancel(Session& session, const std::string& name) {
  v1::CancelClosureRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::Closure> closure = session.client().CancelClosure(std::move(request));
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, "Cancelled; what was released stays released.");
  return ExitCode::kOk;
}

struct ListArguments {
  std::string account;
  std::string state;
};

// A list of nothing says so.
void NoteNone(Session& session, const ListArguments& arguments) {
  const bool all = AccountId(arguments.account) == "-";
  const std::string whose = all ? "" : absl::StrCat(" of account ", EscapeLine(AccountId(arguments.account)));
  const std::string in = arguments.state.empty() ? "" : absl::StrCat(" in state ", EscapeLine(arguments.state));
  session.printer().Note(absl::StrCat("There is no closure", whose, in, "."));
  if (all || !in.empty() || session.role() == Role::kOperator) return;
  session.printer().Note(absl::StrCat("What would it take? Next:\n  ", session.options().command, " preview ",
                                      EscapeLine(AccountId(arguments.account))));
}

absl::StatusOr<ExitCode> List(Session& session, const ListArguments& arguments) {
  v1::ListClosuresRequest request;
  request.set_parent(AccountName(arguments.account));
  request.set_page_size(200);
  if (!arguments.state.empty()) {
    const absl::StatusOr<v1::Closure::State> state = ParseEnum<v1::Closure::State>(arguments.state, "state");
    if (!state.ok()) return UsageError(state.status().message());
    request.set_state(*state);
  }
  if (AccountId(arguments.account) == "-") {
    if (absl::Status settled = session.RequireOperator(); !settled.ok()) return settled;
  } else {
    const absl::StatusOr<std::string> account = session.UseAccount(arguments.account);
    if (!account.ok()) return account.status();
  }
  v1::ListClosuresResponse all;
  const absl::Status read = ReadPages<v1::ListClosuresRequest, v1::ListClosuresResponse>(
      std::move(request),
      [&session](const v1::ListClosuresRequest& page) { return session.client().ListClosures(page); },
      [&all](const v1::ListClosuresResponse& page) { all.mutable_closures()->MergeFrom(page.closures()); });
  if (!read.ok()) return read;
  if (session.printer().table()) {
    session.printer().Data(ClosureTableText({all.closures().begin(), all.closures().end()}, session.printer().style()));
    if (all.closures().empty()) NoteNone(session, arguments);
  } else {
    session.printer().JsonList(all);
  }
  return ExitCode::kOk;
}

void AddOnClosure(CommandSet& commands, const std::string& name, const std::string& description, ClosureAction action) {
  CLI::App* command = commands.Add(name, description, absl::StrCat("closurectl ", name, " 1000000001"));
  auto closure = std::make_shared<std::string>();
  command->add_option("CLOSURE", *closure, "The closure, or its account")->required();
  commands.Bind(command, [closure, action](Session& session) -> absl::StatusOr<ExitCode> {
    const absl::StatusOr<std::string> resolved = session.UseClosure(*closure);
    if (!resolved.ok()) return resolved.status();
    return action(session, *resolved);
  });
}

}  // namespace

void AddClosureCommands(CommandSet& commands) {
  AddOnClosure(commands, "status", "Show where a closure stands and what to do next", Status);
  AddOnClosure(commands, "recheck", "Scan again", Recheck);
  AddOnClosure(commands, "cancel", "Cancel a closure, which is possible until it is confirmed", Cancel);
  AddOnClosure(commands, "history", "Show what happened to a closure, and who did it", History);
  AddOnClosure(commands, "record", "Show the whole record: consents, items, history", Record);

  CLI::App* list =
      commands.Add("list", "List the closures of an account, the newest first; `-` for all accounts (operators)",
                   "closurectl list 1000000001 --state CLOSED");
  auto arguments = std::make_shared<ListArguments>();
  list->add_option("ACCOUNT", arguments->account, "The account's id, or -")->required();
  list->add_option("--state", arguments->state, "Only closures in this state")->type_name("STATE");
  commands.Bind(list, [arguments](Session& session) { return List(session, *arguments); });
}

}  // namespace closure
