// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_TLS_FLAGS_H_
#define CLOSURE_CLIENT_CLOSURECTL_TLS_FLAGS_H_

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/closure_client.h"

namespace closure {

// The TLS of a connection as it was typed: paths of PEM files, and a name; each may be empty.
struct TlsFlags {
  std::string cacert;
  std::string cert;
  std::string key;
  std::string servername;

  bool empty() const { return cacert.empty() && cert.empty() && key.empty() && servername.empty(); }
};

// Adds --cacert, --cert, --key and --servername, which are about the other end called `whose`, for example "the
// server's". `variables` names the environment variable of each in its help.
void AddTlsFlags(CLI::App& app, TlsFlags& flags, const std::string& whose, bool variables);

// Errors: a usage error for --cert without --key, and for a file that cannot be read, which gRPC would tell nobody.
absl::Status CheckTls(const TlsFlags& flags);

// What the files hold; nothing where no flag was typed. Errors: those of CheckTls.
absl::StatusOr<std::optional<ClientTls>> ReadTls(const TlsFlags& flags);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_TLS_FLAGS_H_
