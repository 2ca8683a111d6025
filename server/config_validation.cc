// SPDX-License-Identifier: Apache-2.0
// What ValidateConfig of config.h refuses.
#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "checkers/description_fault.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "protos/local_address.h"
#include "protos/suggestion.h"
#include "server/business_calendar.h"
#include "server/config.h"
#include "server/config_rules.h"
#include "server/grpc_target.h"
#include "server/renounced_money.h"
#include "server/strings.h"

namespace closure {
namespace {

using config::v1::ServerConfig;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int32_t kNanosMax = 999'999'999;
constexpr int64_t kSecondsMax = 100LL * 365 * 86400;
constexpr std::size_t kUriMax = 1000;
constexpr std::size_t kWordsMax = 200;

// A duration that is none: below zero, too long, or with nanoseconds that do not fit.
std::string UnsoundText(const google::protobuf::Duration& duration) {
  return Concat("{ seconds: ", duration.seconds(),
                duration.nanos() == 0 ? std::string() : Concat(" nanos: ", duration.nanos()), " }");
}

class Validation {
 public:
  explicit Validation(const ServerConfig& config) : config_(config) {}

  absl::Status Run(ServerMode mode) {
    CheckNumbers(config_, "");
    CheckAddresses();
    CheckCalendar();
    CheckCheckers();
    CheckParticipants();
    if (mode == ServerMode::kProduction) CheckProduction();
    if (faults_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(faults_, "\n"));
  }

 private:
  void Refuse(std::string_view path, std::string_view what) { faults_.push_back(Concat(path, ": ", what)); }

  void CheckNumbers(const Message& message, const std::string& prefix) {
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      const std::string path = prefix + field.name();
      if (const NumberRule* rule = FindNumberRule(field)) {
        CheckNumber(path, *rule, message, field);
      } else if (field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        for (int n = 0; n < reflection.FieldSize(message, &field); ++n) {
          CheckNumbers(reflection.GetRepeatedMessage(message, &field, n), Concat(path, "[", n, "]."));
        }
      } else if (!field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                 reflection.HasField(message, &field)) {
        CheckNumbers(reflection.GetMessage(message, &field), path + ".");
      }
    }
  }

  void CheckNumber(const std::string& path, const NumberRule& rule, const Message& message,
                   const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (!IsDuration(field)) {
      const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
      const int64_t number = wide ? reflection.GetInt64(message, &field) : reflection.GetInt32(message, &field);
      if (number < rule.min || number > rule.max)
        Refuse(path, Concat(number, " is not within ", rule.min, " to ", rule.max));
      return;
    }
    const auto& duration = static_cast<const google::protobuf::Duration&>(reflection.GetMessage(message, &field));
    const bool sound = duration.seconds() >= 0 && duration.seconds() <= kSecondsMax && duration.nanos() >= 0 &&
                       duration.nanos() <= kNanosMax;
    const int64_t millis = sound ? absl::ToInt64Milliseconds(FromProto(duration)) : -1;
    if (millis >= rule.min && millis <= rule.max) return;
    Refuse(path, Concat(sound ? FormatMillis(millis) : UnsoundText(duration), " is not within ", FormatMillis(rule.min),
                        " to ", FormatMillis(rule.max)));
  }

  void CheckAddresses() {
    CheckListener();
    const std::string& uri = config_.console_base_uri();
    const bool plain = std::all_of(uri.begin(), uri.end(),
                                   [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>'; });
    if (!uri.starts_with("https://") || uri.size() <= 8 || uri.size() > kUriMax || !plain || uri.back() == '/' ||
        uri[8] == '/') {
      Refuse("console_base_uri", Concat(Quoted(uri), " is not an absolute https address without a slash at its end"));
    }
  }

  void CheckListener() {
    const std::string& address = config_.listen_address();
    const config::v1::ListenerTls& tls = config_.listener_tls();
    if (!IsLocalListenAddress(address)) Refuse("listen_address", Concat(Quoted(address), ListenAddressFault(address)));
    if (config_.has_listener_tls()) CheckListenerTls(address, tls);
  }

  void CheckListenerTls(const std::string& address, const config::v1::ListenerTls& tls) {
    if (address.starts_with("unix:"))
      Refuse("listener_tls", "is for TCP: a unix socket is closed to whoever may not use its file");
    CheckPath("listener_tls.certificate_file", tls.certificate_file(), Need::kRequired);
    CheckPath("listener_tls.key_file", tls.key_file(), Need::kRequired);
    CheckPath("listener_tls.client_ca_file", tls.client_ca_file(), Need::kOptional);
    CheckPath("listener_tls.crl_directory", tls.crl_directory(), Need::kOptional);
    if (!tls.crl_directory().empty() && tls.client_ca_file().empty())
      Refuse("listener_tls.crl_directory", "revokes certificates of callers, and without client_ca_file none is asked");
  }

  enum class Need { kRequired, kOptional };
  void CheckPath(const std::string& path, const std::string& value, Need need) {
    if (value.empty() && need == Need::kRequired) return Refuse(path, "is required");
    if (!value.empty() && value.front() != '/')
      Refuse(path, Concat(Quoted(value), " is not absolute: write the whole path"));
  }

  void CheckCalendar() {
    const absl::Status made = BusinessCalendar::Make(config_.business_calendar()).status();
    if (!made.ok()) faults_.emplace_back(made.message());  // a line for each fault, with its path
  }

  void CheckCheckers() {
    std::set<std::string> seen;
    for (int i = 0; i < config_.checkers_size(); ++i) {
      const config::v1::CheckerConfig& checker = config_.checkers(i);
      const std::string path = Concat("checkers[", i, "]");
      if (checker.has_remote())
        CheckRemoteChecker(path, checker);
      else
        CheckBuiltinName(path + ".name", checker.name());
      if (!seen.insert(checker.name()).second) Refuse(path + ".name", Concat(Quoted(checker.name()), " comes twice"));
      if (checker.name() == kBillingName && (checker.has_disabled() || checker.advisory())) {
        Refuse(path,
               "billing can be neither disabled nor advisory: an account with unknown debts must not be closed (D5)");
      }
      if (!checker.has_disabled()) continue;
      CheckWords(path + ".disabled.by", checker.disabled().by());
      CheckWords(path + ".disabled.why", checker.disabled().why());
    }
  }

  void CheckBuiltinName(const std::string& path, const std::string& name) {
    const std::vector<std::string> known = BuiltinCheckerNames();
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string nearest = NearestWord(name, known);
    Refuse(path, Concat("there is no checker ", Quoted(name), nearest.empty() ? "" : "; did you mean ", nearest,
                        nearest.empty() ? "; there are " : "? There are ", absl::StrJoin(known, ", "),
                        "; one outside the process has a section remote"));
  }

  void CheckRemoteChecker(const std::string& path, const config::v1::CheckerConfig& checker) {
    const config::v1::RemoteCheckerConfig& remote = checker.remote();
    const std::string remote_path = path + ".remote";
    CheckName(path + ".name", checker.name());
    CheckTarget(remote_path + ".target", remote.target());
    CheckTls(remote_path + ".tls", remote.tls());
    std::set<int> seen;
    for (int i = 0; i < remote.phases_size(); ++i) {
      const v1::CheckPhase phase = remote.phases(i);
      const std::string phase_path = Concat(remote_path, ".phases[", i, "]");
      if (!v1::CheckPhase_IsValid(phase) || phase == v1::CHECK_PHASE_UNSPECIFIED)
        Refuse(phase_path, "is none: write PREVIEW, SCAN, CONFIRM or FINAL");
      if (!seen.insert(phase).second) Refuse(phase_path, "comes twice");
    }
    if (checker.name() == kBillingName && !remote.phases().empty())
      Refuse(remote_path + ".phases", "billing takes part in every phase (D10); leave this out");
    if (FromProto(remote.breaker_pause_max()) < FromProto(remote.breaker_pause()))
      Refuse(remote_path + ".breaker_pause_max", "is below breaker_pause");
  }

  void CheckTls(const std::string& path, const config::v1::TlsConfig& tls) {
    CheckPath(path + ".root_certificates_file", tls.root_certificates_file(), Need::kOptional);
    CheckPath(path + ".certificate_file", tls.certificate_file(), Need::kOptional);
    CheckPath(path + ".key_file", tls.key_file(), Need::kOptional);
    if (tls.certificate_file().empty() != tls.key_file().empty())
      Refuse(path, "certificate_file and key_file belong together; name both, or neither");
  }

  void CheckWords(const std::string& path, std::string_view words) {
    const std::size_t count = CountCodePoints(words);
    if (count < 1 || count > kWordsMax) Refuse(path, Concat("is required: 1 to ", kWordsMax, " characters"));
  }

  // The name of somebody outside the process.
  void CheckName(const std::string& path, std::string_view name) {
    if (!IsPluginName(name)) Refuse(path, Concat(Quoted(name), " is not 1 to 40 of [a-z0-9_], starting with a letter"));
  }

  void CheckParticipants() {
    const std::vector<std::string> builtin = BuiltinParticipantNames();
    std::set<std::string> seen(builtin.begin(), builtin.end());
    for (int i = 0; i < config_.participants_size(); ++i) {
      const config::v1::ParticipantConfig& participant = config_.participants(i);
      const std::string path = Concat("participants[", i, "]");
      const std::string& name = participant.name();
      CheckName(path + ".name", name);
      if (!seen.insert(name).second) Refuse(path + ".name", Concat(Quoted(name), " comes twice, or is built in"));
      CheckTarget(path + ".target", participant.target());
      CheckTls(path + ".tls", participant.tls());
      CheckStages(path, participant);
    }
  }

  void CheckStages(const std::string& path, const config::v1::ParticipantConfig& participant) {
    if (participant.stages().empty()) Refuse(path + ".stages", "is required: at least one phase and stage");
    std::set<std::pair<int, int>> seen;
    for (int i = 0; i < participant.stages_size(); ++i) {
      const config::v1::PhaseStage& stage = participant.stages(i);
      const std::string stage_path = Concat(path, ".stages[", i, "]");
      const bool known =
          v1::ParticipantPhase_IsValid(stage.phase()) && stage.phase() != v1::PARTICIPANT_PHASE_UNSPECIFIED;
      if (!known)
        Refuse(stage_path + ".phase", "is required: FREEZE, THAW, ENTER_SILENT_PERIOD, SEAL, DELETE or RESTORE");
      if (!seen.insert({stage.phase(), stage.stage()}).second) Refuse(stage_path, "comes twice");
    }
    CheckUndoing(path, participant);
  }

  void CheckUndoing(const std::string& path, const config::v1::ParticipantConfig& participant) {
    std::set<v1::ParticipantPhase> phases;
    for (const config::v1::PhaseStage& stage : participant.stages()) phases.insert(stage.phase());
    for (const auto& [done, undone] : kUndoings) {
      if (!phases.contains(done) || phases.contains(undone)) continue;
      Refuse(path + ".stages",
             Concat("has ", v1::ParticipantPhase_Name(done), " without ", v1::ParticipantPhase_Name(undone),
                    ": add a stage with the phase ", v1::ParticipantPhase_Name(undone), ", which undoes it"));
    }
  }

  void CheckTarget(const std::string& path, const std::string& target) {
    if (const std::string fault = GrpcTargetFault(target); !fault.empty()) Refuse(path, fault);
  }

  void CheckProduction() {
    const auto require = [this](std::string_view path, const std::string& value) {
      if (value.empty()) return Refuse(path, "is required in production");
      if (value.front() != '/')
        Refuse(path, Concat(Quoted(value),
                            " is not absolute: write the whole path, because the folder that the server "
                            "runs in is not that of who checks"));
    };
    require("database_path", config_.database_path());
    require("secret_key_file", config_.secret_key_file());
    require("agreements_path", config_.agreements_path());
    const Message& upstreams = config_.upstreams();
    for (int i = 0; i < upstreams.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* const field = upstreams.GetDescriptor()->field(i);
      CheckTarget("upstreams." + field->name(), upstreams.GetReflection()->GetString(upstreams, field));
    }
  }

  const ServerConfig& config_;
  std::vector<std::string> faults_;
};

}  // namespace

absl::Status ValidateConfig(const ServerConfig& complete, ServerMode mode) { return Validation(complete).Run(mode); }

}  // namespace closure
