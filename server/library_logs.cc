// SPDX-License-Identifier: Apache-2.0
#include "server/library_logs.h"

#include <string>
#include <string_view>

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"

namespace closure {
namespace {

ABSL_CONST_INIT absl::Mutex log_mutex(absl::kConstInit);
Log* log_in_use ABSL_GUARDED_BY(log_mutex) = nullptr;

void Tell(std::string_view library, std::string_view message) {
  absl::MutexLock lock(&log_mutex);
  if (log_in_use != nullptr) log_in_use->Warning("a library says", {{"library", library}, {"text", message}});
}

void TakeGrpcLine(gpr_log_func_args* args) { Tell("grpc", args->message); }

void TakeProtobufLine(google::protobuf::LogLevel /*level*/, const char* /*file*/, int /*line*/,
                      const std::string& message) {
  Tell("protobuf", message);
}

void Use(Log* log) {
  absl::MutexLock lock(&log_mutex);
  log_in_use = log;
}

}  // namespace

void HushLibraries() {
  gpr_set_log_function(&TakeGrpcLine);
  google::protobuf::SetLogHandler(&TakeProtobufLine);
}

LibraryLogs::LibraryLogs(Log& log) { Use(&log); }

LibraryLogs::~LibraryLogs() { Use(nullptr); }

}  // namespace closure
