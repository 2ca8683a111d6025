// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_NAMED_FILES_H_
#define CLOSURE_SERVER_NAMED_FILES_H_

#include "absl/status/status.h"
#include "closure/config/v1/server_config.pb.h"

namespace closure {

// Looks at what a production configuration names on this machine, without making, opening for writing or changing
// anything: the secret key (there, mode 0600, long enough), the agreements (every version with an en.txt, every text
// sound), the database (its folder there and writable and not open to everybody; the file, if it is there, readable and
// writable and accepted by sqlite::CheckDatabaseFile), the folder of a unix socket to listen at, and files of TLS
// (there, readable, and a key closed to group and others). What is not named is not looked at. Errors:
// FAILED_PRECONDITION, one line "KEY: PATH: what, and what to do" for each fault.
absl::Status CheckNamedFiles(const config::v1::ServerConfig& complete);

}  // namespace closure

#endif  // CLOSURE_SERVER_NAMED_FILES_H_
