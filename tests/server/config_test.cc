// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <catch2/catch.hpp>
#include <functional>
#include <regex>
#include <set>

#include "checkers/proto_time.h"
#include "google/protobuf/util/message_differencer.h"
#include "protos/file_reading.h"
#include "protos/local_address.h"
#include "server/config_rules.h"
#include "server/options.h"
#include "tests/server/config_text.h"

namespace closure {
namespace {

using config::v1::ServerConfig;

std::string ParseFault(const std::string& text) {
  return std::string(ParseConfig(text, "closured.textproto").status().message());
}

// Every key of the configuration, as docs/configuration.md writes it.
void AddKeys(const google::protobuf::Descriptor& message, const std::string& prefix, std::set<std::string>& keys) {
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    keys.insert(prefix + field.name());
    if (field.message_type() != nullptr && !IsDuration(field))
      AddKeys(*field.message_type(), prefix + field.name() + ".", keys);
  }
}

TEST_CASE("an unknown or repeated key is refused with line and column", "[config]") {
  CHECK(ParseFault("listen_address: \"127.0.0.1:1\"\n\npolcy { }\n") ==
        "closured.textproto:3:7: there is no key \"polcy\"; did you mean policy?");
  CHECK(ParseFault("policy {\n  code_attempts: many\n}").starts_with("closured.textproto:2:18: "));
  CHECK(ParseFault("database_path: \"a\"\ndatabase_path: \"b\"").starts_with("closured.textproto:2:"));
  CHECK(ParseFault("policy {").starts_with("closured.textproto:1:"));
}

TEST_CASE("what protobuf's parser would say in words of its own is told in ours", "[config]") {
  CHECK_THAT(ParseFault("policy {\n  code_attempts: 3\n"),
             Catch::EndsWith("the text ends too early: a } or a value is missing"));
  CHECK_THAT(ParseFault("database_path:"), Catch::Contains("the text ends too early"));
  CHECK_THAT(ParseFault("database_path: \"a\"\ndatabase_path: \"b\""),
             Catch::EndsWith("the key database_path stands here again; it may be given once"));
  CHECK_THAT(Fault("shutdown_grace { seconds: -5 }"),
             Catch::Contains("shutdown_grace: { seconds: -5 } is not within 100ms to "));
}

TEST_CASE("every unknown key is told, with the key that was meant or the section that it belongs to", "[config]") {
  CHECK(ParseFault("polcy { x: 1 }\ncode_attempts: 3\nchecker { }") ==
        "closured.textproto:1:7: there is no key \"polcy\"; did you mean policy?\n"
        "closured.textproto:2:14: there is no key \"code_attempts\"; it belongs elsewhere: policy.code_attempts\n"
        "closured.textproto:3:9: there is no key \"checker\"; did you mean checkers?");
  CHECK(ParseFault("breaker { x: 1 }")
            .find("there is no key \"x\" in BreakerConfig; there are deletions_per_hour_min, ") != std::string::npos);
  CHECK(ParseFault("participants { stages { phase: FREZE } }")
            .find("phase cannot be \"FREZE\"; it is one of FREEZE, THAW") != std::string::npos);
}

TEST_CASE("a duration in another form is told with the form that it has here", "[config]") {
  CHECK(ParseFault("policy { silent_period: \"7d\" }") ==
        "closured.textproto:1:25: a duration is written as silent_period { seconds: 604800 }");
  CHECK(ParseFault("policy {\n silent_period: 48h\n}").find("silent_period { seconds: 172800 }") != std::string::npos);
  CHECK(ParseFault("policy { code_lifetime: 600 }").find("code_lifetime { seconds: 600 }") != std::string::npos);
  CHECK(ParseFault("shutdown_grace { minutes: 1 }").find("{ seconds: 604800 }") != std::string::npos);
}

TEST_CASE("what is left out has the documented defaults", "[config][D16]") {
  const ServerConfig config = WithDefaults({});
  const config::v1::Policy& policy = config.policy();
  CHECK(config.listen_address() == "127.0.0.1:7443");
  CHECK(config.console_base_uri() == "https://console.example.com");
  CHECK(FromProto(config.shutdown_grace()) == absl::Seconds(5));
  CHECK(FromProto(policy.silent_period()) == absl::Hours(7 * 24));
  CHECK(FromProto(policy.idle_expiry_before_agreement()) == absl::Hours(24));
  CHECK(FromProto(policy.idle_expiry_after_agreement()) == absl::Hours(30 * 24));
  CHECK(FromProto(policy.code_lifetime()) == absl::Minutes(10));
  CHECK(policy.code_attempts() == 5);
  CHECK(FromProto(policy.resend_spacing()) == absl::Seconds(60));
  CHECK(policy.codes_per_account_per_day() == 20);
  CHECK(FromProto(policy.scan_freshness()) == absl::Minutes(30));
  CHECK(FromProto(policy.confirm_limit()) == absl::Minutes(5));
  CHECK(FromProto(policy.discard_limit()) == absl::Minutes(10));
  CHECK(FromProto(policy.request_id_retention()) == absl::Hours(30 * 24));
  CHECK(FromProto(policy.notice_retry_limit()) == absl::Hours(72));
  CHECK(FromProto(policy.contact_change_window()) == absl::Hours(72));
  CHECK(FromProto(policy.stuck_threshold()) == absl::Minutes(15));
  CHECK(policy.forfeit_limit_units() == 1000);
  CHECK(policy.void_limit_units() == 10);
  CHECK(config.breaker().deletions_per_hour_min() == 20);
  CHECK(config.breaker().deletions_per_hour_permille() == 10);
  CHECK(config.limits().request_bytes_max() == 262'144);
  CHECK(config.business_calendar().time_zone() == "Asia/Shanghai");
  REQUIRE(config.checkers_size() == 6);
  CHECK(config.checkers(0).name() == "billing");
  CHECK(FromProto(config.checkers(0).deadline()) == absl::Minutes(5));
  CHECK(config.checkers(0).max_items() == 10'000);
  CHECK(ValidateConfig(config, ServerMode::kDev).ok());
}

TEST_CASE("every number of the configuration has a rule, and its default is within its range", "[config][D16]") {
  const std::function<void(const google::protobuf::Descriptor&)> visit =
      [&visit](const google::protobuf::Descriptor& message) {
        for (int i = 0; i < message.field_count(); ++i) {
          const google::protobuf::FieldDescriptor& field = *message.field(i);
          INFO(field.full_name());
          const bool number = IsDuration(field) ||
                              field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32 ||
                              field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT64;
          const NumberRule* const rule = FindNumberRule(field);
          CHECK((rule != nullptr) == number);
          const bool required = field.full_name() == "closure.config.v1.PhaseStage.stage";
          if (rule != nullptr) CHECK((rule->message == message.name() && rule->field == field.name()));
          if (rule != nullptr && !required) CHECK((rule->min <= rule->fallback && rule->fallback <= rule->max));
          if (field.message_type() != nullptr && !IsDuration(field)) visit(*field.message_type());
        }
      };
  visit(*ServerConfig::descriptor());
}

TEST_CASE("what is given stays, and what is printed can be read again", "[config]") {
  const ServerConfig given =
      Parse(R"(listen_address: "unix:/run/closured.sock" policy { silent_period { seconds: 86400 } code_attempts: 3 }
      checkers { name: "domains" advisory: true disabled { by: "ann" why: "migration of the registrar" } }
      business_calendar { holidays: "2026-10-01" } participants { name: "archive" target: "archive:443" stages { phase: DELETE stage: 2 } })");
  const std::string printed = FormatConfig(given);
  INFO(printed);
  CHECK(google::protobuf::util::MessageDifferencer::Equals(Parse(printed), WithDefaults(given)));
  CHECK(printed.find("  silent_period { seconds: 86400 }  # 1 day\n") != std::string::npos);
  CHECK(printed.find("  code_attempts: 3\n") != std::string::npos);
  CHECK(printed.find("  code_lifetime { seconds: 600 }  # 10 minutes, default\n") != std::string::npos);
  CHECK(printed.find("# database_path is not set\n") != std::string::npos);
  CHECK(WithDefaults(given).checkers_size() == 6);
}

TEST_CASE("values out of range are refused with their path", "[config]") {
  CHECK(Fault("policy { silent_period { seconds: 86399 } }") ==
        "policy.silent_period: 86399 seconds is not within 1 day to 365 days");
  CHECK(Fault("policy { silent_period { } }").starts_with("policy.silent_period: "));
  CHECK(Fault("policy { silent_period { seconds: 86400 nanos: -1 } }")
            .starts_with("policy.silent_period: { seconds: 86400 nanos: -1 } is not within"));
  CHECK(Fault("policy { code_attempts: -1 }") == "policy.code_attempts: -1 is not within 1 to 20");
  CHECK(Fault("policy { confirm_limit { seconds: 301 } }").starts_with("policy.confirm_limit: "));
  CHECK(Fault("limits { scans_max: -5 }").starts_with("limits.scans_max: "));
  CHECK(Fault("checkers { name: \"domains\" deadline { seconds: 601 } }").starts_with("checkers[0].deadline: "));
  CHECK(Fault("business_calendar { time_zone: \"Mars/Olympus\" holidays: \"2026-10-01\" holidays: \"2026-02-30\" }") ==
        "business_calendar.time_zone: \"Mars/Olympus\" is not a time zone that this machine knows, such as "
        "\"Asia/Shanghai\"\n"
        "business_calendar.holidays[1]: \"2026-02-30\" is not a date of the form \"YYYY-MM-DD\"");
  CHECK(Fault("console_base_uri: \"http://console.example.com\"").starts_with("console_base_uri: "));
  CHECK(Fault("console_base_uri: \"https://console.example.com/\"").starts_with("console_base_uri: "));
}

TEST_CASE("billing can be neither disabled nor advisory", "[config][D5]") {
  CHECK(Fault("checkers { name: \"billing\" disabled { by: \"ann\" why: \"because\" } }")
            .starts_with("checkers[0]: billing"));
  CHECK(Fault("checkers { name: \"billing\" advisory: true }").starts_with("checkers[0]: billing"));
  CHECK(Fault("checkers { name: \"domains\" disabled { by: \"ann\" why: \"because\" } }").empty());
}

TEST_CASE("an unknown or repeated checker, and a disabling without who and why, are refused", "[config][D5]") {
  CHECK(Fault("checkers { name: \"biling\" }")
            .find("there is no checker \"biling\"; did you mean billing? There are billing, domains") !=
        std::string::npos);
  CHECK(Fault("checkers { name: \"domains\" } checkers { name: \"domains\" }").find("comes twice") !=
        std::string::npos);
  CHECK(Fault("checkers { name: \"domains\" disabled { by: \"ann\" } }") ==
        "checkers[0].disabled.why: is required: 1 to 200 characters");
  CHECK(Fault("checkers { name: \"domains\" disabled { } }").find("disabled.by") != std::string::npos);
}

TEST_CASE("the index in a fault is that of the file", "[config]") {
  CHECK(Fault("checkers { name: \"trusteeship\" } checkers { name: \"billing\" max_items: -1 }")
            .starts_with("checkers[1].max_items: "));
}

TEST_CASE("the server listens on this machine only", "[config]") {
  for (const std::string address :
       {"127.0.0.1:0", "127.1.2.3:65535", "localhost:7443", "[::1]:7443", "unix:/run/closured.sock"}) {
    INFO(address);
    CHECK(IsLocalListenAddress(address));
  }
  for (const std::string address : {"", "0.0.0.0:7443", "10.0.0.1:1", "[::]:7443", "127.0.0.1", "127.0.0.1:65536",
                                    "127.0.0.1:-1", "127.0.0.1:x", "127.0.0.1.evil.example:1", "localhost.example:1",
                                    "unix:", "unix:relative.sock", ":7443", "*:7443", "127.0.0.1:07"}) {
    INFO(address);
    CHECK_FALSE(IsLocalListenAddress(address));
  }
  CHECK(Fault("listen_address: \"0.0.0.0:7443\"").find(" is not local") != std::string::npos);
  for (const std::string address : {"127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:"})
    CHECK(Fault("listen_address: \"" + address + "\"").find(" has no port from 0 to 65535") != std::string::npos);
  CHECK(Fault("listen_address: \"127.0.0.1\"").find(" has no port: write HOST:PORT") != std::string::npos);
  CHECK(Fault("listen_address: \"unix:closured.sock\"") ==
        "listen_address: \"unix:closured.sock\" has no absolute path: write the whole path of the socket, as in "
        "unix:/PATH");
  CHECK(Fault("listen_address: \"unix:/" + std::string(100, 'x') + "\"").find("at most 100") != std::string::npos);
}

TEST_CASE("production names everything it depends on, and all that is missing is told at once", "[config]") {
  const std::string fault(ValidateConfig(WithDefaults({}), ServerMode::kProduction).message());
  for (const std::string key :
       {"database_path", "secret_key_file", "agreements_path", "upstreams.account", "upstreams.messaging"}) {
    CHECK(fault.find(key + ": is required") != std::string::npos);
  }
  const ServerConfig example = Parse(ReadSource("deploy/closured.textproto"));
  CHECK(ValidateConfig(WithDefaults(example), ServerMode::kProduction).ok());
}

TEST_CASE("production's paths are absolute, because server and check may start in different folders", "[config]") {
  ServerConfig config = WithDefaults(Parse(ReadSource("deploy/closured.textproto")));
  config.set_database_path("closures.db");
  config.set_secret_key_file("./secret.key");
  config.set_agreements_path("agreements");
  const std::string fault(ValidateConfig(config, ServerMode::kProduction).message());
  for (const std::string part :
       {"database_path: \"closures.db\"", "secret_key_file: \"./secret.key\"", "agreements_path: \"agreements\""}) {
    CHECK(fault.find(part + " is not absolute: write the whole path") != std::string::npos);
  }
  CHECK(std::count(fault.begin(), fault.end(), '\n') == 2);
}

TEST_CASE("docs/configuration.md tells of every key and of no other", "[config]") {
  std::set<std::string> keys;
  AddKeys(*ServerConfig::descriptor(), "", keys);
  std::set<std::string> told;
  const std::string text = ReadSource("docs/configuration.md");
  const std::regex row(R"(\n\| `([a-z_.]+)` \|)");
  for (std::sregex_iterator match(text.begin(), text.end(), row), end; match != end; ++match) told.insert((*match)[1]);
  CHECK(told == keys);
}

TEST_CASE("docs tell how large a request closured dev takes whatever the limit says", "[config]") {
  CHECK_THAT(ReadSource("docs/configuration.md"),
             Catch::Contains("`closured dev` always takes " + std::to_string(kCloudFileBytesMax)));
}

TEST_CASE("the command line is read, and a wrong one says what would be right", "[options]") {
  const auto parse = [](std::vector<std::string> arguments, std::optional<std::string> environment = std::nullopt) {
    return ParseOptions(arguments, environment);
  };
  CHECK(parse({"--config", "a"})->config_path == "a");
  CHECK(parse({"--config=a", "--check-config"})->command == Options::Command::kCheckConfig);
  CHECK(parse({"--config=a", "--backup", "b"})->command == Options::Command::kBackUp);
  CHECK(parse({"--config=a", "--backup=b"})->backup_path == "b");
  CHECK(parse({}, "from-environment")->config_path == "from-environment");
  CHECK(parse({"--config", "a"}, "from-environment")->config_path == "a");
  CHECK(parse({"--version"})->command == Options::Command::kVersion);
  const absl::StatusOr<Options> dev =
      parse({"dev", "--data-dir", "d", "--load", "a.json", "--load=b.json", "--listen", "127.0.0.1:0"}, "ignored");
  REQUIRE(dev.ok());
  CHECK(dev->command == Options::Command::kDev);
  CHECK(dev->data_dir == "d");
  CHECK(dev->listen_address == "127.0.0.1:0");
  CHECK(dev->cloud_files == std::vector<std::string>{"a.json", "b.json"});
  CHECK(dev->config_path.empty());
  CHECK(parse({"dev", "--help"})->command == Options::Command::kHelp);
  CHECK(parse({"--help", "dev"})->command == Options::Command::kHelp);
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"--config"},
                                                       {"--config", "--check-config"},
                                                       {"--config=a", "--backup"},
                                                       {"--config=a", "--backup=b", "--check-config"},
                                                       {"--confg", "a"},
                                                       {"serve"},
                                                       {"--load", "x"},
                                                       {"dev", "x"},
                                                       {"--config="},
                                                       {"--version=1"},
                                                       {"dev", "--check-config"}};
  CHECK_THAT(std::string(parse({"dev", "--lod", "x"}).status().message()), Catch::Contains("did you mean --load?"));
  CHECK_THAT(std::string(parse({"deb"}).status().message()), Catch::Contains("did you mean dev?"));
  for (const std::vector<std::string>& arguments : wrong) {
    CHECK(absl::IsInvalidArgument(parse(arguments).status()));
    CHECK(std::string(parse(arguments).status().message()).find("--help") != std::string::npos);
  }
}

}  // namespace
}  // namespace closure
