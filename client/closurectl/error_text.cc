// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/error_text.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

using Hint = std::pair<absl::string_view, absl::string_view>;

// {ctl} is the program with its flags, {subject} the closure or account, {account} the account alone where there is
// one.
constexpr std::array kHints = {
    Hint{"IDENTITY_MISSING",
         "Name the acting identity: --as root:ACCOUNT, --as ram:NAME@ACCOUNT or --as operator:NAME."},
    Hint{"IDENTITY_INVALID",
         "Write the identity as root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME, and reach the server over "
         "loopback or a unix socket."},
    Hint{"ACCOUNT_MISMATCH", "Act as the account itself: --as root:ACCOUNT of the account that is named."},
    Hint{"ROOT_IDENTITY_REQUIRED",
         "Only the root identity drives a closure: sign in as the account itself, --as root:ACCOUNT."},
    Hint{"OPERATOR_REQUIRED", "This is for operators: --as operator:NAME."},
    Hint{"FIELD_MISSING", "Give the field that is named; the command's --help lists its arguments."},
    Hint{"FIELD_INVALID", "Correct the field that is named; the command's --help lists its arguments."},
    Hint{"TEXT_TOO_LONG", "Shorten the text to the limit that is named."},
    Hint{"NAME_MALFORMED", "Write the name in the form that is told, or use it as a list shows it."},
    Hint{"PAGE_TOKEN_INVALID", "Run the command again: it reads the list from the beginning."},
    Hint{"REQUEST_ID_REUSED", "Run the command again: each run makes a new request id."},
    Hint{"ACCOUNT_NOT_FOUND", "Check the account's id; in the sandbox, load it first: {ctl} sandbox load FILE"},
    Hint{"CLOSURE_NOT_FOUND", "See the account's closures: {ctl} list {account}"},
    Hint{"ITEM_NOT_FOUND", "See the closure's items: {ctl} items {subject} --all"},
    Hint{"AGREEMENT_NOT_FOUND", "Read the current one: {ctl} agreement {account}"},
    Hint{"TASK_NOT_FOUND", "It may have been done; see the open ones: {ctl} operator tasks"},
    Hint{"CLOSURE_ALREADY_OPEN", "Go on with the one that is open: {ctl} status {account}"},
    Hint{"ACCOUNT_CLOSED", "The account is gone for good; to use the cloud again, create a new account."},
    Hint{"ACCOUNT_NOT_ACTIVE", "Bring the account into good standing with its account system, then start again."},
    Hint{"CONTACT_POINT_MISSING",
         "Add the contact point in the account center, or choose the other channel where only one code is demanded."},
    Hint{"STATE_NOT_ALLOWED", "See what can be done now: {ctl} status {subject}"},
    Hint{"ETAG_MISMATCH", "The closure changed meanwhile; look at it again: {ctl} status {subject}"},
    Hint{"CONCURRENT_CHANGE", "Run the same command again."},
    Hint{"CODE_WRONG", "Look at the latest message and try again; for a new code: {ctl} resend {subject}"},
    Hint{"CODE_EXPIRED", "Ask for a new code: {ctl} resend {subject}"},
    Hint{"CODE_ATTEMPTS_EXHAUSTED", "Ask for a new code: {ctl} resend {subject}"},
    Hint{"RESEND_TOO_SOON", "Wait as long as is said, then: {ctl} resend {subject}{flags}"},
    Hint{"AGREEMENT_VERSION_STALE", "Read the current version and agree to that: {ctl} agreement {account}"},
    Hint{"ITEM_NOT_RENOUNCEABLE", "Handle it by hand, as its instructions say: {ctl} items {subject}"},
    Hint{"ITEM_NOT_OPEN", "See how far each item has come: {ctl} items {subject} --all"},
    Hint{"FINGERPRINT_MISMATCH", "The facts moved; scan again and look at the item: {ctl} recheck {subject}"},
    Hint{"RISK_NOT_ACKNOWLEDGED", "Run the command again: it shows the present risk and sends its digest."},
    Hint{"SCAN_NOT_FRESH", "The last scan is too old; scan again: {ctl} recheck {subject}"},
    Hint{"REASON_MISSING",
         "Say why the account is closed: --reason NO_LONGER_NEEDED, for example; --help lists the reasons."},
    Hint{"CLOSURE_ON_HOLD", "An operator's hold has to be released first: {ctl} status {subject} tells whose."},
    Hint{"IRREVERSIBLE_PAUSED", "Irreversible work waits for the operators; try again later."},
    Hint{"NOTHING_TO_RELEASE", "See what is paused, open or jumped: {ctl} operator status"},
    Hint{"CLOCK_JUMP_CHANGED", "See the last jump, and whether the server's clock is right: {ctl} operator status"},
    Hint{"SECOND_OPERATOR_REQUIRED", "Another operator has to approve: --as operator:OTHER"},
    Hint{"PREVIEW_IN_PROGRESS", "A preview of this account is running; run the command again when it has ended."},
    Hint{"OVERLOADED", "Wait as long as is said, then run the same command again."},
    Hint{"ACCOUNT_SYSTEM_UNAVAILABLE",
         "The account system did not answer; nothing was changed, run the same command again."},
    Hint{"STORE_UNAVAILABLE",
         "Of a change look first whether it was made; then run the command again. If it stays so, those who run the "
         "server find the reason in its log."},
    Hint{"SHUTTING_DOWN", "The server is stopping; run the same command again when it is back."},
    Hint{"INTERNAL_FAULT",
         "A fault of the server; its log has the details. Run the command again, and report it if it stays."},
    Hint{"SANDBOX_ACCOUNT_NOT_FOUND", "Load the account first: {ctl} sandbox load FILE"},
    Hint{"SANDBOX_REFUSED", "See how the sandbox has the account: {ctl} sandbox show {account}"},
    Hint{"CLOUD_FILE_INVALID", "Correct what is named in the cloud file, then load it again."},
    // Those of closurectl itself.
    Hint{"USAGE", "See how it is used: closurectl --help"},
    Hint{"ACTOR_REQUIRED", "Add --as root:ACCOUNT, --as ram:NAME@ACCOUNT or --as operator:NAME, or set CLOSURE_AS."},
    Hint{"NO_CLOSURE",
         "Start one, with the code sent by mail or else with --via sms: {ctl} start {account} --via email"},
    Hint{"INPUT_REQUIRED", "Give the flag that is named, or run the command on a terminal."},
    Hint{"DECLINED", "Run the command again if you change your mind."},
    Hint{"NOTHING_TO_DISCARD", "See what stands in the way: {ctl} items {subject}"},
    Hint{"OUTPUT_LOST",
         "What was done stays done. Run a command that reads it again, to a place that takes its output."},
    Hint{"WAIT_TIMED_OUT", "See where it stands: {ctl} status {subject}"},
};

// Where an operator's next step is another one than the owner's.
constexpr std::array kOperatorHints = {
    Hint{"ROOT_IDENTITY_REQUIRED",
         "Only the owner does this. See where the closure stands and what an operator can do: {ctl} status {subject}"},
    Hint{"NO_CLOSURE", "See the closures of all accounts: {ctl} list -"},
    Hint{"STORE_UNAVAILABLE",
         "The server's log says why (`a call failed`), and operations.md what to do about it; then run the command "
         "again."},
};

absl::string_view HintForCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return "Is the server running? For a trial: closured dev. Another address: --server ADDRESS or CLOSURE_SERVER.";
    case absl::StatusCode::kDeadlineExceeded:
      return "The server did not answer in time: try a longer --timeout, and look at: {ctl} server status";
    case absl::StatusCode::kUnimplemented:
      return "This server does not serve the call: sandbox commands need `closured dev`, others a server of this "
             "version.";
    case absl::StatusCode::kNotFound:
      return "Check the name that is given.";
    case absl::StatusCode::kInvalidArgument:
      return "Correct what is named; the command's --help lists its arguments.";
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "Check the acting identity that --as or CLOSURE_AS gives.";
    default:
      return "See where it stands: {ctl} status {subject}; the server's log has the details.";
  }
}

// Where what failed says more than its code does, or the subject makes the next step plainer; empty elsewhere.
absl::string_view HintForCall(const absl::Status& error, const ErrorDetails& details, absl::string_view subject) {
  if (details.reason == "NOTHING_TO_RELEASE" && !subject.empty())
    return "See where it stands, and whether it is held: {ctl} status {subject}";
  // The limit is that of the day; without one it is the attempts of one code.
  if (details.reason == "CODE_ATTEMPTS_EXHAUSTED" && details.metadata.contains("limit"))
    return "Each code counts for 24 hours: try again in some hours, at the latest in a day. A closure that has expired by "
           "then is started anew: {ctl} start {account} --via email, or --via sms";
  // Where codes on both channels are demanded the other one does not help.
  const auto demanded = details.metadata.find("demanded");
  if (details.reason == "CONTACT_POINT_MISSING" && demanded != details.metadata.end()) {
    if (demanded->second == "SMS")
      return "Have the code sent by mail: --via email; or add a telephone number in the account center.";
    if (demanded->second == "EMAIL")
      return "Have the code sent by text message: --via sms; or add a mail address in the account center.";
  }
  if (!details.reason.empty()) return "";
  if (absl::IsUnavailable(error) && absl::StrContains(error.message(), "Permission denied"))
    return "This user may not use the server's socket; run it as one who may: runuser -u closured -- {ctl} ...";
  if (absl::IsDeadlineExceeded(error) && !subject.empty())
    return "The server did not answer in time. What was to be changed may have been done: {ctl} status {subject}; "
           "for a longer wait give --timeout, and look at: {ctl} server status";
  return "";
}

// "email:CODE sms:CODE" of "EMAIL, SMS".
std::string CodesText(absl::string_view channels) {
  std::vector<std::string> codes;
  for (const absl::string_view channel : absl::StrSplit(channels, ", ")) {
    if (channel == "EMAIL" || channel == "SMS") codes.push_back(absl::StrCat(absl::AsciiStrToLower(channel), ":CODE"));
  }
  return absl::StrJoin(codes, " ");
}

// What to give for a field that is named, where it is not an argument of the same name; empty where there is none.
std::string HintForField(const ErrorDetails& details) {
  if (details.reason != "FIELD_MISSING" && details.reason != "FIELD_INVALID") return "";
  const auto demanded = details.metadata.find("demanded");
  for (const FieldViolation& violation : details.field_violations) {
    if (absl::StartsWith(violation.field, "codes") && absl::EndsWith(violation.field, ".channel"))
      return absl::StrCat("Say of each code that is demanded where it was sent: {ctl} verify {subject} ",
                          demanded == details.metadata.end() ? "email:CODE sms:CODE" : CodesText(demanded->second));
    if (violation.field == "method") return "Give one of those that are named above, as SERVICE/METHOD.";
  }
  return "";
}

constexpr char kNext[] = "next";

// The next step that an error of the client itself names; null when it names none.
const std::string* OwnNext(const ErrorDetails& details) {
  const auto next = details.metadata.find(kNext);
  return details.domain == "closurectl" && next != details.metadata.end() ? &next->second : nullptr;
}

std::string AccountOf(absl::string_view subject) {
  if (!absl::StartsWith(subject, "accounts/")) return std::string(subject);
  subject.remove_prefix(absl::string_view("accounts/").size());
  return std::string(subject.substr(0, subject.find('/')));
}

nlohmann::ordered_json ErrorJson(const absl::Status& error, const ErrorDetails& details, absl::string_view hint) {
  nlohmann::ordered_json json;
  json["code"] = absl::StatusCodeToString(error.code());
  json["reason"] = details.reason;
  json["domain"] = details.domain;
  json["message"] = std::string(error.message());
  json["metadata"] = nlohmann::ordered_json(details.metadata);
  json["fieldViolations"] = nlohmann::ordered_json::array();
  for (const FieldViolation& violation : details.field_violations) {
    json["fieldViolations"].push_back({{"field", violation.field}, {"description", violation.description}});
  }
  json["preconditionViolations"] = nlohmann::ordered_json::array();
  for (const PreconditionViolation& violation : details.precondition_violations) {
    json["preconditionViolations"].push_back(
        {{"type", violation.type}, {"subject", violation.subject}, {"description", violation.description}});
  }
  if (details.retry_delay) json["retryDelay"] = absl::StrCat(absl::ToDoubleSeconds(*details.retry_delay), "s");
  json["hint"] = std::string(hint);
  json["exitCode"] = static_cast<int>(ExitCodeOf(error));
  return {{"error", json}};
}

// Prose behind a word of `begin` cells, wrapped. A command in it gets a line of its own where there is no room, so that
// it can be copied; lines that are set in stay as they are.
std::string WrapBelow(absl::string_view text, size_t columns, size_t begin) {
  std::string parted(text);
  if (columns > 0 && begin + DisplayWidth(text) > columns)
    parted = absl::StrReplaceAll(text, {{": closurectl ", ":\n  closurectl "}});
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(parted, '\n'))
    lines.push_back(WrapLine(line, columns, lines.empty() ? begin : 0, 2));
  return absl::StrJoin(lines, "\n");
}

std::string ErrorLines(const absl::Status& error, const ErrorDetails& details, absl::string_view hint,
                       const Style& style) {
  // A message of several lines lists several faults; its lines stay, set in.
  const std::string message = absl::StrReplaceAll(EscapeText(error.message()), {{"\n", "\n  "}});
  std::string text = absl::StrCat(style.Red("error:"), " ", WrapBelow(message, style.columns, 7), "\n");
  const std::string code = absl::StatusCodeToString(error.code());
  absl::StrAppend(&text, "  reason: ",
                  details.reason.empty() ? code : absl::StrCat(EscapeLine(details.reason), " (", code, ")"), "\n");
  for (const auto& [key, value] : details.metadata) {
    // RPCs are for programs; people are told the commands.
    if (key == "possible" || key == "action") continue;
    absl::StrAppend(&text, "  ", EscapeLine(key), ": ", EscapeLine(value), "\n");
  }
  for (const FieldViolation& violation : details.field_violations) {
    const auto said = details.metadata.find("field");
    const bool is_said = said != details.metadata.end() && said->second == violation.field;
    const bool is_whole = violation.description == error.message() ||
                          absl::StrCat(violation.field, ": ", violation.description) == error.message();
    if (is_said && is_whole) continue;
    absl::StrAppend(&text, "  field ", EscapeLine(violation.field), ": ", EscapeLine(violation.description), "\n");
  }
  for (const PreconditionViolation& violation : details.precondition_violations) {
    // The first is what the message says.
    if (!violation.description.empty() && absl::StartsWith(error.message(), violation.description)) continue;
    absl::StrAppend(&text, "  ", EscapeLine(violation.type), " ", EscapeLine(violation.subject), ": ",
                    EscapeLine(violation.description), "\n");
  }
  if (details.retry_delay) absl::StrAppend(&text, "  retry in: ", DurationText(*details.retry_delay), "\n");
  absl::StrAppend(&text, "next: ", WrapBelow(hint, style.columns, 6), "\n");
  return text;
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& error) {
  const std::string reason = DecodeErrorDetails(error).reason;
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kDenied;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kTimedOut;
    case absl::StatusCode::kUnavailable:
      // The same command can be run again; of a store that failed that is not known.
      return reason.empty() || reason == "SHUTTING_DOWN" || reason == "ACCOUNT_SYSTEM_UNAVAILABLE"
                 ? ExitCode::kUnreachable
                 : ExitCode::kFailure;
    default:
      return ExitCode::kFailure;
  }
}

std::string ErrorHint(const absl::Status& error, absl::string_view program, absl::string_view subject, Role role,
                      absl::string_view flags) {
  const ErrorDetails details = DecodeErrorDetails(error);
  if (const std::string* next = OwnNext(details)) return EscapeText(*next);
  absl::string_view hint = HintForCode(error.code());
  for (const auto& [known, text] : kHints) {
    if (known == details.reason) hint = text;
  }
  for (const auto& [known, text] : kOperatorHints) {
    if (known == details.reason && role == Role::kOperator) hint = text;
  }
  if (const absl::string_view call = HintForCall(error, details, subject); !call.empty()) hint = call;
  const std::string field = HintForField(details);
  if (!field.empty()) hint = field;
  const std::string account = subject.empty() ? "ACCOUNT" : EscapeLine(AccountOf(subject));
  const std::string shown_subject = subject.empty() ? "CLOSURE" : EscapeLine(subject);
  return absl::StrReplaceAll(
      hint, {{"{ctl}", program}, {"{subject}", shown_subject}, {"{account}", account}, {"{flags}", flags}});
}

std::string ErrorText(const absl::Status& error, absl::string_view hint, OutputFormat format, const Style& style) {
  ErrorDetails details = DecodeErrorDetails(error);
  if (OwnNext(details) != nullptr) details.metadata.erase(kNext);
  if (format == OutputFormat::kTable) return ErrorLines(error, details, hint, style);
  const int indent = format == OutputFormat::kJson ? 1 : -1;
  // Texts that are not UTF-8 are shown with replacement characters, never refused.
  return ErrorJson(error, details, hint).dump(indent, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::vector<std::string> HintedReasons() {
  std::vector<std::string> reasons;
  for (const auto& [reason, text] : kHints) reasons.emplace_back(reason);
  return reasons;
}

absl::Status UsageError(absl::string_view message, absl::string_view next) {
  std::map<std::string, std::string> metadata;
  if (!next.empty()) metadata[kNext] = std::string(next);
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, message, "USAGE", metadata);
}

}  // namespace closure
