// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_OPTIONS_H_
#define CLOSURE_SERVER_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace closure {

// How `closured` ends, after sysexits.h.
enum class ExitCode {
  kOk = 0,
  // The command line is not understood.
  kUsage = 64,
  // A fault of the program.
  kInternal = 70,
  // No memory is left, or no room for another thread.
  kOutOfResources = 71,
  // Something outside is not there yet; starting again may help.
  kTemporary = 75,
  // The configuration, or what it names, is refused; starting again does not help.
  kConfig = 78,
};

// The command line of `closured`.
struct Options {
  enum class Command { kServe, kDev, kCheckConfig, kPrintConfig, kBackUp, kHelp, kVersion };
  Command command = Command::kServe;
  // The configuration file; empty only for `dev`, `--help` and `--version`.
  std::string config_path;
  // For `--backup`: where the copy goes.
  std::string backup_path;
  // For `dev`: where data is kept; empty for a temporary folder.
  std::string data_dir;
  // For `dev`: where to listen; empty for the configuration's.
  std::string listen_address;
  // For `dev`: the cloud files to load at the start.
  std::vector<std::string> cloud_files;
};

// Reads the arguments behind the program's name. `config_environment` is CLOSURE_CONFIG, used where --config is not
// given, but not for `dev`. Errors: INVALID_ARGUMENT saying what is wrong and what would be right.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments,
                                     const std::optional<std::string>& config_environment);

std::string_view UsageText();

}  // namespace closure

#endif  // CLOSURE_SERVER_OPTIONS_H_
