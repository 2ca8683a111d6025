// SPDX-License-Identifier: Apache-2.0
#include "checkers/serve/serve.h"

#include <grpc/impl/codegen/grpc_types.h>
#include <grpc/support/time.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "checkers/serve/checker_endpoint.h"
#include "checkers/serve/serve_options.h"
#include "checkers/serve/stop_signals.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace closure {
namespace {

constexpr int kServed = 0;
constexpr int kCannotServe = 1;
constexpr int kUsage = 2;
// How often files of certificates are looked at.
constexpr unsigned kCertificateSeconds = 1;
// What calls under way have at a stop, and what answers that they ask others for have then.
constexpr int64_t kGraceMillis = 5000;
// When the process ends without order.
constexpr unsigned kHardSeconds = 12;
constexpr absl::Duration kLastCalls = absl::Seconds(5);

int Complain(int code, std::string_view program, std::string_view what) {
  std::fputs(fmt::format("{}: {}\n", program, what).c_str(), stderr);
  return code;
}

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const ServeOptions& options) {
  namespace experimental = grpc::experimental;
  if (options.certificate_file.empty()) return grpc::InsecureServerCredentials();
  experimental::TlsServerCredentialsOptions tls(std::make_shared<experimental::FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.client_ca_file, kCertificateSeconds));
  tls.watch_identity_key_cert_pairs();
  if (!options.client_ca_file.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return experimental::TlsServerCredentials(tls);
}

// From now on a signal ends the process at once, and so does a stop that lasts too long: gRPC waits for a checker that
// never answers for ever.
void EndHard() {
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(kCannotServe); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGALRM, &action, nullptr);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  alarm(kHardSeconds);
}

// Where it listens, with the port that was taken.
std::string AddressOf(const std::string& listen, int port) {
  if (listen.starts_with("unix:")) return listen;
  return fmt::format("{}:{}", listen.substr(0, listen.rfind(':')), port);
}

int Serve(const ServeOptions& options, std::string_view program, const std::vector<grpc::Service*>& services) {
  // Before any thread, which would take the signals otherwise.
  sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, CredentialsOf(options), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or two servers share a port without a word
  for (grpc::Service* service : services) builder.RegisterService(service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return Complain(
        kCannotServe, program,
        fmt::format("cannot listen at {}: another program may listen there already; choose another with --listen",
                    options.listen));
  }
  std::printf("ready on %s\n", AddressOf(options.listen, port).c_str());
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  EndHard();
  server->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kGraceMillis, GPR_TIMESPAN)));
  CallsToUpstreams().WaitForNone(kLastCalls);
  return kServed;
}

}  // namespace

int ServeServices(std::string_view about, const std::vector<grpc::Service*>& services, int argc,
                  const char* const* argv) {
  const std::string program = argc > 0 ? argv[0] : "checker";
  const ServeWish wish = ParseServeOptions(about, argc, argv);
  if (const auto* text = std::get_if<std::string>(&wish)) {
    std::fputs(text->c_str(), stdout);
    return kServed;
  }
  if (const auto* fault = std::get_if<absl::Status>(&wish))
    return Complain(kUsage, program, std::string(fault->message()));
  return Serve(std::get<ServeOptions>(wish), program, services);
}

int ServeChecker(const std::shared_ptr<Checker>& checker, int argc, const char* const* argv) {
  CheckerEndpoint endpoint(checker);
  const std::string about = fmt::format("Serves the checker \"{}\" to closured.", checker->description().name());
  return ServeServices(about, {&endpoint}, argc, argv);
}

}  // namespace closure
