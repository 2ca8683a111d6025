// SPDX-License-Identifier: Apache-2.0
// Whether a server is there and serves, and, for operators, how its system stands.
#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/operator_commands.h"
#include "client/closurectl/table.h"

namespace closure {
namespace {

absl::StatusOr<ExitCode> ServerStatus(Session& session) {
  const absl::StatusOr<bool> serving = session.client().CheckHealth();
  if (!serving.ok()) return serving.status();
  Printer& printer = session.printer();
  const std::string health = *serving ? "SERVING" : "NOT_SERVING";
  if (absl::StartsWith(session.client().options().actor, "operator:")) {
    const absl::StatusOr<v1::SystemStatus> status = session.client().GetSystemStatus({});
    if (!status.ok()) return status.status();
    if (printer.table()) {
      printer.Note(absl::StrCat("The server is ", health, "."));
      PrintSystemStatus(session, *status);
    } else {
      google::protobuf::Struct with_health;
      (*with_health.mutable_fields())["status"].set_string_value(health);
      printer.Json(with_health, *status);
    }
  } else if (printer.table()) {
    Table table({"NAME", "HEALTH"});
    table.AddRow({session.options().server, health});
    printer.Data(table.Text(printer.style()));
    printer.Note(
        absl::StrCat("For more:\n  ", session.options().command_of_another, " server status --as operator:NAME"));
  } else {
    // The proto3 JSON of grpc.health.v1.HealthCheckResponse.
    printer.Data(absl::StrCat("{\"status\":\"", health, "\"}\n"));
  }
  return *serving ? ExitCode::kOk : ExitCode::kFailure;
}

}  // namespace

void AddServerCommands(CommandSet& commands) {
  CLI::App* group = commands.AddGroup("server", "About the server itself");
  CLI::App* status =
      commands.AddTo(group, "status", "Show whether the server serves; with --as operator:NAME, how the system stands",
                     "closurectl server status");
  commands.Bind(status, ServerStatus);
}

}  // namespace closure
