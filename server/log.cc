// SPDX-License-Identifier: Apache-2.0
#include "server/log.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/strings/str_format.h"
#include "checkers/utf8.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::size_t kValueBytesMax = 2000;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      break;
  }
  return "error";
}

// Characters of ASCII that stand in JSON as they are, which nearly all are.
bool IsPlain(char character) { return character >= ' ' && character < 0x7f && character != '"' && character != '\\'; }

void AppendString(std::string& line, std::string_view text) {
  text = CutAtCodePoint(text, kValueBytesMax);
  line += '"';
  for (;;) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, IsPlain) - text.begin());
    line += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::string_view before = text;
    const std::optional<char32_t> code_point = TakeCodePoint(text);
    if (!code_point) {
      text.remove_prefix(1);
      line += "\\ufffd";
    } else if (*code_point == '"' || *code_point == '\\') {
      line += Concat("\\", before.substr(0, 1));
    } else if (IsControl(*code_point)) {
      absl::StrAppendFormat(&line, "\\u%04x", static_cast<uint32_t>(*code_point));
    } else {
      line += before.substr(0, before.size() - text.size());
    }
  }
  line += '"';
}

void AppendField(std::string& line, std::string_view key, const LogValue& value) {
  line += line.size() == 1 ? "" : ",";
  AppendString(line, key);
  line += ':';
  if (value.quoted()) {
    AppendString(line, value.text());
  } else {
    line += value.text();
  }
}

}  // namespace

std::string FormatLogTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

std::string FormatLogLine(absl::Time time, LogLevel level, std::string_view message, LogFields fields) {
  std::string line = "{";
  AppendField(line, "time", FormatLogTime(time));
  AppendField(line, "level", LevelName(level));
  AppendField(line, "msg", message);
  for (const auto& [key, value] : fields) AppendField(line, key, value);
  return line + "}";
}

Log::Log(const Clock* clock)
    : Log(clock, [](const std::string& line) {
        const std::string whole = line + "\n";
        std::fwrite(whole.data(), 1, whole.size(), stderr);
      }) {}

Log::Log(const Clock* clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

void Log::Write(LogLevel level, std::string_view message, LogFields fields) {
  const std::string line = FormatLogLine(clock_->Now(), level, message, fields);
  absl::MutexLock lock(&mutex_);
  sink_(line);
}

}  // namespace closure
