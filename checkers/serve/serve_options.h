// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_SERVE_SERVE_OPTIONS_H_
#define CLOSURE_CHECKERS_SERVE_SERVE_OPTIONS_H_

#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"

namespace closure {

// What the command line of a served program says.
struct ServeOptions {
  std::string listen = "127.0.0.1:7500";
  // PEM files; empty for none.
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;
};

// What to do: serve, or print a text that was asked for, or say what is wrong (INVALID_ARGUMENT).
using ServeWish = std::variant<ServeOptions, std::string, absl::Status>;

// Reads the command line, whose first word is the program. That files can be read is looked at, so that a wrong name is
// told at once and not with the first call.
ServeWish ParseServeOptions(std::string_view about, int argc, const char* const* argv);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_SERVE_SERVE_OPTIONS_H_
