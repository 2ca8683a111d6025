// SPDX-License-Identifier: Apache-2.0
// What the configuration says of checkers and participants outside the process.
#include <string>

#include "checkers/proto_time.h"
#include "server/grpc_target.h"
#include "tests/server/config_text.h"

namespace closure {
namespace {

using config::v1::ServerConfig;

std::string RemoteFault(const std::string& remote, const std::string& name = "quota") {
  return Fault("checkers { name: \"" + name + "\" remote { " + remote + " } }");
}

TEST_CASE("a checker outside the process has a name, a target and the phases that it takes part in", "[config]") {
  CHECK(RemoteFault(R"(target: "quota.internal:7443" phases: SCAN phases: FINAL)").empty());
  CHECK(RemoteFault(R"(target: "ipv4:10.0.0.1:7443,10.0.0.2:7443")", "domains").empty());
  CHECK(RemoteFault("").starts_with("checkers[0].remote.target: is required"));
  CHECK(RemoteFault(R"(target: "a:1")", "Quota").starts_with("checkers[0].name: \"Quota\" is not 1 to 40 of"));
  CHECK(RemoteFault(R"(target: "a:1" phases: SCAN phases: SCAN)") == "checkers[0].remote.phases[1]: comes twice");
  CHECK(RemoteFault(R"(target: "a:1" phases: CHECK_PHASE_UNSPECIFIED)").starts_with("checkers[0].remote.phases[0]: "));
  CHECK(RemoteFault(R"(target: "a:1" tries_max: 11)") == "checkers[0].remote.tries_max: 11 is not within 1 to 10");
  CHECK(RemoteFault(R"(target: "a:1" breaker_pause { seconds: 9 } breaker_pause_max { seconds: 8 })") ==
        "checkers[0].remote.breaker_pause_max: is below breaker_pause");
  CHECK(Fault("checkers { name: \"quota\" }").find("one outside the process has a section remote") !=
        std::string::npos);
}

TEST_CASE("billing outside the process takes part in every phase", "[config][D10]") {
  CHECK(RemoteFault(R"(target: "a:1")", "billing").empty());
  CHECK(RemoteFault(R"(target: "a:1" phases: FINAL)", "billing").find("every phase (D10)") != std::string::npos);
}

TEST_CASE("a certificate has its key, and files have whole paths", "[config]") {
  CHECK(RemoteFault(R"(target: "a:1" tls { certificate_file: "/c.pem" key_file: "/k.pem" })").empty());
  CHECK(RemoteFault(R"(target: "a:1" tls { certificate_file: "/c.pem" })") ==
        "checkers[0].remote.tls: certificate_file and key_file belong together; name both, or neither");
  CHECK(RemoteFault(R"(target: "a:1" tls { root_certificates_file: "ca.pem" })") ==
        "checkers[0].remote.tls.root_certificates_file: \"ca.pem\" is not absolute: write the whole path");
  CHECK(Fault(R"(participants { name: "archive" target: "a:1" stages { phase: DELETE stage: 2 }
                 tls { key_file: "k.pem" } })")
            .starts_with("participants[0].tls.key_file: \"k.pem\" is not absolute"));
}

TEST_CASE("what is left out of a checker outside the process has the documented defaults", "[config]") {
  const ServerConfig config = WithDefaults(Parse("checkers { name: \"quota\" remote { target: \"a:1\" } }"));
  const config::v1::RemoteCheckerConfig& remote = config.checkers(0).remote();
  CHECK(remote.max_bytes() == 32 << 20);
  CHECK(remote.tries_max() == 3);
  CHECK(remote.calls_max() == 128);
  CHECK(FromProto(remote.retry_delay()) == absl::Milliseconds(200));
  CHECK(remote.breaker_failures() == 5);
  CHECK(FromProto(remote.breaker_pause()) == absl::Seconds(5));
  CHECK(FromProto(remote.breaker_pause_max()) == absl::Minutes(1));
  CHECK_FALSE(remote.has_tls());
}

TEST_CASE("a gRPC target is a host and port, or one of gRPC's schemes, and a wrong one is told with the right form",
          "[config]") {
  for (const std::string target :
       {"billing.internal:443", "localhost:1", "10.0.0.1:65535", "[fd00::1]:443", "dns:billing:443",
        "dns:///billing:443", "dns://8.8.8.8/billing:443", "ipv4:10.0.0.1:443", "ipv6:[::1]:443",
        "ipv4:10.0.0.1:443,10.0.0.2:443", "ipv6:[::1]:443,[fd00::1]:443", "unix:/run/billing.sock",
        "unix:///run/billing.sock", "unix-abstract:billing"}) {
    INFO(target << " " << GrpcTargetFault(target));
    CHECK(GrpcTargetFault(target).empty());
  }
  for (const std::string target : {"",
                                   "a internal",
                                   "billing.internal",
                                   "billing:",
                                   "billing:0",
                                   "billing:65536",
                                   "billing:https",
                                   ":443",
                                   "https://billing:443",
                                   "dns://billing:443",
                                   "1.2.3:443",
                                   "-a:1",
                                   "a..b:1",
                                   "::1:443",
                                   "[::1]",
                                   "[x]:1",
                                   "ipv4:billing:443",
                                   "ipv4:10.0.0.1:443,",
                                   "ipv4:10.0.0.1:443,billing:443",
                                   "10.0.0.1:443,10.0.0.2:443",
                                   "ipv6:10.0.0.1:443",
                                   "unix:run/billing.sock",
                                   "unix:",
                                   "unix-abstract:",
                                   "a:1\n",
                                   "[::1"}) {
    INFO(target);
    CHECK_FALSE(GrpcTargetFault(target).empty());
  }
  CHECK(GrpcTargetFault("billing.internal") ==
        "\"billing.internal\": has no port; write billing.internal:443, for example");
  CHECK(GrpcTargetFault("fd00::1:443").find("[fd00::1]:443") != std::string::npos);
  ServerConfig config = WithDefaults(Parse(ReadSource("deploy/closured.textproto")));
  config.mutable_upstreams()->set_account("a internal");
  config.mutable_upstreams()->set_billing("https://billing");
  const std::string fault(ValidateConfig(config, ServerMode::kProduction).message());
  CHECK(fault.starts_with("upstreams.account: \"a internal\": has white space"));
  CHECK(fault.find("\nupstreams.billing: ") != std::string::npos);
  CHECK(Fault("participants { name: \"archive\" target: \"archive\" stages { phase: DELETE stage: 2 } }")
            .starts_with("participants[0].target: \"archive\": has no port"));
}

TEST_CASE("participants have plain names of their own, a target, and stages that there are", "[config]") {
  CHECK(Fault("participants { name: \"archive\" target: \"a:1\" stages { phase: DELETE stage: 2 } }").empty());
  CHECK(
      Fault("participants { name: \"billing\" target: \"a:1\" stages { phase: DELETE stage: 2 } }").find("built in") !=
      std::string::npos);
  CHECK(Fault("participants { name: \"Archive\" target: \"a:1\" stages { phase: DELETE stage: 2 } }")
            .starts_with("participants[0].name"));
  CHECK(Fault("participants { name: \"archive\" stages { phase: DELETE stage: 2 } }")
            .starts_with("participants[0].target"));
  CHECK(Fault("participants { name: \"archive\" target: \"a:1\" }").starts_with("participants[0].stages"));
  CHECK(Fault("participants { name: \"archive\" target: \"a:1\" stages { phase: DELETE } }")
            .starts_with("participants[0].stages[0].stage"));
  CHECK(Fault("participants { name: \"archive\" target: \"a:1\" stages { stage: 1 } }")
            .starts_with("participants[0].stages[0].phase"));
}

TEST_CASE("who freezes or seals is told which stage undoes it", "[config]") {
  CHECK(
      Fault(
          "participants { name: \"archive\" target: \"a:1\" stages { phase: FREEZE stage: 1 } stages { phase: RESTORE "
          "stage: 1 } }") ==
      "participants[0].stages: has FREEZE without THAW: add a stage with the phase THAW, which undoes it");
}

}  // namespace
}  // namespace closure
