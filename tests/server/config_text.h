// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SERVER_CONFIG_TEXT_H_
#define CLOSURE_TESTS_SERVER_CONFIG_TEXT_H_

#include <catch2/catch.hpp>
#include <string>

#include "server/config.h"
#include "tests/support/source_file.h"

// Configurations as texts, for tests.
namespace closure {

inline config::v1::ServerConfig Parse(const std::string& text) {
  absl::StatusOr<config::v1::ServerConfig> parsed = ParseConfig(text, "test");
  INFO(parsed.status().ToString());
  REQUIRE(parsed.ok());
  return *parsed;
}

// Why a configuration for `closured dev` is refused; empty when it is right.
inline std::string Fault(const std::string& text) {
  return std::string(ValidateConfig(WithDefaults(Parse(text)), ServerMode::kDev).message());
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SERVER_CONFIG_TEXT_H_
