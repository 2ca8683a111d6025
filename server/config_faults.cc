// SPDX-License-Identifier: Apache-2.0
#include "server/config_faults.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "checkers/text.h"
#include "closure/config/v1/server_config.pb.h"
#include "protos/suggestion.h"
#include "server/config_rules.h"
#include "server/strings.h"

namespace closure {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kSecondsPerWeek = 604'800;

struct Key {
  // "policy.silent_period"
  std::string path;
  const FieldDescriptor* field;
};

void AddKeys(const Descriptor& message, const std::string& prefix, std::vector<Key>& keys) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    keys.push_back({prefix + field.name(), &field});
    if (field.message_type() != nullptr && !IsDuration(field))
      AddKeys(*field.message_type(), Concat(prefix, field.name(), "."), keys);
  }
}

std::vector<Key> AllKeys() {
  std::vector<Key> keys;
  AddKeys(*config::v1::ServerConfig::descriptor(), "", keys);
  return keys;
}

// The text between the n-th pair of double quotes, counted from 0.
std::string QuotedPart(std::string_view message, int n) {
  for (;; --n) {
    const std::size_t begin = message.find('"');
    if (begin == std::string_view::npos) return "";
    const std::size_t end = message.find('"', begin + 1);
    if (end == std::string_view::npos) return "";
    if (n == 0) return std::string(message.substr(begin + 1, end - begin - 1));
    message.remove_prefix(end + 1);
  }
}

std::string Suggestion(const std::string& wrong, const std::vector<std::string>& known) {
  const std::string nearest = NearestWord(wrong, known);
  return nearest.empty() ? Concat("; there are ", absl::StrJoin(known, ", ")) : Concat("; did you mean ", nearest, "?");
}

std::string ExplainKey(const std::string& type_name, const std::string& key) {
  const Descriptor* const type =
      config::v1::ServerConfig::descriptor()->file()->pool()->FindMessageTypeByName(type_name);
  if (type == nullptr) return Concat("there is no key ", Quoted(key));
  if (type_name == "google.protobuf.Duration")
    return Concat("a duration has no ", Quoted(key), "; it is written in seconds: { seconds: ", kSecondsPerWeek, " }");
  std::vector<std::string> known;
  for (int i = 0; i < type->field_count(); ++i) known.push_back(type->field(i)->name());
  std::string suggestion = Suggestion(key, known);
  if (NearestWord(key, known).empty()) {
    for (const Key& other : AllKeys()) {
      if (other.field->name() == key) suggestion = Concat("; it belongs elsewhere: ", other.path);
    }
  }
  const std::string where = type == config::v1::ServerConfig::descriptor() ? "" : Concat(" in ", type->name());
  return Concat("there is no key ", Quoted(key), where, suggestion);
}

std::string ExplainEnum(const std::string& value, const std::string& field_name) {
  std::vector<std::string> known;
  for (const Key& key : AllKeys()) {
    if (key.field->name() != field_name || key.field->enum_type() == nullptr) continue;
    for (int i = 1; i < key.field->enum_type()->value_count(); ++i)  // 0 means that nothing was given
      known.push_back(key.field->enum_type()->value(i)->name());
  }
  return Concat(field_name, " cannot be ", Quoted(value), "; it is one of ", absl::StrJoin(known, ", "));
}

// The seconds that a duration such as "7d", "168h" or "604800" means.
std::optional<int64_t> SecondsOf(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  int64_t number = 0;
  if (end == 0 || end > 9 || !absl::SimpleAtoi(ToAbsl(text.substr(0, end)), &number)) return std::nullopt;
  const std::string_view unit = text.substr(end);
  if (unit.empty() || unit == "s") return number;
  if (unit == "m") return number * 60;
  if (unit == "h") return number * 3600;
  if (unit == "d") return number * 86'400;
  if (unit == "w") return number * kSecondsPerWeek;
  return std::nullopt;
}

bool IsKeyCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// How the duration is written that begins in this line before the column; empty when none does.
std::string DurationForm(std::string_view line, std::size_t column) {
  const std::string_view before = line.substr(0, column);
  const std::size_t last = before.find_last_not_of(" \t:\"0123456789");
  if (last == std::string_view::npos) return "";
  std::size_t begin = last + 1;
  while (begin > 0 && IsKeyCharacter(before[begin - 1])) --begin;
  const std::string name(before.substr(begin, last + 1 - begin));
  const std::vector<Key> keys = AllKeys();
  const bool is_duration = std::any_of(
      keys.begin(), keys.end(), [&](const Key& key) { return key.field->name() == name && IsDuration(*key.field); });
  if (!is_duration) return "";
  std::string_view value = line.substr(last + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t:\"'"), value.size()));
  value = value.substr(0, value.find_first_of(" \t\"'#;,}"));
  return Concat("a duration is written as ", name, " { seconds: ", SecondsOf(value).value_or(kSecondsPerWeek), " }");
}

// What protobuf's parser says in words of its own, in ours.
std::string ExplainSyntax(const std::string& message) {
  if (message.starts_with("Non-repeated field"))
    return Concat("the key ", QuotedPart(message, 0), " stands here again; it may be given once");
  // It names what it met, and at the end of the text there is nothing.
  if (message.ends_with(", got: ") || message.ends_with("found \"\"."))
    return "the text ends too early: a } or a value is missing";
  return message;
}

}  // namespace

std::string_view ConfigFaults::LineAt(int line) const {
  std::string_view rest = text_;
  for (; line > 0; --line) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return "";
    rest.remove_prefix(end + 1);
  }
  return rest.substr(0, rest.find('\n'));
}

void ConfigFaults::AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) {
  std::string what = message;
  if (message.starts_with("Message type ")) {
    what = ExplainKey(QuotedPart(message, 0), QuotedPart(message, 1));
  } else if (message.starts_with("Unknown enumeration value")) {
    what = ExplainEnum(QuotedPart(message, 0), QuotedPart(message, 1));
  } else if (const std::string form = line < 0 ? "" : DurationForm(LineAt(line), static_cast<std::size_t>(column));
             !form.empty()) {
    if (explained_line_ == line) return;
    explained_line_ = line;
    what = form;
  } else {
    what = ExplainSyntax(message);
  }
  faults_.push_back(line < 0 ? Concat(file_name_, ": ", what)
                             : Concat(file_name_, ":", line + 1, ":", column + 1, ": ", what));
}

void ConfigFaults::AddWarning(int line, google::protobuf::io::ColumnNumber column, const std::string& message) {
  AddError(line, column, message);
}

}  // namespace closure
