// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/tls_flags.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/terminal_text.h"
#include "protos/file_reading.h"

namespace closure {
namespace {

constexpr std::size_t kPemBytesMax = 1 << 20;

absl::StatusOr<std::string> ReadPem(absl::string_view flag, const std::string& path) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> text = ReadFile(path, kPemBytesMax);
  if (text.ok()) return text;
  return UsageError(absl::StrCat(flag, ": \"", EscapeTyped(path), "\" ", text.status().message()));
}

}  // namespace

void AddTlsFlags(CLI::App& app, TlsFlags& flags, const std::string& whose, bool variables) {
  const auto help = [&](absl::string_view text, absl::string_view variable) {
    return absl::StrCat("TLS: ", text, variables ? absl::StrCat(" [", variable, "]") : "");
  };
  app.add_option("--cacert", flags.cacert,
                 help(absl::StrCat("the PEM file of who signed ", whose, " certificate"), "CLOSURE_CACERT"))
      ->type_name("FILE");
  app.add_option("--cert", flags.cert, help("the PEM file of the certificate that is shown to it", "CLOSURE_CERT"))
      ->type_name("FILE");
  app.add_option("--key", flags.key, help("the PEM file of that certificate's key", "CLOSURE_KEY"))->type_name("FILE");
  app.add_option("--servername", flags.servername,
                 help(absl::StrCat("the name that ", whose, " certificate has"), "CLOSURE_SERVERNAME"))
      ->type_name("NAME");
}

absl::Status CheckTls(const TlsFlags& flags) { return ReadTls(flags).status(); }

absl::StatusOr<std::optional<ClientTls>> ReadTls(const TlsFlags& flags) {
  if (flags.cert.empty() != flags.key.empty()) return UsageError("--cert and --key go together");
  const absl::StatusOr<std::string> root = ReadPem("--cacert", flags.cacert);
  if (!root.ok()) return root.status();
  const absl::StatusOr<std::string> certificate = ReadPem("--cert", flags.cert);
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<std::string> key = ReadPem("--key", flags.key);
  if (!key.ok()) return key.status();
  if (flags.empty()) return std::optional<ClientTls>();
  return ClientTls{
      .root_certificates = *root, .certificate = *certificate, .key = *key, .server_name = flags.servername};
}

}  // namespace closure
