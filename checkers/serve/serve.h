// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_SERVE_SERVE_H_
#define CLOSURE_CHECKERS_SERVE_SERVE_H_

#include <memory>
#include <string_view>
#include <vector>

#include "checkers/checker.h"
#include "grpcpp/impl/codegen/service_type.h"

namespace closure {

// The whole of a program that serves a checker:
//
//   int main(int argc, char** argv) { return closure::ServeChecker(std::make_shared<QuotaChecker>(), argc, argv); }
//
// It listens where --listen says (127.0.0.1:7500; port 0 takes a free one), says "ready on HOST:PORT" in one line on
// standard output, and serves until SIGTERM or SIGINT; calls under way then have five seconds, and a second signal, or
// twelve seconds, end it at once. Beyond this machine it
// serves with --certificate and --key alone, and with --client-ca only those whom that authority knows; changed files
// are read again. Health (grpc.health.v1) is served as well. --help lists the flags.
//
// Returns the process's exit code: 0 after a stop, 2 for a fault of the command line, 1 when it cannot serve, each with
// one line on standard error. To be called once, from main, before any thread is started.
int ServeChecker(const std::shared_ptr<Checker>& checker, int argc, const char* const* argv);

// The same for any services, such as a participant's. `about` says what the program is, for --help. The services
// outlive the call.
int ServeServices(std::string_view about, const std::vector<grpc::Service*>& services, int argc,
                  const char* const* argv);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_SERVE_SERVE_H_
