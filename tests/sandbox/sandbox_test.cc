// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include <fstream>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/sandbox/cloud_fixture.h"
#include "tests/sandbox/temporary_folder.h"

namespace closure::test {
namespace {

using upstream::v1::ActResult;
using upstream::v1::GetAccountRequest;

SandboxOptions At(const std::string& path) {
  return {.database_path = path, .now = [] { return absl::UnixEpoch(); }};
}

TEST_CASE("a cloud goes on where it was when its file is opened again", "[R3]") {
  const TemporaryFolder folder;
  {
    Cloud cloud(folder.File("cloud.db"));
    cloud.LoadAccount("a");
    cloud.LoadAccount("b");
    cloud.Freeze("a", "freeze", 5);
    cloud.Delete("b", "delete", 2);
  }
  Cloud cloud(folder.File("cloud.db"));
  CHECK(cloud.Show("a").billing_frozen());
  CHECK(cloud.Show("a").fence() == 5);
  CHECK(cloud.Freeze("a", "freeze", 5) == ActResult::DONE);
  CHECK(cloud.Show("a").acts(0).calls() == 2);
  CHECK(cloud.Show("b").deleted());
}

TEST_CASE("a file that is no cloud is refused and left as it is", "[D13]") {
  const TemporaryFolder folder;
  const std::string path = folder.File("other.db");
  { Cloud cloud(path); }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);  // user_version in the header of a SQLite file
  file.write("\0\0\0\7", 4);
  file.close();
  const auto opened = Sandbox::Open(At(path));
  CHECK(opened.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(std::string(opened.status().message()).find("other.db") != std::string::npos);
}

TEST_CASE("a folder that is not there is UNAVAILABLE and named", "[D5]") {
  const auto opened = Sandbox::Open(At("/nowhere/cloud.db"));
  CHECK(opened.status().code() == absl::StatusCode::kUnavailable);
  CHECK(std::string(opened.status().message()).find("/nowhere/cloud.db") != std::string::npos);
}

TEST_CASE("a sandbox that listens is reached over TCP on its port", "[D5]") {
  Cloud cloud(":memory:", "127.0.0.1:0");
  REQUIRE(cloud.sandbox->port() > 0);
  cloud.LoadAccount("a");
  const auto channel =
      grpc::CreateChannel(fmt::format("127.0.0.1:{}", cloud.sandbox->port()), grpc::InsecureChannelCredentials());
  const std::unique_ptr<AccountStub> stub = upstream::v1::AccountService::NewStub(channel);
  CHECK(Must(*stub, &AccountStub::GetAccount, ForAccount<GetAccountRequest>("a")).state() ==
        upstream::v1::Account::ACTIVE);
}

TEST_CASE("an address that is taken is UNAVAILABLE and named", "[D5]") {
  Cloud cloud(":memory:", "127.0.0.1:0");
  SandboxOptions options = At(":memory:");
  options.listen_address = fmt::format("127.0.0.1:{}", cloud.sandbox->port());
  const auto opened = Sandbox::Open(options);
  CHECK(opened.status().code() == absl::StatusCode::kUnavailable);
  CHECK(std::string(opened.status().message()).find(options.listen_address) != std::string::npos);
}

TEST_CASE("without an address nothing is listened on, and a stopped sandbox answers UNAVAILABLE", "[D5]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  CHECK(cloud.sandbox->port() == 0);
  cloud.sandbox->Stop();
  cloud.sandbox->Stop();
  CHECK(Ask(*cloud.account, &AccountStub::GetAccount, ForAccount<GetAccountRequest>("a")).code() == grpc::UNAVAILABLE);
}

}  // namespace
}  // namespace closure::test
