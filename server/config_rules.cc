// SPDX-License-Identifier: Apache-2.0
#include "server/config_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checkers/catalog.h"
#include "google/protobuf/duration.pb.h"
#include "server/participants/participant.h"
#include "server/phrases.h"

namespace closure {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kYear = 365 * 24 * kHour;

constexpr NumberRule kNumberRules[] = {
    {"ServerConfig", "shutdown_grace", 5 * kSecond, 100, 5 * kMinute},
    {"CheckerConfig", "deadline", 300 * kSecond, 100, 600 * kSecond},
    {"CheckerConfig", "max_items", 10'000, 1, 10'000},
    {"RemoteCheckerConfig", "max_bytes", 32 << 20, 1024, 32 << 20},
    {"RemoteCheckerConfig", "tries_max", 3, 1, 10},
    {"RemoteCheckerConfig", "calls_max", 128, 1, 10000},
    {"RemoteCheckerConfig", "retry_delay", 200, 10, kMinute},
    {"RemoteCheckerConfig", "breaker_failures", 5, 1, 1000},
    {"RemoteCheckerConfig", "breaker_pause", 5 * kSecond, 100, 10 * kMinute},
    {"RemoteCheckerConfig", "breaker_pause_max", kMinute, 100, kHour},
    {"ParticipantConfig", "deadline", 30 * kSecond, 100, 600 * kSecond},
    // Required: there is no default, and 0 is below the least.
    {"PhaseStage", "stage", 0, 1, 9},
    {"Policy", "silent_period", 168 * kHour, 24 * kHour, kYear},
    {"Policy", "idle_expiry_before_agreement", 24 * kHour, kMinute, kYear},
    {"Policy", "idle_expiry_after_agreement", 720 * kHour, kMinute, kYear},
    {"Policy", "code_lifetime", 10 * kMinute, kMinute, 24 * kHour},
    {"Policy", "code_attempts", 5, 1, 20},
    {"Policy", "resend_spacing", 60 * kSecond, kSecond, kHour},
    {"Policy", "codes_per_account_per_day", 20, 1, 1000},
    {"Policy", "scan_freshness", 30 * kMinute, kMinute, 24 * kHour},
    // The silent period begins at most about five minutes after Confirm (R17, R56).
    {"Policy", "confirm_limit", 5 * kMinute, kSecond, 5 * kMinute},
    {"Policy", "discard_limit", 10 * kMinute, kSecond, 24 * kHour},
    {"Policy", "request_id_retention", 720 * kHour, kHour, kYear},
    {"Policy", "notice_retry_limit", 72 * kHour, kMinute, kYear},
    {"Policy", "contact_change_window", 72 * kHour, kHour, kYear},
    {"Policy", "stuck_threshold", 15 * kMinute, kSecond, 168 * kHour},
    {"Policy", "forfeit_limit_units", 1000, 1, 1'000'000},
    {"Policy", "void_limit_units", 10, 1, 1'000'000},
    {"BreakerConfig", "deletions_per_hour_min", 20, 1, 1'000'000},
    {"BreakerConfig", "deletions_per_hour_permille", 10, 1, 1000},
    {"ServerLimits", "request_bytes_max", 262'144, 1024, 64 << 20},
    {"ServerLimits", "scans_max", 500, 1, 100'000},
    {"ServerLimits", "tasks_max", 1000, 1, 100'000},
    {"ServerLimits", "watches_max", 20'000, 1, 1'000'000},
    {"ServerLimits", "connections_max", 1000, 1, 100'000},
    {"ServerLimits", "connections_per_peer_max", 100, 1, 100'000},
    {"ServerLimits", "streams_per_connection_max", 1000, 1, 100'000},
    {"ServerLimits", "handshake_timeout", 5 * kSecond, 100, kMinute},
    {"ServerLimits", "connection_idle_max", 5 * kMinute, kSecond, 24 * kHour},
    {"ServerLimits", "connection_age_max", kHour, 10 * kSecond, 24 * kHour},
};

struct TextRule {
  std::string_view message;
  std::string_view field;
  std::string_view fallback;
};
constexpr TextRule kTextRules[] = {
    {"ServerConfig", "listen_address", "127.0.0.1:7443"},
    {"ServerConfig", "console_base_uri", "https://console.example.com"},
    {"BusinessCalendar", "time_zone", "Asia/Shanghai"},
};

template <typename Rules>
auto Find(const Rules& rules, const google::protobuf::FieldDescriptor& field) {
  return std::find_if(std::begin(rules), std::end(rules), [&field](const auto& rule) {
    return rule.message == field.containing_type()->name() && rule.field == field.name();
  });
}

}  // namespace

const NumberRule* FindNumberRule(const google::protobuf::FieldDescriptor& field) {
  const auto* rule = Find(kNumberRules, field);
  return rule == std::end(kNumberRules) ? nullptr : rule;
}

std::string_view FallbackText(const google::protobuf::FieldDescriptor& field) {
  const auto* rule = Find(kTextRules, field);
  return rule == std::end(kTextRules) ? std::string_view() : rule->fallback;
}

bool IsDuration(const google::protobuf::FieldDescriptor& field) {
  return field.message_type() == google::protobuf::Duration::descriptor();
}

std::string FormatMillis(int64_t millis) {
  const absl::Duration duration = absl::Milliseconds(millis);
  return millis % kSecond == 0 ? EnglishPhrases().duration(duration) : absl::FormatDuration(duration);
}

std::vector<std::string> BuiltinCheckerNames() {
  std::vector<std::string> names;
  // Without upstreams: they are only asked what they are.
  for (const auto& checker : MakeBuiltinCheckers(Upstreams{}, CheckerSettings{}))
    names.push_back(checker->description().name());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> BuiltinParticipantNames() {
  std::vector<std::string> names;
  for (const auto& participant : MakeBuiltinParticipants(Upstreams{}))
    names.push_back(participant->description().name());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace closure
