// SPDX-License-Identifier: Apache-2.0
// Cloud files. Promises: what is refused is refused with words; what is taken can be loaded into a cloud, and again,
// and the cloud can show every account of it.
#include <catch2/catch.hpp>

#include "closure/sandbox/v1/cloud_file.pb.h"
#include "google/protobuf/util/json_util.h"
#include "sandbox/cloud_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/fuzzed_cloud.h"
#include "tests/fuzz/message_mutator.h"

namespace closure::fuzz {
namespace {

class CloudFileTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    const absl::StatusOr<sandbox::v1::CloudFile> file = ParseCloudFile(input);
    if (!file.ok()) {
      REQUIRE(file.status().code() == absl::StatusCode::kInvalidArgument);
      REQUIRE_FALSE(file.status().message().empty());
      return;
    }
    for (int again = 0; again < 2; ++again) {
      const absl::StatusOr<std::vector<std::string>> loaded = cloud_.cloud().Load(*file);
      INFO(loaded.status());
      REQUIRE(loaded.ok());
      REQUIRE(loaded->size() == static_cast<size_t>(file->accounts_size()));
      for (const std::string& account : *loaded) cloud_.Show(account);
    }
  }

  std::string Mutate(std::string_view input, size_t size_max, std::mt19937& random) override {
    sandbox::v1::CloudFile file;
    if (!google::protobuf::util::JsonStringToMessage(std::string(input), &file).ok()) return "";
    const MessageMutator mutator(
        {"1000000001", "USD", "JPY", "KWD", "10.00", "1000.01", "-1", "0.001", "owner@example.com", "+8613900000001",
         "cn-hangzhou", "https://a.example/", "2026-01-01T00:00:00Z"},
        random);
    mutator.Mutate(file);
    std::string made;
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    if (!google::protobuf::util::MessageToJsonString(file, &made, options).ok() || made.size() > size_max) return "";
    return made;
  }

 private:
  FuzzedCloud cloud_;
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<CloudFileTarget>(); }

}  // namespace closure::fuzz
