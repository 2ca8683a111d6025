// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LIBRARY_LOGS_H_
#define CLOSURE_SERVER_LIBRARY_LOGS_H_

#include "server/log.h"

namespace closure {

// Drops what gRPC and protobuf have to say from now on, where they would write lines of their own form to standard
// error. For the time before there is a log. To be called before any thread is started.
void HushLibraries();

// While it lives, every line of gRPC and protobuf is an event of the log, a warning; afterwards they are dropped again.
// One at a time, in a process that called HushLibraries; the log outlives it.
class LibraryLogs {
 public:
  explicit LibraryLogs(Log& log);
  LibraryLogs(const LibraryLogs&) = delete;
  LibraryLogs& operator=(const LibraryLogs&) = delete;
  ~LibraryLogs();
};

}  // namespace closure

#endif  // CLOSURE_SERVER_LIBRARY_LOGS_H_
