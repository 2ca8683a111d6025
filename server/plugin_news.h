// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PLUGIN_NEWS_H_
#define CLOSURE_SERVER_PLUGIN_NEWS_H_

#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "checkers/remote/circuit_breaker.h"
#include "server/log.h"

namespace closure {

// Tells the log what is found of checkers and participants outside the process: that a checker is taken for dead, and
// when it answers again; that a participant is not there, or not what is configured. Shared with the calls under way,
// which may outlive the server and its log. Thread-safe.
class PluginNews {
 public:
  explicit PluginNews(Log* log) : log_(log) {}

  // Of the last answer only the code is told: its words are the checker's, and may have an owner's address.
  void Tell(std::string_view checker, CircuitBreaker::Turn turn, const absl::Status& last);
  // How a participant introduced itself, at the start and after each reload; of one that did well nothing is told.
  void TellIntroduction(std::string_view participant, const absl::Status& fits);
  // Tells nothing more.
  void Leave();

 private:
  absl::Mutex mutex_;
  Log* log_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PLUGIN_NEWS_H_
