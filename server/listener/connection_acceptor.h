// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LISTENER_CONNECTION_ACCEPTOR_H_
#define CLOSURE_SERVER_LISTENER_CONNECTION_ACCEPTOR_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/listener/connection_counts.h"
#include "server/listener/listening_socket.h"
#include "server/log.h"

namespace closure {

// Accepts connections on a thread of its own, and hands those that the limits admit to whoever serves them. gRPC's own
// listener is gone for good once the process has no file left for a connection (CVE-2023-4785); this one refuses what
// is too much, tells the log, and goes on.
//
//   ConnectionAcceptor acceptor(std::move(socket), {.limits = …, .serve = …, .log = &log});
//   acceptor.Start();
//
// Nobody tells it when a connection ends. It knows each by its file and the system's number of the socket, and looks
// which of them are gone before it refuses anybody.
class ConnectionAcceptor {
 public:
  struct Options {
    ConnectionLimits limits;
    // Takes over the socket of a connection, and closes it some time; does not block. Called on the acceptor's thread.
    std::function<void(int file)> serve;
    Log* log = nullptr;
  };
  // What it has seen.
  struct Counts {
    int open = 0;
    int64_t refused = 0;
  };

  ConnectionAcceptor(std::unique_ptr<ListeningSocket> socket, Options options);
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;
  ~ConnectionAcceptor();

  // Once.
  void Start();
  // Accepts no more, and listens no more; connections stay as they are. Can be called again.
  void Stop();

  // As of now.
  Counts counts();

 private:
  // A socket that was handed over.
  struct Connection {
    ino_t number = 0;
    std::string peer;
  };

  void Run();
  // Waits for a connection; whether one may be there. False once it is stopped.
  bool Wait();
  // Whether there may be another one.
  bool AcceptOne();
  void Take(int file, const std::string& peer);
  ConnectionCounts::Entry Enter(int file, const std::string& peer);
  void ForgetClosed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellRefusal(const ConnectionCounts::Entry& entry, const std::string& peer);
  // Tells that no file is left for a connection, the first time of a row; and when the row is over.
  void TellLack();
  void ForgetLack();
  // Takes a connection that no file is left for, and closes it; whether it could.
  bool DropOne();

  std::unique_ptr<ListeningSocket> socket_;
  const Options options_;
  const int wake_;
  // Given up for a moment where no other file is left.
  int reserve_;
  bool is_out_of_files_ = false;
  // How many connections there were when a lack of files was told.
  std::optional<int> lack_told_at_;
  absl::Mutex mutex_;
  ConnectionCounts counts_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<int, Connection> open_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_LISTENER_CONNECTION_ACCEPTOR_H_
