// SPDX-License-Identifier: Apache-2.0
#include "server/listen_fault.h"

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

#include "server/strings.h"

namespace closure {
namespace {

constexpr std::string_view kUnknown = "the system gives no reason; a library's warning in the log before this may";

// The error of binding a socket there; 0 when it can be bound.
int BindError(int family, const sockaddr* address, socklen_t size) {
  const int file = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return errno;
  const int on = 1;
  setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));  // as gRPC does
  const int error = bind(file, address, size) == 0 && listen(file, 1) == 0 ? 0 : errno;
  close(file);
  return error;
}

int TcpError(std::string host, uint16_t port) {
  if (host == "[::1]") {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    return BindError(AF_INET6, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (host == "localhost") host = "127.0.0.1";
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return EADDRNOTAVAIL;
  return BindError(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }

// Empty when it can be listened on.
std::string WhyNotTcp(const std::string& address) {
  const std::string port = PortOf(address);
  const int error =
      TcpError(address.substr(0, address.rfind(':')), static_cast<uint16_t>(ParseNumber(port).value_or(0)));
  if (error == 0) return "";
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

// Whether somebody answers on a unix socket; one that a dead server left behind is nobody's.
bool IsListenedOn(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return false;
  const bool answered = connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(file);
  return answered;
}

std::string WhyNotUnix(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0)
    return Concat("folder ", folder, ": ", std::strerror(errno),
                  "; make it for the server's user, or choose another path");
  if (lstat(path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode))
    return "something is there that is no socket; remove it, or choose another path";
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return Concat("folder ", folder, ": ", std::strerror(errno), "; let the server's user write there");
  return std::string(kUnknown);
}

}  // namespace

std::string WhyNotListening(const std::string& address) {
  std::string_view rest = address;
  if (TakePrefix(rest, "unix:")) return WhyNotUnix(std::string(rest));
  const std::string why = WhyNotTcp(address);
  return why.empty() ? std::string(kUnknown) : why;
}

std::string ListenFault(const std::string& address) {
  std::string_view rest = address;
  if (TakePrefix(rest, "unix:")) {
    if (!IsListenedOn(std::string(rest))) return "";
    return Concat("another server listens on this socket; see which with: ss -lxp, and stop it or choose another path");
  }
  return PortOf(address) == "0" ? "" : WhyNotTcp(address);
}

}  // namespace closure
