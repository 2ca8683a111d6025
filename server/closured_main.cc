// SPDX-License-Identifier: Apache-2.0
#include "server/closured_main.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "checkers/catalog.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "protos/failpoint.h"
#include "protos/file_reading.h"
#include "protos/local_address.h"
#include "server/config.h"
#include "server/dev_cloud.h"
#include "server/die.h"
#include "server/library_logs.h"
#include "server/named_files.h"
#include "server/options.h"
#include "server/process_end.h"
#include "server/strings.h"
#include "server/upstream_channels.h"
#include "server/version.h"
#include "storage/damage.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/heap.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

// What a stop may take beyond the grace before the process ends without order; all state is in the database.
constexpr absl::Duration kStopMargin = absl::Seconds(5);

ExitCode Fail(ExitCode code, absl::string_view message) {
  std::fprintf(stderr, "closured: %.*s\n", static_cast<int>(message.size()), message.data());
  return code;
}

// What cannot be right before somebody changes something is a matter of configuration, and so is a database that has to
// be restored: starting again would not help.
ExitCode ExitCodeOf(const absl::Status& status) {
  if (IsDamage(status)) return ExitCode::kConfig;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
      return ExitCode::kConfig;
    case absl::StatusCode::kUnavailable:
      return ExitCode::kTemporary;
    default:
      return ExitCode::kInternal;
  }
}

// Before there is a log, for people.
ExitCode Fail(const absl::Status& status) { return Fail(ExitCodeOf(status), status.message()); }

// Once there is one.
ExitCode Fail(const absl::Status& status, Log& log) {
  log.Error("the server does not start", {{"error", ToStd(status.message())}});
  return ExitCodeOf(status);
}

// ---- configuration ----

absl::StatusOr<std::string> ReadConfigText(const std::string& path) {
  constexpr std::size_t kBytesMax = 1 << 20;
  absl::StatusOr<std::string> text = ReadFile(path, kBytesMax);
  if (text.ok()) return text;
  return absl::Status(text.status().code(), Concat("configuration ", path, ": ", text.status().message(),
                                                   "; name a file that the server's user can read"));
}

absl::StatusOr<config::v1::ServerConfig> ReadConfig(const std::string& path) {
  if (path.empty()) return config::v1::ServerConfig();
  CLOSURE_ASSIGN_OR_RETURN(const std::string text, ReadConfigText(path));
  return ParseConfig(text, path);
}

// What is looked at: the values alone, or also what they name on this machine.
enum class Look { kValues, kFilesToo };

// The configuration as it stands in the file, once the whole of it has been found right; else every fault on a line of
// its own.
absl::StatusOr<config::v1::ServerConfig> ReadProductionConfig(const std::string& path, Look look) {
  CLOSURE_ASSIGN_OR_RETURN(config::v1::ServerConfig config, ReadConfig(path));
  const config::v1::ServerConfig complete = WithDefaults(config);
  std::string faults;
  const absl::Status values = ValidateConfig(complete, ServerMode::kProduction);
  const absl::Status files = look == Look::kFilesToo ? CheckNamedFiles(complete) : absl::OkStatus();
  for (const absl::Status& status : {values, files}) {
    if (!status.ok()) faults += Concat("\n", status.message());
  }
  if (!faults.empty()) return absl::InvalidArgumentError(Concat("configuration ", path, " is refused:", faults));
  return config;
}

// ---- the two ways to run ----

// Closes the server's store, too, for a disk may keep that waiting.
ExitCode StopInOrder(std::unique_ptr<ClosuredServer> server, Log& log, absl::Duration grace) {
  const HardExit hard_exit(grace + kStopMargin, log);
  server->Stop(grace);
  server.reset();
  return ExitCode::kOk;
}

absl::StatusOr<std::unique_ptr<ClosuredServer>> MakeProduction(const config::v1::ServerConfig& config, Clock& clock,
                                                               Log& log) {
  CLOSURE_ASSIGN_OR_RETURN(SecretKey secret_key, SecretKey::Load(config.secret_key_file()));
  CLOSURE_ASSIGN_OR_RETURN(Agreements agreements, Agreements::Load(config.agreements_path()));
  const auto warn = [&log](std::string_view what) { log.Warning("the store needs help", {{"error", what}}); };
  const auto tell_damage = [&log](std::string_view what) { log.Error("the store met damage", {{"error", what}}); };
  CLOSURE_ASSIGN_OR_RETURN(
      std::unique_ptr<SqliteClosureStore> store,
      SqliteClosureStore::Open(
          {.path = config.database_path(), .key_check = secret_key.Check(), .warn = warn, .tell_damage = tell_damage}));
  return ClosuredServer::Make({.config = config,
                               .clock = &clock,
                               .log = &log,
                               .store = std::move(store),
                               .secret_key = std::move(secret_key),
                               .agreements = std::move(agreements),
                               .upstreams = ConnectUpstreams(config.upstreams())});
}

// "billing, tickets (disabled by ann: it is being moved)".
std::string CheckersText(const config::v1::ServerConfig& config) {
  return absl::StrJoin(config.checkers(), ", ", [](std::string* text, const config::v1::CheckerConfig& checker) {
    text->append(checker.name());
    if (checker.has_disabled())
      text->append(Concat(" (disabled by ", checker.disabled().by(), ": ", checker.disabled().why(), ")"));
  });
}

std::string ParticipantsText(const config::v1::ServerConfig& config) {
  return absl::StrJoin(config.participants(), ", ",
                       [](std::string* text, const config::v1::ParticipantConfig& each) { text->append(each.name()); });
}

// Tells what was taken of a configuration that was read again, or why none was.
void TellReload(const absl::StatusOr<config::v1::ServerConfig>& taken, const config::v1::ServerConfig& running,
                Log& log) {
  if (!taken.ok()) {
    return log.Error("the configuration is refused; the server goes on with the one that it has",
                     {{"error", ToStd(taken.status().message())}});
  }
  log.Info("the checkers and participants of the configuration are taken",
           {{"checkers", CheckersText(*taken)}, {"participants", ParticipantsText(*taken)}});
  const std::vector<std::string> later = KeysForNextStart(running, *taken);
  if (!later.empty())
    log.Warning("what else the configuration changes counts from the next start",
                {{"keys", absl::StrJoin(later, ", ")}});
}

// Takes what a running server can take of the configuration as it stands in the file now; one with a fault is refused
// whole.
absl::StatusOr<config::v1::ServerConfig> Reload(ClosuredServer& server, const std::string& path) {
  CLOSURE_ASSIGN_OR_RETURN(const config::v1::ServerConfig given, ReadProductionConfig(path, Look::kFilesToo));
  config::v1::ServerConfig complete = WithDefaults(given);
  CLOSURE_RETURN_IF_ERROR(server.ReplacePlugins(complete));
  return complete;
}

ExitCode Serve(const config::v1::ServerConfig& config, const std::string& config_path) {
  BlockStopAndReloadSignals();
  SystemClock clock;
  Log log(&clock);
  const DyingWords dying_words(log);
  const LibraryLogs library_logs(log);
  absl::StatusOr<std::unique_ptr<ClosuredServer>> server = MakeProduction(config, clock, log);
  if (!server.ok()) return Fail(server.status(), log);
  if (const absl::Status started = (*server)->Start(); !started.ok()) return Fail(started, log);
  while (WaitForStopOrReload() == ProcessSignal::kReload) TellReload(Reload(**server, config_path), config, log);
  return StopInOrder(*std::move(server), log, FromProto(config.shutdown_grace()));
}

// The one line that scripts wait for, and what a person can do next.
void SayReady(DevCloud& cloud) {
  const std::string& address = cloud.server().address();
  const std::string account = cloud.account_id().empty() ? "ACCOUNT" : cloud.account_id();
  std::printf("closured dev ready on %s, data in %s\n", address.c_str(), cloud.data_dir().c_str());
  if (cloud.account_id().empty())
    std::printf("next: closurectl --server %s sandbox load CLOUD_FILE\n", address.c_str());
  std::printf("next: closurectl --server %s --as root:%s preview %s\n", address.c_str(), account.c_str(),
              account.c_str());
  std::printf("next: closurectl --server %s --as root:%s close %s\n", address.c_str(), account.c_str(),
              account.c_str());
  std::fflush(stdout);
}

// A server that cannot listen, to people who gave no configuration.
absl::Status SayListenOption(const absl::Status& status) {
  return absl::Status(status.code(),
                      Concat(status.message(), "; closured dev listens elsewhere with --listen ADDRESS, ",
                             "for example --listen 127.0.0.1:0"));
}

bool HasTerminal() {
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) close(terminal);
  return terminal >= 0;
}

// Whether whoever started the process wants it to outlive the terminal (nohup).
bool IsHangUpIgnored() {
  struct sigaction action {};
  return sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Until it is to stop. A SIGHUP is a wish to read the configuration again, where there is one, unless it came because
// the terminal went away.
void ServeDev(DevCloud& cloud, const Options& options) {
  const bool had_terminal = HasTerminal();
  const bool outlives_it = IsHangUpIgnored();
  const config::v1::ServerConfig running = cloud.config();
  while (WaitForStopOrReload() == ProcessSignal::kReload) {
    const bool is_to_end = options.config_path.empty() || (had_terminal && !HasTerminal());
    if (is_to_end && !outlives_it) return;
    if (options.config_path.empty()) continue;
    absl::StatusOr<config::v1::ServerConfig> config = ReadConfig(options.config_path);
    if (config.ok() && !options.listen_address.empty()) config->set_listen_address(options.listen_address);
    if (config.ok()) config = cloud.TakePlugins(*config);
    TellReload(config, running, cloud.log());
  }
}

ExitCode RunDev(const Options& options) {
  BlockStopAndReloadSignals();
  if (const absl::Status armed = ArmFailpoints(); !armed.ok()) return Fail(armed);
  if (const std::string& address = options.listen_address; !address.empty() && !IsLocalListenAddress(address))
    return Fail(ExitCode::kUsage, Concat("--listen ", Quoted(address), ListenAddressFault(address)));
  absl::StatusOr<config::v1::ServerConfig> config = ReadConfig(options.config_path);
  if (!config.ok()) return Fail(config.status());
  if (!options.listen_address.empty()) config->set_listen_address(options.listen_address);
  const absl::StatusOr<std::unique_ptr<DevCloud>> cloud =
      DevCloud::Open({.data_dir = options.data_dir, .config = *std::move(config), .cloud_files = options.cloud_files});
  if (!cloud.ok()) return Fail(cloud.status());
  const DyingWords dying_words((*cloud)->log());
  const LibraryLogs library_logs((*cloud)->log());
  if (const absl::Status started = (*cloud)->server().Start(); !started.ok())
    return Fail(SayListenOption(started), (*cloud)->log());
  SayReady(**cloud);
  ServeDev(**cloud, options);
  return StopInOrder((*cloud)->TakeServer(), (*cloud)->log(), (*cloud)->shutdown_grace());
}

// For whom, because what one user can use another may not.
void SayRight(const std::string& config_path) {
  const bool root = geteuid() == 0;
  std::printf("configuration %s is right, and what it names is there, for the user %s%s\n", config_path.c_str(),
              sqlite::UserName(geteuid()).c_str(),
              root ? "; if the server runs as another user, check as that one: runuser -u USER -- closured …" : "");
}

ExitCode BackUp(const std::string& database, const std::string& copy) {
  const std::string path = std::filesystem::absolute(copy).string();
  const absl::Status made = BackUpDatabase(database, path, SystemClock().Now());
  if (!made.ok()) return Fail(made);
  std::printf("%s holds what %s held, and was read through; a server that it is restored to begins paused\n",
              path.c_str(), database.c_str());
  return ExitCode::kOk;
}

ExitCode Run(const Options& options) {
  switch (options.command) {
    case Options::Command::kHelp:
      std::fputs(std::string(UsageText()).c_str(), stdout);
      return ExitCode::kOk;
    case Options::Command::kVersion:
      std::printf("closured %s, protocol closure.v1\n", std::string(ServerVersion()).c_str());
      return ExitCode::kOk;
    case Options::Command::kDev:
      return RunDev(options);
    default:
      break;
  }
  const bool is_about_serving =
      options.command == Options::Command::kServe || options.command == Options::Command::kCheckConfig;
  if (is_about_serving && AreFailpointsAsked()) {
    return Fail(ExitCode::kConfig,
                Concat(kFailpointVariable, " or ", kFailpointTraceVariable,
                       " is set: failpoints end the process for tests, with closured dev only; unset it"));
  }
  // A backup is made of what can be read, even where something else is missing by now.
  const bool values_only =
      options.command == Options::Command::kPrintConfig || options.command == Options::Command::kBackUp;
  const Look look = values_only ? Look::kValues : Look::kFilesToo;
  const absl::StatusOr<config::v1::ServerConfig> config = ReadProductionConfig(options.config_path, look);
  if (!config.ok()) return Fail(ExitCode::kConfig, config.status().message());
  if (options.command == Options::Command::kServe) return Serve(WithDefaults(*config), options.config_path);
  if (options.command == Options::Command::kBackUp)
    return BackUp(WithDefaults(*config).database_path(), options.backup_path);
  if (options.command == Options::Command::kPrintConfig) std::fputs(FormatConfig(*config).c_str(), stdout);
  if (options.command == Options::Command::kCheckConfig) SayRight(options.config_path);
  return ExitCode::kOk;
}

ExitCode Main(const std::vector<std::string>& arguments, std::vector<std::shared_ptr<Checker>> checkers) {
  // Files and sockets are this user's alone.
  umask(077);
  // A reader of our output that went away is no reason to end.
  signal(SIGPIPE, SIG_IGN);
#ifdef NDEBUG
  // Debian's Abseil looks for deadlocks at every lock, gRPC's too; the builds that tests run leave that on.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  // Before anything uses SQLite.
  sqlite::UseCountedHeap();
  EndWhenMemoryRunsOut();
  HushLibraries();
  if (const absl::Status added = AddCompiledCheckers(std::move(checkers)); !added.ok()) return Fail(added);
  const char* const environment = std::getenv("CLOSURE_CONFIG");
  const absl::StatusOr<Options> options =
      ParseOptions(arguments, environment == nullptr ? std::nullopt : std::optional<std::string>(environment));
  if (!options.ok()) return Fail(ExitCode::kUsage, options.status().message());
  return Run(*options);
}

}  // namespace

int ClosuredMain(int argc, char** argv, std::vector<std::shared_ptr<Checker>> checkers) {
  return static_cast<int>(Main(std::vector<std::string>(argv + 1, argv + argc), std::move(checkers)));
}

}  // namespace closure
