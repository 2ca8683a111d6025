// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURED_SERVER_H_
#define CLOSURE_SERVER_CLOSURED_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "checkers/upstreams.h"
#include "closure/config/v1/server_config.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/server.h"
#include "server/account_gate_service.h"
#include "server/agreements.h"
#include "server/call_counting.h"
#include "server/closure_engine.h"
#include "server/closure_service.h"
#include "server/halt_log.h"
#include "server/listener/connection_acceptor.h"
#include "server/log.h"
#include "server/operator_service.h"
#include "server/plugin_news.h"
#include "server/plugins.h"
#include "server/preview.h"
#include "server/read_cache.h"
#include "server/secret_key.h"
#include "server/task_runner.h"
#include "server/watch_hub.h"
#include "storage/closure_store.h"

namespace closure {

// The whole server: it wires store, checkers, participants, engine, task runner and services together and serves them
// over gRPC, with health and, unless the configuration disables it, reflection.
//
//   ClosuredServer server({.config = WithDefaults(config), .clock = &clock, .log = &log, …});
//   absl::Status started = server.Start();
//   …
//   server.Stop(absl::Seconds(5));
//
// Start and Stop are called from one thread. Everything that Parts points to outlives the server.
class ClosuredServer {
 public:
  struct Parts {
    // Complete and valid (config.h).
    config::v1::ServerConfig config;
    Clock* clock = nullptr;
    Log* log = nullptr;
    std::unique_ptr<ClosureStore> store;
    SecretKey secret_key;
    Agreements agreements;
    Upstreams upstreams;
    // Besides the built-in and configured ones.
    std::vector<std::shared_ptr<Checker>> extra_checkers;
    std::vector<ParticipantSlot> extra_participants;
    // Served on the same listener, by somebody who owns them.
    std::vector<grpc::Service*> extra_services;
  };

  // Errors: INVALID_ARGUMENT when two checkers or two participants have one name, or the calendar is refused;
  // FAILED_PRECONDITION when the clock cannot be trusted (CheckClock).
  static absl::StatusOr<std::unique_ptr<ClosuredServer>> Make(Parts parts);
  // Stops it without grace.
  ~ClosuredServer();

  // Listens, and takes up the work that an earlier run left.
  // Errors: UNAVAILABLE when the address cannot be listened on, with the reason and what to do.
  absl::Status Start();

  // In this order, so that nobody is left waiting: health says NOT_SERVING and every new call of the three services is
  // refused with SHUTTING_DOWN; watches and previews end; calls under way have `grace` to end and are cancelled then,
  // and with the last of them the server listens no more, and clients have half a second to close their connections;
  // the task runner cancels what it does, which the next run takes up again; the store commits what was queued. Later
  // calls do nothing.
  //
  // A call that waits for another system may take as long as that call's own limit; a process that must not wait ends
  // by itself.
  void Stop(absl::Duration grace);

  // Takes the checkers and participants of another configuration, which is complete and valid, in place of those that
  // there are; what is under way goes on with those that it began with. Nothing else of it counts before the next
  // start. Any thread. Errors: INVALID_ARGUMENT when two checkers or two participants have one name; then all stay as
  // they are.
  absl::Status ReplacePlugins(const config::v1::ServerConfig& config);

  // Where it listens, with the port that was taken; empty before Start.
  const std::string& address() const { return address_; }
  int port() const { return port_; }
  // Reaches the server without a network; its peer counts as local. After Start.
  std::shared_ptr<grpc::Channel> InProcessChannel();

 private:
  // Lets a clock wake the runner for as long as there is one.
  struct Waker;

  ClosuredServer(Parts parts, BusinessCalendar calendar, PluginSet plugins, std::shared_ptr<PluginNews> news);
  void Observe();
  void SetServing();
  // Asks those outside the process who they are, so that the log tells what is wrong before a closure waits for them.
  void IntroduceParticipants();

  const Parts parts_;
  absl::Notification stopping_;
  const std::shared_ptr<PluginNews> plugin_news_;
  const std::shared_ptr<CancelSignal> introductions_ = std::make_shared<CancelSignal>();
  const std::shared_ptr<Plugins> plugins_;
  HaltLog halts_;
  ClosureEngine engine_;
  TaskRunner runner_;
  ReadCache cache_;
  WatchHub watches_;
  PreviewDesk previews_;
  ClosureService closure_service_;
  AccountGateService gate_service_;
  OperatorService operator_service_;
  const std::shared_ptr<Waker> waker_;
  const std::shared_ptr<CallsUnderWay> calls_ = std::make_shared<CallsUnderWay>();
  std::unique_ptr<grpc::Server> server_;
  // Gives the server its connections.
  std::unique_ptr<ConnectionAcceptor> acceptor_;
  std::string address_;
  int port_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURED_SERVER_H_
