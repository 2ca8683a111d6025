// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURED_MAIN_H_
#define CLOSURE_SERVER_CLOSURED_MAIN_H_

#include <memory>
#include <vector>

#include "checkers/checker.h"

namespace closure {

// The whole of the program `closured`: reads the command line and the configuration, runs the server until a signal
// comes, and stops it in order. Returns the exit code. To be called once, from main, before any thread is started.
//
// A closured with checkers of your own compiled in:
//
//   int main(int argc, char** argv) {
//     return closure::ClosuredMain(argc, argv, {std::make_shared<QuotaChecker>()});
//   }
//
// Each is then one of the built-in checkers: it is asked in every phase that its description names, with the deadline
// and limits that the configuration gives its name. A description that the contract does not have
// (checker_service.proto), or the name of another, ends the program with exit code 78 and says why.
int ClosuredMain(int argc, char** argv, std::vector<std::shared_ptr<Checker>> checkers = {});

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURED_MAIN_H_
