// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LOG_H_
#define CLOSURE_SERVER_LOG_H_

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/clock.h"

namespace closure {

enum class LogLevel { kInfo, kWarning, kError };

// What a field of a line holds: text, or a truth value, which is written as one. Views what it is made from.
class LogValue {
 public:
  // Made where a line is written, so implicit.
  LogValue(std::string_view text) : text_(text) {}    // NOLINT(google-explicit-constructor)
  LogValue(const std::string& text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  LogValue(const char* text) : text_(text) {}         // NOLINT(google-explicit-constructor)
  // Only what is a truth value: a number would become one.
  template <std::same_as<bool> Truth>
  LogValue(Truth truth)  // NOLINT(google-explicit-constructor)
      : text_(truth ? "true" : "false"), quoted_(false) {}

  std::string_view text() const { return text_; }
  bool quoted() const { return quoted_; }

 private:
  std::string_view text_;
  bool quoted_ = true;
};
using LogFields = std::initializer_list<std::pair<std::string_view, LogValue>>;

// A time as the log writes every time: in UTC as RFC 3339, with microseconds and Z. Pure.
std::string FormatLogTime(absl::Time time);

// One line of JSON without its end: {"time":…,"level":…,"msg":…,FIELDS…}, time as FormatLogTime, every string
// escaped, bytes that are not UTF-8 replaced. Pure.
std::string FormatLogLine(absl::Time time, LogLevel level, std::string_view message, LogFields fields);

// Writes what operators should know, one event per line. Never personal data: no contact points, codes, texts of owners
// or request bodies; of a request only names and an operator's own reason. What another system said goes in without the
// owner's addresses (redaction.h). Thread-safe; a line is written whole.
class Log {
 public:
  using Sink = std::function<void(const std::string& line)>;
  // Writes to standard error. `clock` must outlive it.
  explicit Log(const Clock* clock);
  Log(const Clock* clock, Sink sink);

  void Info(std::string_view message, LogFields fields = {}) { Write(LogLevel::kInfo, message, fields); }
  void Warning(std::string_view message, LogFields fields = {}) { Write(LogLevel::kWarning, message, fields); }
  void Error(std::string_view message, LogFields fields = {}) { Write(LogLevel::kError, message, fields); }

 private:
  void Write(LogLevel level, std::string_view message, LogFields fields);

  const Clock* const clock_;
  absl::Mutex mutex_;
  Sink sink_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SERVER_LOG_H_
