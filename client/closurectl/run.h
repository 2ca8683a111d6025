// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_RUN_H_
#define CLOSURE_CLIENT_CLOSURECTL_RUN_H_

#include <string>
#include <vector>

#include "client/closurectl/environment.h"

namespace closure {

// Runs closurectl with the arguments after the program's name, "help COMMAND" meaning "COMMAND --help", and returns its
// exit code, one of ExitCode. Errors are printed, in the chosen format, to the environment's message stream.
int Run(const std::vector<std::string>& arguments, Environment& environment);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_RUN_H_
