// SPDX-License-Identifier: Apache-2.0
#include "server/grpc_target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "checkers/text.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::string_view kForms = "write HOST:PORT such as billing.internal:443, dns:///HOST:PORT or unix:/PATH";
constexpr int64_t kPortMax = 65535;
constexpr std::size_t kHostMax = 253;
constexpr std::size_t kUnixPathMax = 107;  // what the kernel's address has room for

bool IsAddress(int family, std::string_view host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(family, std::string(host).c_str(), bytes) == 1;
}

bool IsHostName(std::string_view host) {
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
  return !host.empty() && host.size() <= kHostMax && plain && host.find("..") == std::string_view::npos &&
         absl::ascii_isalnum(static_cast<unsigned char>(host.front()));
}

// A name, an IPv4 address, or an IPv6 address in brackets. Digits and dots alone are meant to be an address.
bool IsHost(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return IsAddress(AF_INET6, host.substr(1, host.size() - 2));
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) return IsAddress(AF_INET, host);
  return IsHostName(host);
}

std::string HostPortFault(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool in_brackets = colon != std::string_view::npos && text.find(']', colon) != std::string_view::npos;
  if (colon == std::string_view::npos || in_brackets) {
    return IsHost(text) ? Concat("has no port; write ", text, ":443, for example")
                        : Concat("is no host and port; ", kForms);
  }
  const std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.find(':') != std::string_view::npos && IsAddress(AF_INET6, host))
    return Concat("is an IPv6 address without brackets; write [", host, "]:", port_text);
  if (!IsHost(host)) return Concat(Quoted(host), " is no host; ", kForms);
  const std::optional<int64_t> port = ParseNumber(port_text);
  if (!port || *port < 1 || *port > kPortMax) return Concat(Quoted(port_text), " is not a port from 1 to 65535");
  return "";
}

std::string UnixFault(std::string_view path) {
  if (path.starts_with("//")) path.remove_prefix(2);
  if (path.size() < 2 || path.front() != '/')
    return "names no absolute path; write unix:/run/billing.sock, for example";
  return path.size() > kUnixPathMax ? "has a path of more than 107 bytes; choose a shorter one" : "";
}

// dns:HOST:PORT or dns://[RESOLVER]/HOST:PORT.
std::string DnsFault(std::string_view rest) {
  if (TakePrefix(rest, "//")) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return "has two slashes where three belong; write dns:///billing.internal:443";
    rest.remove_prefix(slash + 1);
  }
  return HostPortFault(rest);
}

std::string AddressFault(int family, std::string_view text) {
  std::string_view host = text.substr(0, text.rfind(':'));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!IsAddress(family, host)) {
    return Concat(Quoted(host), family == AF_INET ? " is no IPv4 address; write ipv4:10.0.0.1:443, for example"
                                                  : " is no IPv6 address; write ipv6:[fd00::1]:443, for example");
  }
  return HostPortFault(text);
}

// One address or several with commas between them.
std::string AddressesFault(int family, std::string_view text) {
  for (const absl::string_view address : absl::StrSplit(ToAbsl(text), ',')) {
    if (std::string fault = AddressFault(family, ToStd(address)); !fault.empty()) return fault;
  }
  return "";
}

std::string Fault(std::string_view target) {
  std::string_view rest = target;
  if (target.empty()) return Concat("is required: ", kForms);
  const bool plain = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain) return Concat("has white space or other characters that no target has; ", kForms);
  if (TakePrefix(rest, "unix-abstract:")) return rest.empty() ? "names no socket" : "";
  if (TakePrefix(rest, "unix:")) return UnixFault(rest);
  if (TakePrefix(rest, "dns:")) return DnsFault(rest);
  if (TakePrefix(rest, "ipv4:")) return AddressesFault(AF_INET, rest);
  if (TakePrefix(rest, "ipv6:")) return AddressesFault(AF_INET6, rest);
  if (target.find("://") != std::string_view::npos) {
    return Concat("has a scheme that there is not: a target is no web address; ", kForms);
  }
  return HostPortFault(target);
}

}  // namespace

std::string GrpcTargetFault(std::string_view target) {
  const std::string fault = Fault(target);
  return fault.empty() || target.empty() ? fault : Concat(Quoted(target), ": ", fault);
}

}  // namespace closure
