// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SERVER_CONFIG_TEXT_H_
#define CLOSURE_TESTS_SERVER_CONFIG_TEXT_H_

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "server/config.h"

// Configurations as texts, for tests.
namespace closure {

// A file of the repository.
inline std::string ReadSource(const std::string& path) {
  std::ifstream stream(std::string(CLOSURE_SOURCE_DIR) + "/" + path);
  REQUIRE(stream.is_open());
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

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
