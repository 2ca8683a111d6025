// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CONFIG_H_
#define CLOSURE_SERVER_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/config/v1/server_config.pb.h"

// The configuration: a ServerConfig in protobuf text format. Every function is pure. Messages name the file with line
// and column where the text is at fault, and the field's path where a value is.
namespace closure {

// What a server is run for. In production everything that it depends on has to be named; `closured dev` brings it
// along.
enum class ServerMode { kProduction, kDev };

// Reads a configuration; unknown and repeated keys are refused. `file_name` is for messages.
// Errors: INVALID_ARGUMENT, one line "FILE:LINE:COLUMN: what" for each fault.
absl::StatusOr<config::v1::ServerConfig> ParseConfig(std::string_view text, std::string_view file_name);

// The same with every number, text and built-in checker that was left out (D16). What was given keeps its place, so
// that an index in a message is that of the file.
config::v1::ServerConfig WithDefaults(const config::v1::ServerConfig& given);

// Checks a complete configuration, without looking at what it names (named_files.h does that).
// Errors: INVALID_ARGUMENT, one line "PATH: what" for each fault.
absl::Status ValidateConfig(const config::v1::ServerConfig& complete, ServerMode mode);

// The keys of which a running server takes the new values only at its next start, where two complete configurations
// differ in them: all but checkers and participants.
std::vector<std::string> KeysForNextStart(const config::v1::ServerConfig& running,
                                          const config::v1::ServerConfig& next);

// The complete configuration in text format, with a comment on every line that is a default. It can be parsed again.
std::string FormatConfig(const config::v1::ServerConfig& given);

}  // namespace closure

#endif  // CLOSURE_SERVER_CONFIG_H_
