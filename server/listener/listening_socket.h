// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LISTENER_LISTENING_SOCKET_H_
#define CLOSURE_SERVER_LISTENER_LISTENING_SOCKET_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace closure {

// A socket that is listened on, with the file of a unix socket. Calls may come from any thread but must not overlap.
class ListeningSocket {
 public:
  // Listens at "HOST:PORT", with an IPv4 address, an IPv6 one in brackets or "localhost", which is 127.0.0.1, and where
  // port 0 takes a free one; or at "unix:/PATH", whose file only its user can use (umask), and which takes the place of
  // a file that a server left behind. "[::]:PORT" takes IPv4 too. An address is never shared with another server.
  // Errors: UNAVAILABLE with the reason and what to do.
  static absl::StatusOr<std::unique_ptr<ListeningSocket>> Open(const std::string& address);
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  // Listens no more, and removes the file of a unix socket, if it is still the same.
  ~ListeningSocket();

  int file() const { return file_; }
  // As it was given, with the port that was taken.
  const std::string& address() const { return address_; }
  // 0 for a unix socket.
  int port() const { return port_; }

 private:
  ListeningSocket(int file, std::string address, int port) : file_(file), address_(std::move(address)), port_(port) {}
  ListeningSocket(int file, std::string address);
  static absl::StatusOr<std::unique_ptr<ListeningSocket>> OpenUnix(const std::string& path);
  static absl::StatusOr<std::unique_ptr<ListeningSocket>> OpenTcp(const std::string& address);

  const int file_;
  const std::string address_;
  const int port_ = 0;
  // The file of a unix socket.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_LISTENER_LISTENING_SOCKET_H_
