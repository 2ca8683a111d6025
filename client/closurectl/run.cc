// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/run.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/session.h"
#include "client/closurectl/terminal_text.h"
#include "client/closurectl/tls_flags.h"
#include "client/closurectl/version.h"
#include "protos/suggestion.h"

namespace closure {
namespace {

constexpr char kFooter[] = R"(
CLOSURE is accounts/ACCOUNT/closures/ID, or just ACCOUNT for its open or newest closure.
An example: closurectl preview 1000000001, closurectl close 1000000001 --via email

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 blocked or not eligible, 4 not allowed,
5 not found, 6 timed out, 7 server or account system unreachable, 130 interrupted.)";

// The global flags as they were typed; empty where they were not.
struct TypedFlags {
  std::string server;
  std::string actor;
  std::string output;
  std::string timeout;
  std::string color;
  bool no_input = false;
  TlsFlags tls;
};

void AddFlags(CLI::App& app, TypedFlags& flags) {
  app.add_option("--server", flags.server, "HOST:PORT or unix:/PATH [CLOSURE_SERVER, 127.0.0.1:7443]")
      ->type_name("ADDRESS");
  app.add_option("--as", flags.actor,
                 "Act as root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME [CLOSURE_AS, else root of the account named "
                 "when the server "
                 "is on this machine]")
      ->type_name("IDENTITY");
  AddTlsFlags(app, flags.tls, "the server's", /*variables=*/true);
  app.add_option("-o,--output", flags.output, "table, json or jsonl; errors follow it too [table]")
      ->type_name("FORMAT");
  app.add_option("--timeout", flags.timeout, "The longest a call may take, such as 10s [30s]")->type_name("DURATION");
  app.add_flag("--no-input", flags.no_input, "Never ask; a question that no flag answers is an error");
  app.add_option("--color", flags.color, "auto, always or never [auto]")->type_name("WHEN");
  app.set_version_flag("--version", VersionText());
}

absl::StatusOr<OutputFormat> ParseFormat(const std::string& text) {
  if (text.empty() || text == "table") return OutputFormat::kTable;
  if (text == "json") return OutputFormat::kJson;
  if (text == "jsonl") return OutputFormat::kJsonl;
  return UsageError(absl::StrCat("--output is table, json or jsonl, not \"", EscapeLine(text), "\""));
}

// What was typed, and where nothing was, what the environment says.
TlsFlags WithVariables(TlsFlags tls, const Environment& environment) {
  const auto complete = [&environment](std::string& value, const char* variable) {
    if (value.empty()) value = environment.variable(variable).value_or("");
  };
  complete(tls.cacert, "CLOSURE_CACERT");
  complete(tls.cert, "CLOSURE_CERT");
  complete(tls.key, "CLOSURE_KEY");
  complete(tls.servername, "CLOSURE_SERVERNAME");
  return tls;
}

// What a next command line has to repeat of it.
std::string TypedTls(const TlsFlags& tls) {
  std::string typed;
  for (const auto& [flag, value] : {std::pair("--cacert", tls.cacert), std::pair("--cert", tls.cert),
                                    std::pair("--key", tls.key), std::pair("--servername", tls.servername)}) {
    if (!value.empty()) absl::StrAppend(&typed, " ", flag, " ", value);
  }
  return typed;
}

// Puts flag, environment and default in order.
absl::StatusOr<GlobalOptions> Settle(const TypedFlags& flags, const Environment& environment) {
  GlobalOptions options;
  const absl::StatusOr<OutputFormat> format = ParseFormat(flags.output);
  if (!format.ok()) return format.status();
  options.format = *format;
  options.server =
      !flags.server.empty() ? flags.server : environment.variable("CLOSURE_SERVER").value_or(options.server);
  options.actor = !flags.actor.empty() ? flags.actor : environment.variable("CLOSURE_AS").value_or("");
  if (options.server.empty()) return UsageError("the server's address is empty; set --server or CLOSURE_SERVER");
  const absl::string_view server_source = flags.server.empty() ? "CLOSURE_SERVER" : "--server";
  if (absl::Status server = CheckServer(options.server, server_source); !server.ok()) return server;
  if (!options.actor.empty()) {
    const absl::string_view source = flags.actor.empty() ? "CLOSURE_AS" : "--as";
    if (absl::Status checked = CheckIdentity(options.actor, source); !checked.ok()) return checked;
  }
  if (!flags.timeout.empty()) {
    const absl::StatusOr<absl::Duration> timeout = ParseDuration(flags.timeout);
    if (!timeout.ok()) return UsageError(absl::StrCat("--timeout: ", timeout.status().message()));
    options.timeout = *timeout;
  }
  if (!flags.color.empty()) options.color = flags.color;
  if (options.color != "auto" && options.color != "always" && options.color != "never") {
    return UsageError(absl::StrCat("--color is auto, always or never, not \"", EscapeLine(options.color), "\""));
  }
  options.no_input = flags.no_input;
  const absl::StatusOr<std::optional<ClientTls>> tls = ReadTls(WithVariables(flags.tls, environment));
  if (!tls.ok()) return tls.status();
  options.tls = *tls;
  if (!flags.server.empty()) absl::StrAppend(&options.command, " --server ", flags.server);
  absl::StrAppend(&options.command, TypedTls(flags.tls));
  options.command_of_another = options.command;
  const bool operator_acts = absl::StartsWith(options.actor, "operator:");
  if (operator_acts || absl::StartsWith(flags.actor, "root:")) {
    absl::StrAppend(&options.command, " --as ", options.actor);
  }
  return options;
}

void AddCommands(CommandSet& commands) {
  AddPreviewCommand(commands);
  AddCloseCommand(commands);
  AddIdentityCommands(commands);
  AddAgreementCommands(commands);
  AddProgressCommands(commands);
  AddClosureCommands(commands);
  AddItemCommands(commands);
  AddConfirmCommand(commands);
  AddGateCommands(commands);
  AddOperatorCommands(commands);
  AddSandboxCommands(commands);
  AddServerCommands(commands);
  AddConformanceCommands(commands);
}

// The command in which parsing stopped, for its help.
const CLI::App* ParsedCommand(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::string FullName(const CLI::App* app) {
  return app->get_parent() == nullptr ? app->get_name()
                                      : absl::StrCat(FullName(app->get_parent()), " ", app->get_name());
}

// The long flags that a command takes, its own and the global ones.
std::vector<std::string> FlagsOf(const CLI::App* app) {
  std::vector<std::string> flags;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options([](const CLI::Option*) { return true; })) {
      for (const std::string& name : option->get_lnames()) flags.push_back(absl::StrCat("--", name));
    }
  }
  return flags;
}

// The first long flag that the command does not take; empty when it takes all.
std::string UnknownFlag(const std::vector<std::string>& arguments, const std::vector<std::string>& known) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    const std::string flag = argument.substr(0, argument.find('='));
    if (absl::StartsWith(flag, "--") && std::find(known.begin(), known.end(), flag) == known.end()) return flag;
  }
  return "";
}

// A description that goes on a sentence: its first letter is put in lower case, a name's (ISO, OTHER) is kept.
std::string InSentence(const std::string& about) {
  if (about.size() > 1 && absl::ascii_isupper(static_cast<unsigned char>(about[1]))) return about;
  return absl::StrCat(absl::AsciiStrToLower(about.substr(0, 1)), about.substr(1));
}

// What an option that is missing is for: " (where the code is sent: email or sms)".
std::string RequiredText(const CLI::Error& error, const CLI::App* command) {
  for (const CLI::Option* option : command->get_options([](const CLI::Option*) { return true; })) {
    const std::string& about = option->get_description();
    if (!about.empty() && error.what() == absl::StrCat(option->get_name(), " is required")) {
      return absl::StrCat(" (", InSentence(about), ")");
    }
  }
  return "";
}

// What is wrong with the arguments: an unknown flag with the nearest one or the commands that take it, a missing
// command with those that there are, else what CLI11 says.
std::string ParseErrorText(const CLI::Error& error, const std::vector<std::string>& arguments,
                           const CommandSet& commands, const CLI::App* command) {
  const std::vector<std::string> known = FlagsOf(command);
  const std::string flag = UnknownFlag(arguments, known);
  if (!flag.empty() && command->get_parent() != nullptr) {
    const std::string text = absl::StrCat(FullName(command), " takes no ", EscapeLine(flag));
    const std::vector<std::string> takers = commands.TakersOf(flag, command);
    if (!takers.empty()) return absl::StrCat(text, "; it belongs to ", absl::StrJoin(takers, ", "));
    const std::string nearest = NearestWord(absl::AsciiStrToLower(flag), known);
    return nearest.empty() ? text : absl::StrCat(text, "; did you mean ", nearest, "?");
  }
  if (const std::string names = commands.NamesIn(command); !names.empty()) {
    return absl::StrCat("a command is missing after ", FullName(command), "; the commands are ", names);
  }
  return absl::StrCat(EscapeTyped(error.what()), RequiredText(error, command));
}

// `help` and `help COMMAND` mean --help.
std::vector<std::string> WithHelpFlag(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments[0] != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
  return arguments;
}

// Before anything was parsed, errors still follow the format that was asked for.
OutputFormat FormatOf(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string value;
    if ((arguments[i] == "-o" || arguments[i] == "--output") && i + 1 < arguments.size()) value = arguments[i + 1];
    if (absl::StartsWith(arguments[i], "--output=")) value = arguments[i].substr(std::string("--output=").size());
    if (absl::StartsWith(arguments[i], "-o") && arguments[i].size() > 2)
      value = arguments[i].substr(arguments[i][2] == '=' ? 3 : 2);
    if (value == "json") return OutputFormat::kJson;
    if (value == "jsonl") return OutputFormat::kJsonl;
  }
  return OutputFormat::kTable;
}

int Fail(Environment& environment, const absl::Status& error, absl::string_view hint, OutputFormat format,
         const Style& style) {
  environment.err << ErrorText(error, hint, format, style) << std::flush;
  return static_cast<int>(ExitCodeOf(error));
}

std::string UsageHint(const std::string& command) { return absl::StrCat("See how it is used: ", command, " --help"); }

int FailUsage(Environment& environment, const std::vector<std::string>& arguments, const absl::Status& error,
              const CLI::App* command) {
  return Fail(environment, error, UsageHint(FullName(command)), FormatOf(arguments), Style{});
}

int RunAction(const CommandSet::Action& action, const GlobalOptions& options, Environment& environment) {
  Session session(options, environment);
  absl::StatusOr<ExitCode> code = action(session);
  if (absl::Status written = session.printer().written(); code.ok() && !written.ok()) code = written;
  if (code.ok()) return static_cast<int>(*code);
  std::string hint =
      ErrorHint(code.status(), options.command, session.subject(), session.role(), session.repeated_flags());
  const ErrorDetails details = DecodeErrorDetails(code.status());
  if (details.reason == "USAGE" && !details.metadata.contains("next")) hint = UsageHint(options.running);
  if (!session.resume_command().empty()) {
    const absl::string_view end = session.printer().table() ? "\n" : " ";
    absl::StrAppend(&hint, end, "to go on where it stands: ", session.resume_command());
  }
  return Fail(environment, code.status(), hint, options.format, session.printer().err_style());
}

// Writes what --help and --version ask for.
int PrintText(Environment& environment, const std::vector<std::string>& arguments, const std::string& text) {
  environment.out << text << std::flush;
  const absl::Status written = CheckWritten(environment.out);
  if (written.ok()) return static_cast<int>(ExitCode::kOk);
  return Fail(environment, written, ErrorHint(written, "closurectl", "", Role::kOwner), FormatOf(arguments), Style{});
}

// Parses; nothing when the command is to be run, otherwise the exit code.
std::optional<int> Parse(CLI::App& app, const CommandSet& commands, const std::vector<std::string>& arguments,
                         Environment& environment) {
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return PrintText(environment, arguments, app.help());
  } catch (const CLI::CallForVersion&) {
    return PrintText(environment, arguments, absl::StrCat(VersionText(), "\n"));
  } catch (const CLI::Error& error) {
    // CLI11's own exit codes stay here.
    const CLI::App* command = ParsedCommand(app);
    return FailUsage(environment, arguments, UsageError(ParseErrorText(error, arguments, commands, command)), command);
  }
}

}  // namespace

int Run(const std::vector<std::string>& typed, Environment& environment) {
  const std::vector<std::string> arguments = WithHelpFlag(typed);
  CLI::App app("Closes accounts of the cloud: for owners, operators and scripts.", "closurectl");
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(kFooter);
  TypedFlags flags;
  AddFlags(app, flags);
  CommandSet commands(app);
  AddCommands(commands);
  if (arguments.empty()) {
    environment.err << app.help() << std::flush;
    return static_cast<int>(ExitCode::kUsage);
  }
  if (absl::Status checked = CheckUtf8(arguments); !checked.ok()) {
    return FailUsage(environment, arguments, checked, &app);
  }
  if (absl::Status checked = commands.CheckWords(arguments); !checked.ok()) {
    return FailUsage(environment, arguments, checked, &app);
  }
  if (const std::optional<int> done = Parse(app, commands, arguments, environment)) return *done;
  absl::StatusOr<GlobalOptions> options = Settle(flags, environment);
  if (!options.ok()) return FailUsage(environment, arguments, options.status(), ParsedCommand(app));
  options->running = FullName(ParsedCommand(app));
  return RunAction(commands.Parsed(), *options, environment);
}

}  // namespace closure
