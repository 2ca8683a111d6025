// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_ERROR_DETAILS_H_
#define CLOSURE_TESTS_SUPPORT_ERROR_DETAILS_H_

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"

namespace closure {

// The google.rpc detail in an error (server/errors.h), where it has one.
template <typename Detail>
std::optional<Detail> FindDetail(const absl::Status& status) {
  const auto payload = status.GetPayload("type.googleapis.com/" + Detail::descriptor()->full_name());
  if (!payload.has_value()) return std::nullopt;
  Detail detail;
  REQUIRE(detail.ParseFromString(std::string(*payload)));
  return detail;
}

// The one that must be there.
template <typename Detail>
Detail DetailOf(const absl::Status& status) {
  const std::optional<Detail> detail = FindDetail<Detail>(status);
  REQUIRE(detail.has_value());
  return *detail;
}

// What an error tells programs beside its reason.
inline std::map<std::string, std::string> MetadataOf(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  return {info.metadata().begin(), info.metadata().end()};
}

// Type, subject and description of each violated condition, in order.
inline std::vector<std::array<std::string, 3>> ViolationsOf(const absl::Status& status) {
  std::vector<std::array<std::string, 3>> violations;
  const auto failure = DetailOf<google::rpc::PreconditionFailure>(status);
  for (const auto& each : failure.violations()) violations.push_back({each.type(), each.subject(), each.description()});
  return violations;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_ERROR_DETAILS_H_
