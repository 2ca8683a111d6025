// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_DEV_CLOUD_H_
#define CLOSURE_SERVER_DEV_CLOUD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "closure/config/v1/server_config.pb.h"
#include "sandbox/sandbox.h"
#include "server/clock.h"
#include "server/closured_server.h"
#include "server/log.h"
#include "server/secret_key.h"
#include "storage/sqlite/sqlite_closure_store.h"

namespace closure {

// Everything of `closured dev` in one process: the sandbox cloud, a clock that can be moved forward, a secret key made
// on the spot, the agreements that are part of the program, and the server over them. Its database is marked, so that
// production refuses it and the other way round.
class DevCloud {
 public:
  struct Options {
    // Where data is kept; made when it is missing. Empty for a temporary folder that is removed with the object.
    std::string data_dir;
    // Policy, checkers, calendar and limits; what production needs besides is brought along and must be empty.
    config::v1::ServerConfig config;
    // Cloud files (JSON) to load at the start.
    std::vector<std::string> cloud_files;
  };

  // Opens the data and loads the cloud files; does not listen yet.
  // Errors: INVALID_ARGUMENT for the configuration or a cloud file; FAILED_PRECONDITION for a folder that cannot be
  // used; UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<DevCloud>> Open(Options options);
  // Stops without grace.
  ~DevCloud();

  ClosuredServer& server() { return *server_; }
  // The server, to be stopped and closed before the rest; there is none here afterwards.
  std::unique_ptr<ClosuredServer> TakeServer() { return std::move(server_); }
  Log& log() { return log_; }
  // What it was opened with, and what was left out.
  const config::v1::ServerConfig& config() const { return config_; }
  const std::string& data_dir() const { return data_dir_; }
  // An account that there is to try: the first that the cloud files name, else one that the data folder has; empty when
  // there is none.
  const std::string& account_id() const { return account_id_; }
  absl::Duration shutdown_grace() const;

  // Takes the checkers and participants of another configuration (ClosuredServer::ReplacePlugins).
  // Gives it with what was left out. Errors: INVALID_ARGUMENT for a configuration that Open would refuse; then all stay
  // as they are.
  absl::StatusOr<config::v1::ServerConfig> TakePlugins(const config::v1::ServerConfig& config);

  // Moves the clock forward, for good: the next run starts from there.
  // Errors: INVALID_ARGUMENT for a duration that is not above zero; UNAVAILABLE when it cannot be kept, then it is not
  // moved.
  absl::StatusOr<absl::Time> Advance(absl::Duration by);

 private:
  DevCloud(std::string data_dir, bool temporary, absl::Duration offset);
  absl::Status Assemble(Options options, std::unique_ptr<SqliteClosureStore> store, SecretKey secret_key);
  absl::Status LoadCloudFiles(const std::vector<std::string>& paths);

  const std::string data_dir_;
  const bool temporary_;
  DevClock clock_;
  Log log_;
  absl::Mutex advance_mutex_;
  absl::Duration offset_ ABSL_GUARDED_BY(advance_mutex_);
  // Owned by the server.
  SqliteClosureStore* store_ = nullptr;
  std::string account_id_;
  config::v1::ServerConfig config_;
  // In this order: the sandbox outlives the server that hosts its control service.
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<ClosuredServer> server_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_DEV_CLOUD_H_
