// SPDX-License-Identifier: Apache-2.0
// Configuration files. Promises: what is refused is refused with a place or a path in every line; what is taken is the
// same after it was printed and read again, and completing it twice changes nothing.
#include <catch2/catch.hpp>

#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/config.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/message_mutator.h"

namespace closure::fuzz {
namespace {

using google::protobuf::util::MessageDifferencer;

void RequireTold(const absl::Status& refusal) {
  REQUIRE(refusal.code() == absl::StatusCode::kInvalidArgument);
  for (const absl::string_view line : absl::StrSplit(refusal.message(), '\n')) {
    INFO(line);
    REQUIRE(line.find(": ") != absl::string_view::npos);
  }
}

class ConfigurationTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    const absl::StatusOr<config::v1::ServerConfig> given = ParseConfig(input, "fuzzed.conf");
    if (!given.ok()) return RequireTold(given.status());
    const config::v1::ServerConfig complete = WithDefaults(*given);
    REQUIRE(MessageDifferencer::Equals(WithDefaults(complete), complete));
    for (const ServerMode mode : {ServerMode::kProduction, ServerMode::kDev}) {
      if (const absl::Status valid = ValidateConfig(complete, mode); !valid.ok()) RequireTold(valid);
    }
    const absl::StatusOr<config::v1::ServerConfig> again = ParseConfig(FormatConfig(*given), "printed.conf");
    INFO(again.status());
    REQUIRE(again.ok());
    REQUIRE(MessageDifferencer::Equals(WithDefaults(*again), complete));
  }

  std::string Mutate(std::string_view input, size_t size_max, std::mt19937& random) override {
    const absl::StatusOr<config::v1::ServerConfig> given = ParseConfig(input, "fuzzed.conf");
    if (!given.ok()) return "";
    config::v1::ServerConfig config = *given;
    const MessageMutator mutator(
        {"127.0.0.1:8443", "unix:/run/closured.sock", "0.0.0.0:1", "dns:///billing:1", "billing", "resources",
         "Asia/Shanghai", "/etc/closured/key", "2026-01", "2026-02-29"},
        random);
    mutator.Mutate(config);
    std::string made;
    google::protobuf::TextFormat::PrintToString(config, &made);
    return made.size() <= size_max ? made : "";
  }
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<ConfigurationTarget>(); }

}  // namespace closure::fuzz
