// SPDX-License-Identifier: Apache-2.0
// Whether somebody's checker or participant keeps its contract: the published cases, run against it.
#include <google/protobuf/struct.pb.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checkers/remote/remote_channel.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"
#include "client/closurectl/tls_flags.h"
#include "client/conformance/case_run.h"
#include "client/conformance/checker_cases.h"
#include "client/conformance/participant_cases.h"
#include "client/rpc_status.h"
#include "protos/account_id.h"

namespace closure {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr int kManyItems = 1001;

// What the two commands take alike.
struct Target {
  std::string address;
  TlsFlags tls;
};

void AddTarget(CLI::App* command, Target& target) {
  command->add_option("TARGET", target.address, "Where it serves: HOST:PORT or unix:/PATH")->required();
  AddTlsFlags(*command, target.tls, "its", /*variables=*/false);
}

absl::Status CheckTarget(const Target& target) {
  if (absl::Status tls = CheckTls(target.tls); !tls.ok()) return tls;
  return CheckServer(target.address, "TARGET");
}

absl::Status CheckAccountId(absl::string_view flag, const std::string& id) {
  if (id.empty() || IsAccountId(id)) return absl::OkStatus();
  return UsageError(absl::StrCat(flag, ": \"", EscapeTyped(id), "\" is not ", kAccountIdForm));
}

// The same connection that closured makes, but for a window that does not grow: an answer that is not read has to wait.
std::shared_ptr<grpc::Channel> Connect(const Target& target) {
  config::v1::TlsConfig tls;
  tls.set_root_certificates_file(target.tls.cacert);
  tls.set_certificate_file(target.tls.cert);
  tls.set_key_file(target.tls.key);
  tls.set_server_name(target.tls.servername);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return OpenRemoteChannel(target.address, target.tls.empty() ? nullptr : &tls, arguments);
}

absl::string_view WordOf(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::kHolds:
      return "HOLDS";
    case Verdict::Kind::kBroken:
      return "BROKEN";
    case Verdict::Kind::kUnjudged:
      return "UNJUDGED";
    default:
      return "SKIPPED";
  }
}

// How a list of cases ended.
class Report {
 public:
  Report() : table_({"CASE", "VERDICT", "DETAIL"}) {}

  template <typename Case>
  void Add(const Case& each, const Verdict& verdict) {
    const std::string name(each.name);
    counts_[static_cast<std::size_t>(verdict.kind)] += 1;
    table_.AddRow({name, std::string(WordOf(verdict.kind)), verdict.detail});
    google::protobuf::Struct& row = *cases_.Add();
    (*row.mutable_fields())["case"].set_string_value(name);
    (*row.mutable_fields())["promise"].set_string_value(std::string(each.promise));
    (*row.mutable_fields())["verdict"].set_string_value(std::string(WordOf(verdict.kind)));
    (*row.mutable_fields())["detail"].set_string_value(verdict.detail);
  }

  ExitCode Print(Printer& printer) const {
    const int broken = CountOf(Verdict::Kind::kBroken);
    const int unjudged = CountOf(Verdict::Kind::kUnjudged);
    if (printer.format() == OutputFormat::kTable) printer.Data(table_.Text(printer.style()));
    if (printer.format() == OutputFormat::kJsonl)
      for (const google::protobuf::Struct& row : cases_) printer.JsonLine(row);
    if (printer.format() == OutputFormat::kJson) {
      google::protobuf::Struct whole;
      google::protobuf::ListValue& list = *(*whole.mutable_fields())["cases"].mutable_list_value();
      for (const google::protobuf::Struct& row : cases_) *list.add_values()->mutable_struct_value() = row;
      printer.Json(whole);
    }
    printer.Note(absl::StrCat(CountOf(Verdict::Kind::kHolds), " of ", cases_.size(), " cases hold, ", broken,
                              " broken, ", unjudged, " unjudged, ", CountOf(Verdict::Kind::kSkipped), " skipped."));
    return broken + unjudged == 0 ? ExitCode::kOk : ExitCode::kFailure;
  }

 private:
  int CountOf(Verdict::Kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  Table table_;
  google::protobuf::RepeatedPtrField<google::protobuf::Struct> cases_;
  int counts_[4] = {};
};

// Judges all the cases once the subject answers at all.
template <typename Subject>
absl::StatusOr<ExitCode> Judge(Session& session, Subject& subject, const std::vector<ConformanceCase<Subject>>& cases,
                               absl::string_view service) {
  const absl::Status reached = subject.Description().status();
  const std::map<std::string, std::string> next = {
      {"next",
       "See whether your program runs, and where it listens: TARGET is its address. Beyond this machine, and with "
       "--cacert, --cert or --servername, it has to serve with TLS."}};
  if (absl::IsUnavailable(reached)) return ErrorWithReason(reached.code(), reached.message(), "", next);
  if (absl::IsUnimplemented(reached))
    return ErrorWithReason(reached.code(), absl::StrCat("no ", service, " is served there"), "", next);
  Report report;
  CaseRun<Subject> run;
  for (const ConformanceCase<Subject>& each : cases) report.Add(each, run.Judge(each, subject));
  return report.Print(session.printer());
}

struct CheckerArguments {
  Target target;
  CheckerSubject::Options options{.many_items = kManyItems};
};

absl::StatusOr<ExitCode> VerifyChecker(Session& session, const CheckerArguments& arguments) {
  CheckerSubject::Options options = arguments.options;
  for (const absl::Status& status :
       {CheckTarget(arguments.target), CheckAccountId("--account", options.account_id),
        CheckAccountId("--many", options.many_account_id), CheckAccountId("--slow", options.slow_account_id),
        CheckAccountId("--failing", options.failing_account_id)}) {
    if (!status.ok()) return status;
  }
  options.timeout = session.options().timeout.value_or(kCallTimeout);
  options.now = session.environment().now;
  options.pause = session.environment().pause;
  CheckerSubject subject(Connect(arguments.target), std::move(options));
  return Judge(session, subject, CheckerCases(), "closure.v1.CheckerService");
}

struct ParticipantArguments {
  Target target;
  ParticipantSubject::Options options;
};

absl::StatusOr<ExitCode> VerifyParticipant(Session& session, const ParticipantArguments& arguments) {
  ParticipantSubject::Options options = arguments.options;
  for (const absl::Status& status : {CheckTarget(arguments.target), CheckAccountId("--act-on", options.account_id)}) {
    if (!status.ok()) return status;
  }
  if (options.is_deleted && options.account_id.empty())
    return UsageError("--delete needs --act-on, the account that is deleted for good");
  options.timeout = session.options().timeout.value_or(kCallTimeout);
  options.now = session.environment().now;
  options.pause = session.environment().pause;
  ParticipantSubject subject(Connect(arguments.target), std::move(options));
  return Judge(session, subject, ParticipantCases(), "closure.v1.ParticipantService");
}

void AddCheckerVerify(CommandSet& commands) {
  CLI::App* group = commands.AddGroup("checker", "About checkers outside the server");
  CLI::App* command = commands.AddTo(group, "verify", "Run the cases of docs/conformance.md against somebody's checker",
                                     "closurectl checker verify 127.0.0.1:7500 --account 1000000001 --many 1000000003");
  auto arguments = std::make_shared<CheckerArguments>();
  CheckerSubject::Options& options = arguments->options;
  AddTarget(command, arguments->target);
  command->add_option("--account", options.account_id, "An account that it answers about, best with a few items")
      ->required()
      ->type_name("ACCOUNT");
  command->add_option("--many", options.many_account_id, "One with many items")->type_name("ACCOUNT");
  command->add_option("--many-items", options.many_items, "How many it has, at least")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--slow", options.slow_account_id, "One about which it answers after a minute or more")
      ->type_name("ACCOUNT");
  command->add_option("--failing", options.failing_account_id, "One about which its own source does not answer")
      ->type_name("ACCOUNT");
  command
      ->add_option("--release", options.release_native_id,
                   "A renounceable item of the account, by its native id, to be released for good")
      ->type_name("NATIVE_ID");
  command->add_option("--fence", options.fence, "The fence of the release; not below one that was seen for the account")
      ->type_name("NUMBER")
      ->check(CLI::Range(int64_t{2}, int64_t{1} << 62))
      ->capture_default_str();
  commands.Bind(command, [arguments](Session& session) { return VerifyChecker(session, *arguments); });
}

void AddParticipantVerify(CommandSet& commands) {
  CLI::App* group = commands.AddGroup("participant", "About participants outside the server");
  CLI::App* command =
      commands.AddTo(group, "verify", "Run the cases of docs/conformance.md against somebody's participant",
                     "closurectl participant verify 127.0.0.1:7600 --act-on 1000000009");
  auto arguments = std::make_shared<ParticipantArguments>();
  ParticipantSubject::Options& options = arguments->options;
  AddTarget(command, arguments->target);
  command->add_option("--act-on", options.account_id, "An account that it freezes, seals and restores for real")
      ->type_name("ACCOUNT");
  command->add_flag("--delete", options.is_deleted, "Let it delete that account for good, too");
  command
      ->add_option("--fence", options.fence, "The fence of the first act; not below one that was seen for the account")
      ->type_name("NUMBER")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 62))
      ->capture_default_str();
  commands.Bind(command, [arguments](Session& session) { return VerifyParticipant(session, *arguments); });
}

}  // namespace

void AddConformanceCommands(CommandSet& commands) {
  AddCheckerVerify(commands);
  AddParticipantVerify(commands);
}

}  // namespace closure
