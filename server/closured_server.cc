// SPDX-License-Identifier: Apache-2.0
#include "server/closured_server.h"

#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "checkers/catalog.h"
#include "checkers/proto_time.h"
#include "checkers/upstream_call.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/impl/server_builder_plugin.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "server/listener/transport.h"
#include "server/redaction.h"
#include "server/remote_plugins.h"
#include "server/resource_names.h"
#include "server/strings.h"
#include "server/version.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

// What a participant that is there takes to say who it is, at most.
constexpr absl::Duration kIntroductionTimeout = absl::Seconds(10);
// How long the rest of upstream calls that have ended is waited for.
constexpr absl::Duration kCallsMoment = absl::Seconds(1);

const config::v1::CheckerConfig* FindConfig(const config::v1::ServerConfig& config, const std::string& name) {
  for (const config::v1::CheckerConfig& checker : config.checkers()) {
    if (checker.name() == name) return &checker;
  }
  return nullptr;
}

CheckerSlot MakeSlot(std::shared_ptr<Checker> checker, const config::v1::CheckerConfig* config) {
  CheckerSlot slot{.checker = std::move(checker)};
  if (config == nullptr) return slot;
  slot.required = !config->advisory();
  slot.deadline = FromProto(config->deadline());
  slot.max_items = config->max_items();
  if (config->has_disabled()) {
    slot.skip_detail = Concat("disabled by ", config->disabled().by(), ": ", config->disabled().why());
  }
  return slot;
}

// The checkers of the configuration that are outside the process, and the built-in ones of which none has the name.
std::vector<std::shared_ptr<Checker>> MakeCheckers(const ClosuredServer::Parts& parts,
                                                   const config::v1::ServerConfig& config,
                                                   const std::shared_ptr<PluginNews>& news) {
  std::vector<std::shared_ptr<Checker>> checkers;
  for (std::shared_ptr<Checker>& builtin :
       MakeBuiltinCheckers(parts.upstreams, CheckerSettings{.console_base_uri = config.console_base_uri(),
                                            .forfeit_limit_units = config.policy().forfeit_limit_units(),
                                            .void_limit_units = config.policy().void_limit_units()})) {
    const config::v1::CheckerConfig* const named = FindConfig(config, builtin->description().name());
    if (named == nullptr || !named->has_remote()) checkers.push_back(std::move(builtin));
  }
  for (const config::v1::CheckerConfig& checker : config.checkers()) {
    if (checker.has_remote()) checkers.push_back(ConnectChecker(checker, news));
  }
  checkers.insert(checkers.end(), parts.extra_checkers.begin(), parts.extra_checkers.end());
  return checkers;
}

absl::StatusOr<std::vector<CheckerSlot>> MakeCheckerSlots(const ClosuredServer::Parts& parts,
                                                          const config::v1::ServerConfig& config,
                                                          const std::shared_ptr<PluginNews>& news) {
  std::set<std::string> names;
  std::vector<CheckerSlot> slots;
  for (std::shared_ptr<Checker>& checker : MakeCheckers(parts, config, news)) {
    const std::string& name = checker->description().name();
    if (!names.insert(name).second)
      return absl::InvalidArgumentError(Concat("checker(", name, "): the name comes twice"));
    slots.push_back(MakeSlot(std::move(checker), FindConfig(config, name)));
  }
  return slots;
}

absl::StatusOr<std::vector<ParticipantSlot>> MakeParticipantSlots(const ClosuredServer::Parts& parts,
                                                                  const config::v1::ServerConfig& config) {
  std::vector<ParticipantSlot> slots;
  for (std::shared_ptr<Participant>& participant : MakeBuiltinParticipants(parts.upstreams))
    slots.push_back({std::move(participant)});
  for (const config::v1::ParticipantConfig& each : config.participants())
    slots.push_back({.participant = ConnectParticipant(each), .deadline = FromProto(each.deadline())});
  slots.insert(slots.end(), parts.extra_participants.begin(), parts.extra_participants.end());
  std::set<std::string> names;
  for (const ParticipantSlot& slot : slots) {
    const std::string& name = slot.participant->description().name();
    if (!names.insert(name).second)
      return absl::InvalidArgumentError(Concat("participant(", name, "): the name comes twice"));
  }
  return slots;
}

absl::StatusOr<PluginSet> MakePlugins(const ClosuredServer::Parts& parts, const config::v1::ServerConfig& config,
                                      const std::shared_ptr<PluginNews>& news) {
  CLOSURE_ASSIGN_OR_RETURN(std::vector<CheckerSlot> checkers, MakeCheckerSlots(parts, config, news));
  CLOSURE_ASSIGN_OR_RETURN(std::vector<ParticipantSlot> participants, MakeParticipantSlots(parts, config));
  return PluginSet(FanOut(std::move(checkers)), std::move(participants));
}

ClosureEngine::Parts MakeEngineParts(const ClosuredServer::Parts& parts, std::shared_ptr<const Plugins> plugins) {
  return ClosureEngine::Parts{.store = parts.store.get(),
                              .clock = parts.clock,
                              .secret_key = &parts.secret_key,
                              .agreements = &parts.agreements,
                              .upstreams = parts.upstreams,
                              .policy = parts.config.policy(),
                              .plugins = std::move(plugins),
                              .breaker = parts.config.breaker()};
}

std::string ClosureOf(const internal::v1::TaskData& task) {
  return FormatClosureName({.account_id = task.account_id(), .closure_id = task.closure_id()});
}

// What somebody said about a task, without the addresses of its owner. Where those cannot be read nothing of it is
// told.
std::string ForLog(ClosureStore& store, const internal::v1::TaskData& task, std::string_view said) {
  const absl::StatusOr<internal::v1::ClosureData> data = store.LoadClosure({task.account_id(), task.closure_id()});
  if (data.ok()) return WithoutAddresses(*data, said);
  return Concat("not told, because the closure cannot be read: ", data.status().message());
}

TaskRunner::Parts MakeRunnerParts(const ClosuredServer::Parts& parts, ClosureEngine& engine,
                                  std::shared_ptr<const Plugins> plugins) {
  TaskRunner::Parts runner{.store = parts.store.get(), .clock = parts.clock, .engine = &engine};
  runner.tasks_max = parts.config.limits().tasks_max();
  runner.scans_max = parts.config.limits().scans_max();
  runner.handlers = TaskHandlers::Parts{.store = parts.store.get(),
                                        .clock = parts.clock,
                                        .secret_key = &parts.secret_key,
                                        .engine = &engine,
                                        .upstreams = parts.upstreams,
                                        .plugins = std::move(plugins),
                                        .cancel = std::make_shared<CancelSignal>()};
  ClosureStore* const store = parts.store.get();
  runner.handlers.on_failure = [log = parts.log, store](const internal::v1::TaskData& task, std::string_view why) {
    log->Warning("a task failed and will be tried again", {{"task", FormatTaskName(task.id())},
                                                           {"kind", v1::Task::Kind_Name(task.kind())},
                                                           {"closure", ClosureOf(task)},
                                                           {"error", ForLog(*store, task, why)}});
  };
  runner.handlers.on_silence = [log = parts.log, store](const internal::v1::TaskData& task,
                                                        const v1::CheckerResult& result) {
    log->Warning("a checker did not answer", {{"checker", result.checker()},
                                              {"closure", ClosureOf(task)},
                                              {"required", result.required()},
                                              {"error", ForLog(*store, task, result.detail())}});
  };
  return runner;
}

// Leaves reflection out of one server: as soon as it is linked, gRPC puts it into every server of the process.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [](const auto& plugin) { return plugin->name() == "proto_server_reflection"; });
  }
};

// Once per process, before the first server is built.
void EnablePlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

// Connections that are dropped at once may be reset, and what was sent last is lost with them: the reason that a call
// was ended with. Clients close theirs when they are told to, most of them at once.
gpr_timespec CloseLimit() {
  constexpr int kCloseMillis = 500;
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kCloseMillis, GPR_TIMESPAN));
}

}  // namespace

struct ClosuredServer::Waker {
  absl::Mutex mutex;
  TaskRunner* runner ABSL_GUARDED_BY(mutex) = nullptr;

  void Wake() {
    absl::MutexLock lock(&mutex);
    if (runner != nullptr) runner->Wake();
  }
  void SetRunner(TaskRunner* new_runner) {
    absl::MutexLock lock(&mutex);
    runner = new_runner;
  }
};

absl::StatusOr<std::unique_ptr<ClosuredServer>> ClosuredServer::Make(Parts parts) {
  CLOSURE_RETURN_IF_ERROR(CheckClock(*parts.clock));
  CLOSURE_ASSIGN_OR_RETURN(BusinessCalendar calendar, BusinessCalendar::Make(parts.config.business_calendar()));
  auto news = std::make_shared<PluginNews>(parts.log);
  CLOSURE_ASSIGN_OR_RETURN(PluginSet plugins, MakePlugins(parts, parts.config, news));
  return std::unique_ptr<ClosuredServer>(
      new ClosuredServer(std::move(parts), std::move(calendar), std::move(plugins), std::move(news)));
}

namespace {

absl::StatusOr<std::string> OpenClosureName(ClosureStore& store, std::string_view account_id) {
  const auto open = store.FindOpenClosure(account_id);
  if (!open.ok()) return open.status();
  return open->has_value() ? (*open)->closure().name() : "";
}

}  // namespace

ClosuredServer::ClosuredServer(Parts parts, BusinessCalendar calendar, PluginSet plugins,
                               std::shared_ptr<PluginNews> news)
    : parts_(std::move(parts)),
      plugin_news_(std::move(news)),
      plugins_(std::make_shared<Plugins>(std::move(plugins))),
      halts_(parts_.store.get(), parts_.log),
      engine_(MakeEngineParts(parts_, plugins_)),
      runner_(MakeRunnerParts(parts_, engine_, plugins_)),
      cache_(parts_.store.get()),
      watches_(parts_.config.limits().watches_max()),
      previews_(
          PreviewParts{.plugins = plugins_,
                       .upstreams = parts_.upstreams,
                       .calendar = std::move(calendar),
                       .silent_period = FromProto(parts_.config.policy().silent_period()),
                       .forfeit_limit_units = parts_.config.policy().forfeit_limit_units(),
                       .void_limit_units = parts_.config.policy().void_limit_units(),
                       .contact_change_window = FromProto(parts_.config.policy().contact_change_window()),
                       .was_closed =
                           [this](std::string_view account_id) {
                             return parts_.store->HasTombstone(parts_.secret_key.Tombstone(account_id));
                           },
                       .open_closure =
                           [this](std::string_view account_id) { return OpenClosureName(*parts_.store, account_id); }},
          parts_.clock, parts_.config.limits().scans_max(), &stopping_, parts_.log),
      closure_service_({.store = parts_.store.get(),
                        .cache = &cache_,
                        .engine = &engine_,
                        .clock = parts_.clock,
                        .agreements = &parts_.agreements,
                        .previews = &previews_,
                        .watches = &watches_,
                        .log = parts_.log,
                        .stopping = &stopping_}),
      gate_service_(parts_.store.get(), &cache_, parts_.clock, &watches_, parts_.log, &stopping_),
      operator_service_({.store = parts_.store.get(),
                         .engine = &engine_,
                         .clock = parts_.clock,
                         .stuck_threshold = FromProto(parts_.config.policy().stuck_threshold()),
                         .log = parts_.log,
                         .stopping = &stopping_}),
      waker_(std::make_shared<Waker>()) {
  Observe();
}

ClosuredServer::~ClosuredServer() {
  Stop(absl::ZeroDuration());
  // The ends of its upstream calls were told; what they hold is a moment behind. Another server of this process may
  // have calls of its own.
  CallsToUpstreams().WaitForNone(kCallsMoment);
  plugin_news_->Leave();
}

void ClosuredServer::Observe() {
  waker_->SetRunner(&runner_);
  parts_.store->SetObserver([this](const StoreChange& change) {
    cache_.OnChange(change);  // before anybody looks again
    watches_.OnChange(change);
    if (change.tasks_added) runner_.Wake();
    if (change.system_written) halts_.TellNew();
  });
  parts_.clock->OnMoved([weak = std::weak_ptr<Waker>(waker_)] {
    if (const std::shared_ptr<Waker> waker = weak.lock()) waker->Wake();
  });
}

absl::Status ClosuredServer::Start() {
  EnablePlugins();
  const config::v1::ServerLimits& limits = parts_.config.limits();
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<ListeningSocket> socket,
                           ListeningSocket::Open(parts_.config.listen_address()));
  grpc::ServerBuilder builder;
  SetTransportLimits(builder, limits);
  std::function<void(int)> serve = TakeConnections(builder, parts_.config);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(CountCalls(calls_));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  if (parts_.config.reflection_disabled()) builder.SetOption(std::make_unique<WithoutReflection>());
  builder.RegisterService(&closure_service_);
  builder.RegisterService(&gate_service_);
  builder.RegisterService(&operator_service_);
  for (grpc::Service* service : parts_.extra_services) builder.RegisterService(service);
  halts_.TellInForce();
  server_ = builder.BuildAndStart();
  if (server_ == nullptr)
    return absl::InternalError("gRPC makes no server; a warning of it in the log before this may say why");
  address_ = socket->address();
  port_ = socket->port();
  acceptor_ = std::make_unique<ConnectionAcceptor>(
      std::move(socket), ConnectionAcceptor::Options{.limits = {.total = limits.connections_max(),
                                                                .per_peer = limits.connections_per_peer_max()},
                                                     .serve = std::move(serve),
                                                     .log = parts_.log});
  runner_.Start();
  IntroduceParticipants();
  SetServing();
  acceptor_->Start();
  // Last, because whoever waits for this line may ask at once.
  parts_.log->Info("serving", {{"address", address_}, {"version", ServerVersion()}});
  return absl::OkStatus();
}

void ClosuredServer::SetServing() {
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  for (const char* service : {v1::ClosureService::service_full_name(), v1::AccountGateService::service_full_name(),
                              v1::OperatorService::service_full_name()}) {
    health->SetServingStatus(service, true);
  }
  health->SetServingStatus("", true);
}

void ClosuredServer::Stop(absl::Duration grace) {
  if (stopping_.HasBeenNotified()) return;
  stopping_.Notify();
  if (server_ != nullptr && server_->GetHealthCheckService() != nullptr) server_->GetHealthCheckService()->Shutdown();
  watches_.Stop();
  previews_.Stop();
  introductions_->Cancel();
  engine_.CancelCalls();
  calls_->WaitForNone(grace);
  if (acceptor_ != nullptr) acceptor_->Stop();
  if (server_ != nullptr) server_->Shutdown(CloseLimit());
  waker_->SetRunner(nullptr);
  runner_.Stop();
  parts_.store->Drain();
  if (!address_.empty()) parts_.log->Info("stopped", {{"address", address_}, {"version", ServerVersion()}});
}

absl::Status ClosuredServer::ReplacePlugins(const config::v1::ServerConfig& config) {
  // What the built-in checkers are told besides is that of the start.
  config::v1::ServerConfig merged = parts_.config;
  *merged.mutable_checkers() = config.checkers();
  *merged.mutable_participants() = config.participants();
  CLOSURE_ASSIGN_OR_RETURN(PluginSet next, MakePlugins(parts_, merged, plugin_news_));
  plugins_->Replace(std::move(next));
  IntroduceParticipants();
  return absl::OkStatus();
}

void ClosuredServer::IntroduceParticipants() {
  for (const ParticipantSlot& slot : plugins_->Now()->participants()) {
    slot.participant->Introduce({.timeout = kIntroductionTimeout, .cancel = introductions_},
                                [name = slot.participant->description().name(), news = plugin_news_](
                                    const absl::Status& fits) { news->TellIntroduction(name, fits); });
  }
}

std::shared_ptr<grpc::Channel> ClosuredServer::InProcessChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

}  // namespace closure
