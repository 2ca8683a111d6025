// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "catch2/catch.hpp"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using v1::PerformRequest;
using v1::PerformResponse;

PerformRequest Phase(v1::ParticipantPhase phase, int stage, const std::string& key, int64_t fence = 1) {
  PerformRequest request;
  request.set_phase(phase);
  request.set_stage(stage);
  request.set_account_id("a");
  request.set_closure("accounts/a/closures/c-1");
  request.set_idempotency_key(key);
  request.set_fence(fence);
  return request;
}

TEST_CASE("the archive says its name and where it takes part", "[R3]") {
  Cloud cloud;
  const auto description =
      Must(*cloud.participant, &ParticipantStub::DescribeParticipant, v1::DescribeParticipantRequest());
  CHECK(description.name() == "sandbox_archive");
  REQUIRE(description.stages_size() == 4);
  CHECK(description.stages(0).phase() == v1::FREEZE);
  CHECK(description.stages(1).phase() == v1::THAW);
  CHECK(description.stages(2).phase() == v1::DELETE);
  CHECK(description.stages(2).stage() == 2);
  CHECK(description.stages(3).phase() == v1::RESTORE);
}

TEST_CASE(
    "the archive keeps its rows through freeze, thaw and restore, and purges them at the second stage of deletion",
    "[R3][R67]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.LoadAccount("b");
  const auto perform = [&](const PerformRequest& request) {
    return Must(*cloud.participant, &ParticipantStub::Perform, request).outcome();
  };
  CHECK(perform(Phase(v1::FREEZE, 1, "k1", 1)) == PerformResponse::DONE);
  CHECK(cloud.Show("a").archive_frozen());
  CHECK(perform(Phase(v1::THAW, 1, "k2", 2)) == PerformResponse::DONE);
  CHECK_FALSE(cloud.Show("a").archive_frozen());
  CHECK(perform(Phase(v1::FREEZE, 1, "k3", 3)) == PerformResponse::DONE);
  CHECK(perform(Phase(v1::RESTORE, 1, "k4", 4)) == PerformResponse::DONE);
  CHECK_FALSE(cloud.Show("a").archive_frozen());
  CHECK(cloud.Show("a").archived_rows() == 2);
  CHECK(perform(Phase(v1::DELETE, 2, "k5", 5)) == PerformResponse::DONE);
  CHECK(cloud.Show("a").archived_rows() == 0);
  CHECK(cloud.Show("b").archived_rows() == 2);
  const auto shown = cloud.Show("a");
  REQUIRE(shown.acts_size() == 5);
  CHECK(shown.acts(4).method() == "closure.v1.ParticipantService/Perform");
  CHECK(shown.acts(4).detail() == "purged 2 archived rows");
}

TEST_CASE("the archive takes each act once per key and none below the fence", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  Must(*cloud.participant, &ParticipantStub::Perform, Phase(v1::FREEZE, 1, "k1", 5));
  const auto late = Must(*cloud.participant, &ParticipantStub::Perform, Phase(v1::THAW, 1, "k2", 4));
  CHECK(late.outcome() == PerformResponse::FENCED);
  CHECK(cloud.Show("a").archive_frozen());
  CHECK(Must(*cloud.participant, &ParticipantStub::Perform, Phase(v1::THAW, 1, "k2", 6)).outcome() ==
        PerformResponse::DONE);
  CHECK(Must(*cloud.participant, &ParticipantStub::Perform, Phase(v1::FREEZE, 1, "k1", 5)).outcome() ==
        PerformResponse::DONE);
  CHECK_FALSE(cloud.Show("a").archive_frozen());
}

TEST_CASE("the archive says that an account was deleted, and NOT_FOUND of one it never knew", "[D17]") {
  Cloud cloud;
  CHECK(Ask(*cloud.participant, &ParticipantStub::Perform, Phase(v1::FREEZE, 1, "k1")).code() == grpc::NOT_FOUND);
  cloud.LoadAccount("a");
  cloud.Delete("a", "delete");
  CHECK(Must(*cloud.participant, &ParticipantStub::Perform, Phase(v1::RESTORE, 1, "k2")).outcome() ==
        PerformResponse::ACCOUNT_DELETED);
}

TEST_CASE("the archive refuses a phase or stage in which it takes no part", "[R3]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  for (const auto& request :
       {Phase(v1::SEAL, 1, "k"), Phase(v1::DELETE, 1, "k"), Phase(v1::DELETE, 3, "k"), Phase(v1::FREEZE, 0, "k")}) {
    const auto answer = Ask(*cloud.participant, &ParticipantStub::Perform, request);
    CHECK(answer.code() == grpc::INVALID_ARGUMENT);
    CHECK(answer.status.error_message().find("sandbox_archive") != std::string::npos);
  }
}

}  // namespace
}  // namespace closure::test
