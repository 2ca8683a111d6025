// SPDX-License-Identifier: Apache-2.0
#include "checkers/serve/serve_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstddef>

#include "checkers/text.h"
#include "fmt/format.h"
#include "protos/file_reading.h"
#include "protos/local_address.h"

namespace closure {
namespace {

constexpr std::size_t kPemBytesMax = 1 << 20;

absl::Status CheckFile(std::string_view flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadFile(path, kPemBytesMax);
  if (text.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: {} {}", flag, Quoted(path), std::string(text.status().message())));
}

absl::Status Judge(const ServeOptions& options) {
  if (options.certificate_file.empty() != options.key_file.empty())
    return absl::InvalidArgumentError("--certificate and --key go together");
  if (!options.client_ca_file.empty() && options.certificate_file.empty())
    return absl::InvalidArgumentError("--client-ca needs --certificate and --key");
  if (options.certificate_file.empty() && !IsLocalListenAddress(options.listen)) {
    return absl::InvalidArgumentError(fmt::format(
        "--listen: {} is not on this machine, so it needs --certificate and --key; without them listen at a "
        "loopback address such as 127.0.0.1:7500, or unix:/PATH",
        Quoted(options.listen)));
  }
  for (const absl::Status& file :
       {CheckFile("--certificate", options.certificate_file), CheckFile("--key", options.key_file),
        CheckFile("--client-ca", options.client_ca_file)}) {
    if (!file.ok()) return file;
  }
  return absl::OkStatus();
}

}  // namespace

ServeWish ParseServeOptions(std::string_view about, int argc, const char* const* argv) {
  ServeOptions options;
  CLI::App app{std::string(about)};
  app.add_option("--listen", options.listen, "Where to serve; port 0 takes a free one")
      ->type_name("HOST:PORT or unix:/PATH")
      ->capture_default_str();
  app.add_option("--certificate", options.certificate_file, "Serve with TLS: the certificate, and those that signed it")
      ->type_name("FILE");
  app.add_option("--key", options.key_file, "Its key")->type_name("FILE");
  app.add_option("--client-ca", options.client_ca_file, "Serve only callers with a certificate that these signed")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (absl::Status fault = Judge(options); !fault.ok()) return fault;
  return options;
}

}  // namespace closure
