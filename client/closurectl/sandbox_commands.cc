// SPDX-License-Identifier: Apache-2.0
// Plays the world around a `closured dev`: loads accounts, reads their mail, bills them, moves the clock, breaks
// upstreams.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/sandbox_account.h"
#include "client/closurectl/sandbox_inbox.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"
#include "protos/file_reading.h"
#include "protos/json_reading.h"
#include "protos/money.h"

namespace closure {
namespace {

using sandbox::v1::SetFaultRequest;

constexpr int kFaultCallsMax = 1'000'000;

// Prints data as JSON, or else the text and a message.
void Print(Session& session, const google::protobuf::Message& message, absl::string_view text, absl::string_view note) {
  if (!session.printer().table()) {
    session.printer().Json(message);
    return;
  }
  session.printer().Data(text);
  session.printer().Note(note);
}

absl::StatusOr<ExitCode> Load(Session& session, const std::string& path) {
  const absl::StatusOr<std::string> json =
      path == "-" ? ReadStream(session.environment().in, kCloudFileBytesMax) : ReadFile(path, kCloudFileBytesMax);
  if (!json.ok())
    return UsageError(absl::StrCat("the cloud file \"", EscapeLine(path), "\" ", json.status().message()));
  sandbox::v1::LoadCloudRequest request;
  if (const absl::Status read = ReadJson(*json, *request.mutable_cloud()); !read.ok())
    return ErrorWithReason(absl::StatusCode::kInvalidArgument,
                           absl::StrCat("the cloud file \"", EscapeLine(path), "\": ", read.message()),
                           "CLOUD_FILE_INVALID");
  const absl::StatusOr<sandbox::v1::LoadCloudResponse> response = session.client().LoadCloud(request);
  if (!response.ok()) return response.status();
  Table table({"NAME", "DESCRIPTION"});
  for (const std::string& id : response->account_ids()) {
    std::string description;
    for (const sandbox::v1::CloudAccount& account : request.cloud().accounts()) {
      if (account.account_id() == id) description = account.description();
    }
    table.AddRow({id, description});
  }
  Print(session, *response, table.Text(session.printer().style()),
        absl::StrCat(response->account_ids_size(), " account(s) loaded. Next:\n  ", session.options().command,
                     " preview ", response->account_ids().empty() ? "ACCOUNT" : EscapeLine(response->account_ids(0))));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Show(Session& session, const std::string& account) {
  if (absl::Status checked = CheckAccount(account); !checked.ok()) return checked;
  sandbox::v1::ShowAccountRequest request;
  request.set_account_id(AccountId(account));
  const absl::StatusOr<sandbox::v1::ShowAccountResponse> response = session.client().ShowAccount(request);
  if (!response.ok()) return response.status();
  if (session.printer().table()) {
    session.printer().Data(SandboxAccountText(*response, session.printer().style()));
  } else {
    session.printer().Json(*response);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Inbox(Session& session, const std::string& account) {
  if (absl::Status checked = CheckAccount(account); !checked.ok()) return checked;
  const absl::StatusOr<sandbox::v1::ListInboxResponse> inbox = ReadInbox(session, AccountId(account));
  if (!inbox.ok()) return inbox.status();
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.JsonList(*inbox);
    return ExitCode::kOk;
  }
  for (const sandbox::v1::InboxMessage& message : inbox->messages()) {
    printer.Data(
        absl::StrCat(printer.style().Bold(EscapeLine(absl::StrCat(message.channel(), " to ", message.address()))), "  ",
                     TimeText(message.create_time()), "\n", EscapeLine(message.subject()),
                     message.subject().empty() ? "" : "\n", EscapeText(message.body()), "\n\n"));
  }
  printer.Note(absl::StrCat(inbox->messages_size(), " message(s)."));
  return ExitCode::kOk;
}

// What fits the account now, for who acts; a preview where that cannot be told.
std::string NextOfAccount(Session& session, const std::string& account) {
  const std::string& program = session.options().command;
  const std::string preview = absl::StrCat(program, " preview ", EscapeLine(account));
  const absl::StatusOr<std::string> name = session.UseAccount(account);
  if (!name.ok()) return preview;
  const absl::StatusOr<std::optional<v1::Closure>> open = session.FindOpenClosure(*name);
  if (!open.ok() || !*open) return preview;
  const auto& actions = (*open)->allowed_actions();
  const bool recheck = session.role() == Role::kOwner &&
                       std::find(actions.begin(), actions.end(), v1::Closure::RECHECK) != actions.end();
  return absl::StrCat(program, recheck ? " recheck " : " status ", EscapeLine(account));
}

// What shows what became of the accounts: for operators all of them, for an owner one.
std::string NextOfAccounts(const Session& session) {
  const std::string& program = session.options().command;
  if (session.role() == Role::kOperator) return absl::StrCat(program, " list -");
  absl::string_view actor = session.options().actor;
  const bool named = absl::ConsumePrefix(&actor, "root:");
  return absl::StrCat(program, " status ", named ? EscapeLine(actor) : "ACCOUNT");
}

struct BillArguments {
  std::string account;
  std::string amount;
  std::string currency;
  std::string description;
};

absl::StatusOr<ExitCode> Bill(Session& session, const BillArguments& arguments) {
  if (absl::Status checked = CheckAccount(arguments.account); !checked.ok()) return checked;
  const absl::StatusOr<v1::Money> amount = ParseMoney(arguments.amount, arguments.currency);
  if (!amount.ok()) return UsageError(amount.status().message());
  sandbox::v1::IssueBillRequest request;
  request.set_account_id(AccountId(arguments.account));
  *request.mutable_amount() = *amount;
  request.set_description(arguments.description);
  const absl::StatusOr<sandbox::v1::IssueBillResponse> response = session.client().IssueBill(request);
  if (!response.ok()) return response.status();
  Table table({"NAME", "ACCOUNT", "AMOUNT"});
  table.AddRow({response->bill_id(), request.account_id(), AmountText(*amount)});
  std::string note = "The bill arrived.";
  if (session.printer().table()) absl::StrAppend(&note, " Next:\n  ", NextOfAccount(session, request.account_id()));
  Print(session, *response, table.Text(session.printer().style()), note);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Settle(Session& session, const std::string& account) {
  if (absl::Status checked = CheckAccount(account); !checked.ok()) return checked;
  sandbox::v1::SettleAccountRequest request;
  request.set_account_id(AccountId(account));
  const absl::StatusOr<sandbox::v1::SettleAccountResponse> response = session.client().SettleAccount(request);
  if (!response.ok()) return response.status();
  std::string text;
  for (const std::string& action : response->actions()) absl::StrAppend(&text, EscapeLine(action), "\n");
  std::string note = "There was nothing to settle.";
  if (!response->actions().empty() && session.printer().table()) {
    note = absl::StrCat(response->actions_size(), " thing(s) settled. Next:\n  ",
                        NextOfAccount(session, AccountId(account)));
  }
  Print(session, *response, text, note);
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Advance(Session& session, const std::string& text) {
  const absl::StatusOr<absl::Duration> span = ParseDuration(text);
  if (!span.ok()) return UsageError(span.status().message());
  sandbox::v1::AdvanceClockRequest request;
  *request.mutable_duration() = ToProtoDuration(*span);
  const absl::StatusOr<sandbox::v1::AdvanceClockResponse> response = session.client().AdvanceClock(request);
  if (!response.ok()) return response.status();
  Print(session, *response, absl::StrCat(TimeText(response->time()), "\n"),
        absl::StrCat("The server's clock moved forward by ", EscapeLine(text), ". Next:\n  ", NextOfAccounts(session)));
  return ExitCode::kOk;
}

struct FaultArguments {
  std::string method;
  std::string kind;
  std::string account;
  int calls = 0;
};

// What the method plays now, and the command that ends it, or that shows what it led to.
std::string FaultNote(const Session& session, const SetFaultRequest& request) {
  const std::string method = EscapeLine(request.method());
  if (request.fault() == SetFaultRequest::FAULT_UNSPECIFIED)
    return absl::StrCat(method, ": the fault is removed. Next:\n  ", NextOfAccounts(session));
  const std::string lasts =
      request.calls() > 0 ? absl::StrCat("for ", request.calls(), " call(s)") : "until it is replaced";
  return absl::StrCat(method, ": ", EnumText(request.fault()), " ", lasts, ". To remove it:\n  ",
                      session.options().command, " sandbox fault ", method, " none");
}

absl::StatusOr<ExitCode> Fault(Session& session, const FaultArguments& arguments) {
  if (!arguments.account.empty()) {
    if (absl::Status checked = CheckAccount(arguments.account); !checked.ok()) return checked;
  }
  SetFaultRequest request;
  const bool full = absl::StrContains(arguments.method.substr(0, arguments.method.find('/')), ".");
  request.set_method(full ? arguments.method : absl::StrCat("closure.upstream.v1.", arguments.method));
  if (!absl::EqualsIgnoreCase(arguments.kind, "none")) {
    const absl::StatusOr<SetFaultRequest::Fault> fault = ParseEnum<SetFaultRequest::Fault>(arguments.kind, "fault");
    if (!fault.ok()) return UsageError(absl::StrCat(fault.status().message(), ", or none"));
    request.set_fault(*fault);
  }
  request.set_calls(arguments.calls);
  request.set_account_id(AccountId(arguments.account));
  const absl::StatusOr<sandbox::v1::SetFaultResponse> response = session.client().SetFault(request);
  if (!response.ok()) return response.status();
  Print(session, *response, "", FaultNote(session, request));
  return ExitCode::kOk;
}

class SandboxGroup {
 public:
  explicit SandboxGroup(CommandSet& commands)
      : commands_(commands), group_(commands.AddGroup("sandbox", "Play the world around a `closured dev`")) {}

  CLI::App* Add(const std::string& name, const std::string& description, const std::string& rest) {
    return commands_.AddTo(group_, name, description, absl::StrCat("closurectl sandbox ", name, " ", rest));
  }

  // A command with one argument.
  void AddWithOne(const std::string& name, const std::string& description, const std::string& argument,
                  const std::string& example, absl::StatusOr<ExitCode> (*action)(Session&, const std::string&)) {
    CLI::App* command = Add(name, description, example);
    auto value = std::make_shared<std::string>();
    command->add_option(argument, *value)->required();
    commands_.Bind(command, [value, action](Session& session) { return action(session, *value); });
  }

 private:
  CommandSet& commands_;
  CLI::App* const group_;
};

}  // namespace

void AddSandboxCommands(CommandSet& commands) {
  SandboxGroup group(commands);
  group.AddWithOne("load", "Load the accounts of a cloud file (JSON; - reads the input)", "FILE", "cloud.json", Load);
  group.AddWithOne("show", "Show an account as the sandbox has it, and every act done on it", "ACCOUNT", "1000000001",
                   Show);
  group.AddWithOne("inbox", "Show the mails and text messages sent to an account", "ACCOUNT", "1000000001", Inbox);
  group.AddWithOne("settle", "Do what owner, management account and partner would do by hand", "ACCOUNT", "1000000001",
                   Settle);
  group.AddWithOne("advance", "Move the server's clock forward", "DURATION", "7d", Advance);

  CLI::App* bill = group.Add("bill", "Let a bill arrive now", "1000000001 12.50 USD");
  auto billed = std::make_shared<BillArguments>();
  bill->add_option("ACCOUNT", billed->account, "The account's id")->required();
  bill->add_option("AMOUNT", billed->amount, "A decimal, such as 12.50")->required();
  bill->add_option("CURRENCY", billed->currency, "ISO 4217, such as USD")->required();
  bill->add_option("--description", billed->description, "What it is for")->type_name("TEXT");
  commands.Bind(bill, [billed](Session& session) { return Bill(session, *billed); });

  CLI::App* fault = group.Add("fault", "Make calls of an upstream method fail",
                              "BillingService/SealBilling UNAVAILABLE_AFTER --calls 1");
  auto broken = std::make_shared<FaultArguments>();
  fault->add_option("METHOD", broken->method, "SERVICE/METHOD of closure.upstream.v1")->required();
  fault->add_option("KIND", broken->kind, "UNAVAILABLE_BEFORE, UNAVAILABLE_AFTER, HANG, MALFORMED or none")->required();
  fault->add_option("--calls", broken->calls, "How many calls it lasts; until replaced when left out")
      ->check(CLI::Range(1, kFaultCallsMax));
  fault->add_option("--account", broken->account, "Only for this account")->type_name("ACCOUNT");
  commands.Bind(fault, [broken](Session& session) { return Fault(session, *broken); });
}

}  // namespace closure
