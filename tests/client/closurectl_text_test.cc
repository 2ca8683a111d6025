// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/closurectl/closure_lines.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/printer.h"
#include "client/closurectl/progress_commands.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/sandbox_account.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"
#include "closure/v1/closure_service.pb.h"
#include "closure/v1/error_reason.pb.h"
#include "protos/json_reading.h"
#include "protos/suggestion.h"
#include "tests/support/source_file.h"

namespace closure {

using v1::Closure;

TEST_CASE("a duration is read in days, hours, minutes, seconds and milliseconds") {
  CHECK(*ParseDuration("90s") == absl::Seconds(90));
  CHECK(*ParseDuration("10m") == absl::Minutes(10));
  CHECK(*ParseDuration("72h") == absl::Hours(72));
  CHECK(*ParseDuration("7d") == absl::Hours(168));
  CHECK(*ParseDuration("1d12h") == absl::Hours(36));
  CHECK(*ParseDuration("1m250ms") == absl::Minutes(1) + absl::Milliseconds(250));
}

TEST_CASE("what is not a duration is refused and named") {
  for (const char* text : {"", "7", "d", "-1s", "+1s", "1.5h", "1 h", "1h1d", "1s1s", "1x", "h1", "1h "}) {
    CAPTURE(text);
    const absl::StatusOr<absl::Duration> span = ParseDuration(text);
    REQUIRE(span.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(std::string(span.status().message()).find("is not a duration") != std::string::npos);
  }
}

TEST_CASE("a duration above the limit is told the limit") {
  for (const char* text : {"99999999999999999999d", "99999999d", "3651d", "1000000000000000s"}) {
    CAPTURE(text);
    CHECK(ParseDuration(text).status().message() ==
          "\"" + std::string(text) + "\" is too long: a duration is at most 3650d");
  }
  CHECK(ParseDuration("3650d").ok());
}

TEST_CASE("a duration of nothing is refused for being nothing") {
  for (const char* text : {"0s", "0ms", "0d0h"}) {
    CAPTURE(text);
    const absl::StatusOr<absl::Duration> span = ParseDuration(text);
    REQUIRE(span.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(std::string(span.status().message()).find("must be above zero") != std::string::npos);
  }
}

TEST_CASE("a text is UTF-8 only if every byte of it is") {
  for (const char* text : {"", "plain", "\xc3\xa9", "\xe8\xb4\xa6\xe6\x88\xb7", "\xf0\x9f\x98\x80", "a\nb"})
    CHECK(IsUtf8(text));
  for (const char* text : {"\xff", "x\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) CHECK_FALSE(IsUtf8(text));
}

TEST_CASE("a span is written with its two largest units") {
  CHECK(DurationText(absl::Hours(167) + absl::Minutes(59)) == "6d 23h");
  CHECK(DurationText(absl::Seconds(243)) == "4m 3s");
  CHECK(DurationText(absl::Milliseconds(250)) == "250ms");
  CHECK(DurationText(absl::Hours(24) + absl::Minutes(5)) == "1d");
  CHECK(DurationText(absl::ZeroDuration()) == "0s");
  CHECK(DurationText(-absl::Seconds(5)) == "0s");
}

TEST_CASE("a time is written in UTC whatever the local zone") {
  google::protobuf::Timestamp time;
  time.set_seconds(1'767'225'600);
  time.set_nanos(500'000'000);
  CHECK(TimeText(time) == "2026-01-01T00:00:00Z");
}

TEST_CASE("a misspelt word finds the nearest one and nothing far away") {
  const std::vector<std::string> words = {"status", "start", "settle", "watch"};
  CHECK(NearestWord("stauts", words) == "status");
  CHECK(NearestWord("wach", words) == "watch");
  CHECK(NearestWord("statu", words) == "status");
  CHECK(NearestWord("delete", words).empty());
  CHECK(EditDistance("ab", "ba") == 1);
  CHECK(EditDistance("", "abc") == 3);
}

TEST_CASE("text from a server cannot move the cursor, hide or turn the direction of writing") {
  CHECK(EscapeLine("a\x1b[2Jb") == "a\\x1b[2Jb");
  CHECK(EscapeLine("a\r\nb\tc\x7f") == "a\\x0d\\x0ab\\x09c\\x7f");
  CHECK(EscapeText("a\nb\tc\x1b") == "a\nb\tc\\x1b");
  CHECK(EscapeLine("\xe2\x80\xae"
                   "evil") ==
        "\\u202e"
        "evil");
  CHECK(EscapeLine("\xc2\x9b") == "\\u009b");
  CHECK(EscapeLine("\xff\xc0\x80") == "\\xff\\xc0\\x80");
  CHECK(EscapeLine("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(EscapeLine("账户 é") == "账户 é");
}

TEST_CASE("a table keeps its columns straight for wide characters and says <none> for nothing") {
  Table table({"NAME", "KIND"});
  table.AddRow({"账户", "a"});
  table.AddRow({"abcd", ""});
  CHECK(table.Text(Style{}) == "NAME  KIND\n账户  a\nabcd  <none>\n");
}

TEST_CASE("a row that is too wide goes on in lines that are set in, and no word is broken") {
  Table table({"NAME", "KIND", "TEXT"});
  table.AddRow({"0123456789", "0123456789", "one two three four five six seven eight nine ten"});
  CHECK(table.Text(Style{false, 44}) ==
        "NAME        KIND\n    TEXT\n0123456789  0123456789\n    one two three four five six seven eight\n    nine "
        "ten\n");
  CHECK(table.Text(Style{}).find("TEXT\n0123456789  0123456789  one two") != std::string::npos);
}

TEST_CASE("a line is broken at spaces and between wide characters, and a command never") {
  CHECK(WrapLine("one two three", 8, 0, 2) == "one two\n  three");
  CHECK(WrapLine("one two", 8, 4, 4) == "one\n    two");
  CHECK(WrapLine("unbreakable", 4) == "unbreakable");
  CHECK(WrapLine("账户账户，户", 8) == "账户账\n户，户");
  CHECK(WrapLine("  closurectl watch 1", 8) == "  closurectl watch 1");
  CHECK(WrapLine("one two", 0) == "one two");
  CHECK(WrapText("- one two\n\nx", 6) == "- one\n  two\n\nx");
}

TEST_CASE("prose that its author broke is put together before it is broken again") {
  const std::string line(70, 'a');
  CHECK(WrapProse("TITLE\n\n" + line + "\nee ff\n1.1 gg\n", 80) == "TITLE\n\n" + line + " ee ff\n1.1 gg\n");
  CHECK(WrapProse(line + "\n1.1 gg\nhh\n", 80) == line + "\n1.1 gg\nhh\n");
  std::string wide;
  for (int i = 0; i < 35; ++i) wide += "账";
  CHECK(WrapProse(wide + "\n账户\n", 80) == wide + "账户\n");
  CHECK(WrapProse(line + "\ncc\n", 0) == line + "\ncc\n");
}

TEST_CASE("what is typed is told back in its first hundred characters") {
  CHECK(EscapeTyped(std::string(100, 'a')) == std::string(100, 'a'));
  CHECK(EscapeTyped(std::string(101, 'a')) == std::string(100, 'a') + "… (101 characters)");
  CHECK(EscapeTyped("a\x1b") == "a\\x1b");
}

TEST_CASE("a state is coloured only where colour is wanted") {
  Table table({"NAME", "STATE"});
  table.AddRow({"a", "BLOCKED"});
  CHECK(table.Text(Style{}).find('\x1b') == std::string::npos);
  CHECK(table.Text(Style{true}).find("\x1b[31mBLOCKED\x1b[0m") != std::string::npos);
}

TEST_CASE("names are taken whole or by their last part") {
  CHECK(AccountId("accounts/7/closures/ab") == "7");
  CHECK(AccountId("7") == "7");
  CHECK(AccountName("7") == "accounts/7");
  CHECK(AccountName("accounts/7") == "accounts/7");
  CHECK(IsClosureName("accounts/7/closures/ab"));
  CHECK_FALSE(IsClosureName("accounts/7"));
  CHECK(ItemName("accounts/7/closures/ab", "x") == "accounts/7/closures/ab/blockingItems/x");
  CHECK(ItemName("accounts/7/closures/ab", "accounts/7/closures/ab/blockingItems/x") ==
        "accounts/7/closures/ab/blockingItems/x");
  CHECK(TaskName("42") == "tasks/42");
  CHECK(LastSegment("tasks/42") == "42");
}

TEST_CASE("an identity is assumed only for a server on this machine", "[R41]") {
  for (const char* local : {"127.0.0.1:7443", "localhost:1", "[::1]:7443", "unix:/run/closured.sock"}) {
    CAPTURE(local);
    CHECK(IsLocalServer(local));
  }
  for (const char* remote :
       {"10.0.0.1:7443", "closured.example.com:443", "127.0.0.1.example.com:1", "[2001:db8::1]:7443"}) {
    CAPTURE(remote);
    CHECK_FALSE(IsLocalServer(remote));
  }
}

TEST_CASE(
    "enum words are taken as the API spells them, or in lower case with hyphens, and misspelt ones get the nearest") {
  CHECK(*ParseEnum<Closure::Reason>("NO_LONGER_NEEDED", "reason") == Closure::NO_LONGER_NEEDED);
  CHECK(*ParseEnum<Closure::Reason>("no-longer-needed", "reason") == Closure::NO_LONGER_NEEDED);
  CHECK_FALSE(ParseEnum<Closure::Reason>("REASON_UNSPECIFIED", "reason").ok());
  const std::string message(ParseEnum<Closure::State>("REDY", "state").status().message());
  CHECK(message.find("did you mean READY?") != std::string::npos);
  CHECK(message.find("SILENT_PERIOD") != std::string::npos);
  CHECK(EnumText(static_cast<Closure::State>(99)) == "99");
  CHECK(EnumText(Closure::STATE_UNSPECIFIED) == "<none>");
}

TEST_CASE("an amount is written as money, and one that is none shows its numbers", "[R26]") {
  v1::Money amount;
  amount.set_currency_code("USD");
  amount.set_units(1000);
  amount.set_nanos(10'000'000);
  CHECK(AmountText(amount) == "1000.01 USD");
  amount.set_currency_code("??");
  CHECK(AmountText(amount) == "units=1000 nanos=10000000 ??");
}

TEST_CASE("waiting ends at a wanted state, at any end, and where nothing moves without the owner", "[R12]") {
  const std::set<Closure::State> ready = {Closure::READY};
  const std::set<Closure::State> silent = {Closure::SILENT_PERIOD};
  const std::set<Closure::State> closed = {Closure::CLOSED};
  CHECK(WaitOutcome(Closure::READY, ready) == ExitCode::kOk);
  CHECK(WaitOutcome(Closure::BLOCKED, ready) == ExitCode::kBlocked);
  CHECK(WaitOutcome(Closure::BLOCKED, silent) == ExitCode::kBlocked);
  for (const Closure::State state :
       {Closure::IDENTITY_PENDING, Closure::AGREEMENT_PENDING, Closure::BLOCKED, Closure::READY}) {
    CAPTURE(Closure::State_Name(state));
    CHECK(WaitOutcome(state, closed) == ExitCode::kBlocked);
    CHECK(WaitOutcome(state, {Closure::ABORTED}) == ExitCode::kBlocked);
    CHECK(WaitOutcome(state, {Closure::EXPIRED}) == ExitCode::kTimedOut);
    CHECK(WaitOutcome(state, {Closure::CANCELLED}) == ExitCode::kTimedOut);
  }
  for (const Closure::State state : {Closure::DISCARDING, Closure::CONFIRMING, Closure::THAWING, Closure::SILENT_PERIOD,
                                     Closure::FINAL_CHECK, Closure::DELETING}) {
    CHECK(WaitOutcome(state, closed) == ExitCode::kTimedOut);
  }
  CHECK(WaitOutcome(Closure::BLOCKED, {Closure::READY, Closure::BLOCKED}) == ExitCode::kOk);
  CHECK(WaitOutcome(Closure::ABORTED, closed) == ExitCode::kFailure);
  CHECK(WaitOutcome(Closure::CANCELLED, ready) == ExitCode::kFailure);
  CHECK(WaitOutcome(Closure::CHECKING, ready) == ExitCode::kTimedOut);
}

TEST_CASE("two messages become one JSON object with the fields of both") {
  v1::ClosurePlan plan;
  plan.set_account("accounts/7");
  v1::PreviewItems items;
  items.add_items()->set_why("a \"}\" in it");
  for (const OutputFormat format : {OutputFormat::kJson, OutputFormat::kJsonl}) {
    std::ostringstream out;
    std::ostringstream err;
    Printer(out, err, format, Style{}, Style{}).Json(plan, items);
    const std::string text = out.str();
    const nlohmann::json both = nlohmann::json::parse(text);
    CHECK(both.at("account") == "accounts/7");
    CHECK(both.at("eligible") == false);
    CHECK(both.at("items").at(0).at("why") == "a \"}\" in it");
    CHECK((std::count(text.begin(), text.end(), '\n') == 1) == (format == OutputFormat::kJsonl));
    CHECK(err.str().empty());
  }
}

TEST_CASE("every reason that the server can give has a hint of its own") {
  const std::vector<std::string> hinted = HintedReasons();
  for (const std::string& reason : EnumWords(google::protobuf::GetEnumDescriptor<v1::ErrorReason>())) {
    CAPTURE(reason);
    CHECK(std::find(hinted.begin(), hinted.end(), reason) != hinted.end());
  }
}

TEST_CASE("what comes before the next scan is the owner's work, or what has kept the closure back", "[D5][D6]") {
  v1::Closure closure;
  CHECK(BeforeNextScan(closure) == "Wait a moment");
  closure.set_cause(v1::Closure::CONFIRM_TIMED_OUT);
  closure.set_cause_detail("not frozen by \x1b");
  CHECK(BeforeNextScan(closure) == "Make sure that what went wrong is over (CONFIRM_TIMED_OUT: not frozen by \\x1b)");
  // What only the owner can end is never waited for.
  closure.mutable_item_counts()->set_renounceable(1);
  CHECK(BeforeNextScan(closure) == "Discard what is listed");
  closure.mutable_hold()->set_reason("court");
  CHECK(BeforeNextScan(closure) == "Wait until the operator's hold is released");
  v1::CheckerResult& checker = *closure.mutable_scan()->add_checkers();
  checker.set_status(v1::CheckerResult::UNANSWERED);
  checker.set_required(true);
  CHECK(BeforeNextScan(closure) == "Wait until the checker(s) that did not answer, 1 of them, can");
  closure.mutable_item_counts()->set_must_handle(1);
  CHECK(BeforeNextScan(closure) == "Handle what is listed");
}

TEST_CASE("a store that fails sends owners to try again, and operators to the log") {
  const absl::Status error = ErrorWithReason(absl::StatusCode::kUnavailable, "x", "STORE_UNAVAILABLE");
  CHECK_THAT(ErrorHint(error, "closurectl", "7"),
             Catch::Contains("run the command again") && !Catch::Contains("closurectl"));
  CHECK_THAT(ErrorHint(error, "closurectl", "7", Role::kOperator), Catch::StartsWith("The server's log says why"));
}

TEST_CASE("docs/errors.md tells of every reason of the client's own") {
  const std::string page = ReadSource("docs/errors.md");
  for (const std::string& reason : HintedReasons()) {
    CAPTURE(reason);
    CHECK_THAT(page, Catch::Contains("\n| `" + reason + "` | "));
  }
}

TEST_CASE("every status code has a hint, without a placeholder left in it") {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status error(static_cast<absl::StatusCode>(code), "x");
    const std::string hint = ErrorHint(error, "closurectl", "");
    CAPTURE(code);
    CHECK_FALSE(hint.empty());
    CHECK(hint.find('{') == std::string::npos);
  }
  for (const std::string& reason : HintedReasons()) {
    const absl::Status error = ErrorWithReason(absl::StatusCode::kInternal, "x", reason);
    CAPTURE(reason);
    CHECK(ErrorHint(error, "closurectl", "7").find('{') == std::string::npos);
  }
}

TEST_CASE("exit codes follow the status code, and only a server or account system that is not there is unreachable") {
  CHECK(ExitCodeOf(absl::InvalidArgumentError("")) == ExitCode::kUsage);
  CHECK(ExitCodeOf(absl::UnauthenticatedError("")) == ExitCode::kDenied);
  CHECK(ExitCodeOf(absl::PermissionDeniedError("")) == ExitCode::kDenied);
  CHECK(ExitCodeOf(absl::NotFoundError("")) == ExitCode::kNotFound);
  CHECK(ExitCodeOf(absl::DeadlineExceededError("")) == ExitCode::kTimedOut);
  CHECK(ExitCodeOf(absl::UnavailableError("")) == ExitCode::kUnreachable);
  CHECK(ExitCodeOf(ErrorWithReason(absl::StatusCode::kUnavailable, "", "SHUTTING_DOWN")) == ExitCode::kUnreachable);
  CHECK(ExitCodeOf(ErrorWithReason(absl::StatusCode::kUnavailable, "", "ACCOUNT_SYSTEM_UNAVAILABLE")) ==
        ExitCode::kUnreachable);
  CHECK(ExitCodeOf(ErrorWithReason(absl::StatusCode::kUnavailable, "", "STORE_UNAVAILABLE")) == ExitCode::kFailure);
  CHECK(ExitCodeOf(absl::FailedPreconditionError("")) == ExitCode::kFailure);
  CHECK(ExitCodeOf(absl::InternalError("")) == ExitCode::kFailure);
}

TEST_CASE("a socket that this user may not use leads to a user who may, a call without an answer to what it did") {
  const absl::Status denied = absl::UnavailableError("server unix:/run/s: connect: Permission denied");
  CHECK(ErrorHint(denied, "closurectl", "7").find("runuser -u closured -- closurectl") != std::string::npos);
  CHECK(ErrorHint(absl::UnavailableError("refused"), "closurectl", "7").find("runuser") == std::string::npos);
  const absl::Status late = absl::DeadlineExceededError("Deadline Exceeded");
  CHECK(ErrorHint(late, "closurectl", "7").find("may have been done: closurectl status 7") != std::string::npos);
  CHECK(ErrorHint(late, "closurectl", "").find("may have been done") == std::string::npos);
  const absl::Status nothing = ErrorWithReason(absl::StatusCode::kFailedPrecondition, "x", "NOTHING_TO_RELEASE");
  CHECK(ErrorHint(nothing, "closurectl", "7").find("closurectl status 7") != std::string::npos);
  CHECK(ErrorHint(nothing, "closurectl", "").find("closurectl operator status") != std::string::npos);
}

TEST_CASE("an item that is gone says why it was there, and not why it blocks", "[R50]") {
  v1::BlockingItem item;
  item.set_why("money is left");
  CHECK(ItemDetailText(item, Style{}).find("why:     money is left") != std::string::npos);
  item.set_resolution(v1::BlockingItem::RESOLVED);
  CHECK(ItemDetailText(item, Style{}).find("was:     money is left") != std::string::npos);
  CHECK(ItemDetailText(item, Style{}).find("why:") == std::string::npos);
}

TEST_CASE("the sandbox's account is shown with all that it has, and without what it has not") {
  sandbox::v1::ShowAccountResponse response;
  const auto shown = [&response] { return SandboxAccountText(response, Style{}); };
  REQUIRE(ReadJson(R"({"account": {"accountId": "7"}})", response).ok());
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"DISPLAY_NAME", "Seven"},
      {"STATE", "SUSPENDED"},
      {"ORGANIZATION", "org-1"},
      {"LANGUAGE", "zh"},
      {"EMAIL", "a@example.com, changed 2026-01-01T00:00:00Z"},
      {"PHONE", "+8613800000000"},
      {"RAM_USERS", "ann, bob"},
      {"LATE_BILL", "late-1 1.00 USD, 2h after billing is frozen, as debt"},
      {"UNBILLED_CHARGE", "charge-1 ecs 2.50 USD, billed at 2026-02-01T00:00:00Z"},
      {"RESOURCE_DIRECTORY", "MEMBER, CLOUD_ACCOUNT, of rd-1, managed by 8"},
      {"TRUSTEESHIP", "ADMINISTRATOR, members 9, 10"},
      {"RESELLER", "partner-1, Partner & Co."},
      {"ARCHIVED_ROWS", "2"}};
  for (const auto& [heading, text] : lines) CHECK_THAT(shown(), !Catch::Contains(heading));
  CHECK_THAT(shown(), Catch::Contains("SESSIONS") && Catch::Contains("BINDINGS"));

  REQUIRE(ReadJson(R"({"archivedRows": "2", "account": {"accountId": "7", "displayName": "Seven", "state": "SUSPENDED",
      "organizationId": "org-1", "languageCode": "zh", "ramUsers": ["ann", "bob"], "bulkResourceCount": 3,
      "email": {"address": "a@example.com", "changeTime": "2026-01-01T00:00:00Z"},
      "phone": {"address": "+8613800000000"},
      "lateBills": [{"bill": {"billId": "late-1", "amount": "1.00", "currencyCode": "USD"}, "afterFreeze": "7200s",
                     "asDebt": true}],
      "unbilledCharges": [{"chargeId": "charge-1", "product": "ecs", "amount": "2.50", "currencyCode": "USD",
                           "expectBillTime": "2026-02-01T00:00:00Z"}],
      "resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "rd-1",
                            "managementAccountId": "8"},
      "trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["9", "10"]},
      "reseller": {"partnerId": "partner-1", "partnerName": "Partner & Co."}}})",
                   response)
              .ok());
  for (const auto& [heading, text] : lines) {
    CHECK_THAT(shown(), Catch::Contains(heading) && Catch::Contains(text + "\n"));
  }
  CHECK_THAT(shown(), Catch::Contains("RESOURCES           3\n"));
}

}  // namespace closure
