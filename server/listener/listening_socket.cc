// SPDX-License-Identifier: Apache-2.0
#include "server/listener/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "server/strings.h"

namespace closure {
namespace {

// Connections that wait to be accepted; the system takes fewer where it is set to.
constexpr int kBacklog = 512;
constexpr std::string_view kUnixPrefix = "unix:";

absl::Status CannotListen(std::string_view address, std::string_view why) {
  return absl::UnavailableError(Concat("listen_address ", address, ": cannot be listened on: ", why));
}

// ---- TCP ----

struct TcpAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

std::optional<TcpAddress> ReadTcpAddress(std::string host, uint16_t port) {
  TcpAddress address;
  if (host.starts_with("[") && host.ends_with("]")) {
    auto& six = reinterpret_cast<sockaddr_in6&>(address.bytes);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    address.size = sizeof(six);
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six.sin6_addr) != 1) return std::nullopt;
    return address;
  }
  if (host == "localhost") host = "127.0.0.1";
  auto& four = reinterpret_cast<sockaddr_in&>(address.bytes);
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  address.size = sizeof(four);
  if (inet_pton(AF_INET, host.c_str(), &four.sin_addr) != 1) return std::nullopt;
  return address;
}

int PortOf(int file) {
  sockaddr_storage taken{};
  socklen_t size = sizeof(taken);
  if (getsockname(file, reinterpret_cast<sockaddr*>(&taken), &size) != 0) return 0;
  return ntohs(taken.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(taken).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(taken).sin_port);
}

std::string TcpAdvice(int error, std::string_view port) {
  const std::string reason = std::strerror(error);
  switch (error) {
    case EADDRINUSE:
      return Concat(reason, "; see who listens there with: ss -ltnp 'sport = :", port,
                    "', and stop it or choose another port (0 takes a free one)");
    case EACCES:
      return Concat(reason, "; ports below 1024 are for root: choose a higher one");
    default:
      return Concat(reason, "; choose another address");
  }
}

// ---- unix sockets ----

// A socket for the path; not to be called with one that is too long.
sockaddr_un UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether somebody answers; one that a dead server left behind is nobody's.
bool IsListenedOn(const sockaddr_un& address) {
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return false;
  const bool answered = connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(file);
  return answered;
}

std::string UnixAdvice(int error, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0)
    return Concat("folder ", folder, ": ", std::strerror(errno),
                  "; make it for the server's user, or choose another path");
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return Concat("folder ", folder, ": ", std::strerror(errno), "; let the server's user write there");
  return Concat(std::strerror(error), "; choose another path");
}

// Makes room where a server left its file behind; why there is none, else.
std::string MakeRoom(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return "";
  if (!S_ISSOCK(info.st_mode)) return "something is there that is no socket; remove it, or choose another path";
  if (IsListenedOn(UnixAddress(path)))
    return "another server listens on this socket; see which with: ss -lxp, and stop it or choose another path";
  unlink(path.c_str());
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<ListeningSocket>> ListeningSocket::Open(const std::string& address) {
  std::string_view rest = address;
  return TakePrefix(rest, kUnixPrefix) ? OpenUnix(std::string(rest)) : OpenTcp(address);
}

absl::StatusOr<std::unique_ptr<ListeningSocket>> ListeningSocket::OpenUnix(const std::string& path) {
  const std::string address = Concat(kUnixPrefix, path);
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return CannotListen(address, "the path has no length that a socket can have; choose another path");
  if (const std::string taken = MakeRoom(path); !taken.empty()) return CannotListen(address, taken);
  const sockaddr_un bytes = UnixAddress(path);
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file >= 0 && bind(file, reinterpret_cast<const sockaddr*>(&bytes), sizeof(bytes)) == 0 &&
      listen(file, kBacklog) == 0) {
    return std::unique_ptr<ListeningSocket>(new ListeningSocket(file, address));
  }
  const int error = errno;
  if (file >= 0) close(file);
  return CannotListen(address, UnixAdvice(error, path));
}

absl::StatusOr<std::unique_ptr<ListeningSocket>> ListeningSocket::OpenTcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  const std::optional<int64_t> port =
      colon == std::string::npos ? std::nullopt : ParseNumber(address.substr(colon + 1));
  const auto bytes = port ? ReadTcpAddress(host, static_cast<uint16_t>(*port)) : std::nullopt;
  if (!bytes) return CannotListen(address, "it is no address with a port; choose another address");
  const int file = socket(bytes->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  const int off = 0;
  // What connections of a server before this one left behind is no reason not to start.
  if (file >= 0) setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (file >= 0 && bytes->bytes.ss_family == AF_INET6) setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  if (file >= 0 && bind(file, reinterpret_cast<const sockaddr*>(&bytes->bytes), bytes->size) == 0 &&
      listen(file, kBacklog) == 0) {
    const int taken = PortOf(file);
    return std::unique_ptr<ListeningSocket>(new ListeningSocket(file, Concat(host, ":", taken), taken));
  }
  const int error = errno;
  if (file >= 0) close(file);
  return CannotListen(address, TcpAdvice(error, Concat(*port)));
}

ListeningSocket::ListeningSocket(int file, std::string address) : file_(file), address_(std::move(address)) {
  struct stat info {};
  if (lstat(address_.c_str() + kUnixPrefix.size(), &info) != 0) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

ListeningSocket::~ListeningSocket() {
  close(file_);
  if (inode_ == 0) return;
  const char* const path = address_.c_str() + kUnixPrefix.size();
  struct stat info {};
  if (lstat(path, &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) unlink(path);
}

}  // namespace closure
