// SPDX-License-Identifier: Apache-2.0
#include "protos/local_address.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace closure {
namespace {

constexpr int kPortMax = 65535;
// The operating system takes 107, and some of it is room for what is put behind.
constexpr std::size_t kUnixPathMax = 100;

bool IsPort(absl::string_view text) {
  int port = 0;
  // As it is written again: no sign, no blank, no zero in front.
  return absl::SimpleAtoi(text, &port) && port >= 0 && port <= kPortMax && absl::StrCat(port) == text;
}

bool IsLoopbackHost(absl::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  if (!absl::ConsumePrefix(&host, "127.")) return false;
  return std::count(host.begin(), host.end(), '.') == 2 && std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.';
         });
}

bool IsSocketPath(absl::string_view path) {
  return absl::StartsWith(path, "/") && path.size() > 1 && path.size() <= kUnixPathMax &&
         path.find('\0') == absl::string_view::npos;
}

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

bool IsLocalListenAddress(std::string_view address) {
  absl::string_view rest = ToAbsl(address);
  if (absl::ConsumePrefix(&rest, "unix:")) return IsSocketPath(rest);
  const std::size_t colon = rest.rfind(':');
  return colon != absl::string_view::npos && IsPort(rest.substr(colon + 1)) && IsLoopbackHost(rest.substr(0, colon));
}

std::string ListenAddressFault(std::string_view address) {
  absl::string_view rest = ToAbsl(address);
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (!absl::StartsWith(rest, "/"))
      return " has no absolute path: write the whole path of the socket, as in unix:/PATH";
    return absl::StrCat(" is no path of a socket: at most ", kUnixPathMax,
                        " characters after unix:, and more than a slash");
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == absl::string_view::npos) return " has no port: write HOST:PORT, such as 127.0.0.1:7443, or unix:/PATH";
  if (!IsPort(rest.substr(colon + 1)))
    return absl::StrCat(" has no port from 0 to ", kPortMax, ": write HOST:PORT, such as 127.0.0.1:7443");
  return " is not local: it is a loopback address such as 127.0.0.1:7443 or unix:/PATH, because calls are not "
         "authenticated by this server";
}

bool IsLocalTarget(std::string_view target) {
  absl::string_view rest = ToAbsl(target);
  if (absl::StartsWith(rest, "unix:") || absl::StartsWith(rest, "unix-abstract:")) return true;
  for (const absl::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (absl::ConsumePrefix(&rest, scheme)) break;
  }
  const std::vector<absl::string_view> addresses = absl::StrSplit(rest, ',');
  return std::all_of(addresses.begin(), addresses.end(), [](absl::string_view address) {
    return IsLocalListenAddress({address.data(), address.size()});
  });
}

}  // namespace closure
