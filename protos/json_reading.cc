// SPDX-License-Identifier: Apache-2.0
#include "protos/json_reading.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"
#include "protos/suggestion.h"

namespace closure {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kUnknownKey = ": Cannot find field.";
constexpr std::string_view kInvalidValue = "invalid value ";
constexpr std::string_view kForType = " for type ";

// Part of what somebody wrote, in one line: at most 60 bytes, not cut within a character.
std::string Shown(std::string_view text) {
  constexpr size_t kBytesMax = 60;
  std::string shown(text.substr(0, kBytesMax));
  const bool cut = text.size() > kBytesMax;
  while (cut && !shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xC0) == 0x80) shown.pop_back();
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return cut ? shown + "…" : shown;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// ---- places ----

// What a path of protobuf's messages leads to, such as "accounts[0].email".
struct Place {
  // What stands there, or holds the field; null when the path leads nowhere.
  const Descriptor* message = nullptr;
  // Null for the root.
  const FieldDescriptor* field = nullptr;
  // Whether the path names one element of a list.
  bool is_element = false;
};

Place FindPlace(const Descriptor& root, std::string_view path) {
  Place place{.message = &root};
  while (!path.empty() && place.message != nullptr) {
    const size_t dot = std::min(path.find('.'), path.size());
    const std::string_view step = path.substr(0, dot);
    path.remove_prefix(std::min(dot + 1, path.size()));
    const size_t bracket = step.find('[');
    const std::string name(step.substr(0, bracket));
    place.field = place.message->FindFieldByName(name);
    if (place.field == nullptr) return {};
    place.is_element = bracket != std::string_view::npos;
    if (place.field->message_type() != nullptr || !path.empty()) place.message = place.field->message_type();
  }
  return place;
}

// ---- what would be right ----

std::string EnumNames(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string& name = type.value(i)->name();
    if (name.find("UNSPECIFIED") == std::string::npos) names.push_back(name);
  }
  return Join(names);
}

std::string Expected(const FieldDescriptor& field, bool is_element, const std::string& value) {
  if (field.is_repeated() && !is_element) return fmt::format("{} is not a list; write [ … ]", value);
  if (field.enum_type() != nullptr) return fmt::format("{} is none of {}", value, EnumNames(*field.enum_type()));
  if (field.message_type() == google::protobuf::Duration::descriptor())
    return "is not a duration: seconds with an s behind them, such as \"3600s\" for an hour";
  if (field.message_type() == google::protobuf::Timestamp::descriptor())
    return "is not a time such as \"2020-01-31T00:00:00Z\"";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return fmt::format("{} is not an object; write {{ … }}", value);
    case FieldDescriptor::CPPTYPE_STRING:
      return fmt::format("{0} is not a text; write it in double quotes: \"{0}\"", value);
    case FieldDescriptor::CPPTYPE_BOOL:
      return fmt::format("{} is neither true nor false", value);
    default:
      return fmt::format("{} is not a whole number that fits", value);
  }
}

std::string UnknownKey(const Descriptor* message, const std::string& name) {
  if (message == nullptr) return "there is no such key";
  std::vector<std::string> known;
  for (int i = 0; i < message->field_count(); ++i) known.push_back(message->field(i)->json_name());
  const std::string nearest = NearestWord(JsonPath(name), known);
  if (!nearest.empty()) return fmt::format("there is no such key; did you mean \"{}\"?", nearest);
  return fmt::format("there is no such key; there are {}", Join(known));
}

// ---- protobuf's messages ----

// "REASON\nSEGMENT\n   ^": the segment is what stands around the fault, the caret is below the fault.
std::string ExplainSyntax(std::string_view text, std::string_view json) {
  const size_t first = text.find('\n');
  const size_t last = text.rfind('\n');
  std::string reason(text.substr(0, first));
  while (!reason.empty() && reason.back() == '.') reason.pop_back();
  if (first == last) return fmt::format("is not JSON: {}", Shown(reason));
  const std::string_view segment = text.substr(first + 1, last - first - 1);
  const size_t offset = std::min(text.size() - last - 2, segment.size());
  const std::string_view rest = segment.substr(offset, segment.find('\n', offset) - offset);
  const std::string near = rest.empty() ? "at the end of the line" : fmt::format("at: {}", Shown(rest));
  const size_t found = json.find(segment);
  if (found == std::string_view::npos || json.find(segment, found + 1) != std::string_view::npos)
    return fmt::format("is not JSON: {}, {}", reason, near);
  const std::string_view before = json.substr(0, found + offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  const auto columns =
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return fmt::format("line {}, column {}: is not JSON: {}, {}", lines + 1, columns + 1, reason, near);
}

// "(PATH) NAME: Cannot find field.", "NAME: Cannot find field." and "(PATH): invalid value VALUE for type TYPE".
std::string ExplainValue(std::string_view text, const Descriptor& root) {
  std::string_view path;
  std::string_view rest = text;
  if (const size_t end = text.find(')'); text.starts_with("(") && end != std::string_view::npos) {
    path = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" :"), rest.size()));
  }
  const Place place = FindPlace(root, path);
  const std::string shown_path = JsonPath(path);
  if (rest.ends_with(kUnknownKey)) {
    const std::string name(rest.substr(0, rest.size() - kUnknownKey.size()));
    return fmt::format("{}{}{}: {}", shown_path, path.empty() ? "" : ".", Shown(name), UnknownKey(place.message, name));
  }
  const size_t type = rest.rfind(kForType);
  if (!rest.starts_with(kInvalidValue) || type == std::string_view::npos || place.field == nullptr)
    return fmt::format("is not what is expected: {}", Shown(text));
  const std::string value = Shown(rest.substr(kInvalidValue.size(), type - kInvalidValue.size()));
  return fmt::format("{}: {}", shown_path, Expected(*place.field, place.is_element, value));
}

}  // namespace

std::string JsonPath(std::string_view path) {
  std::string json;
  bool raise = false;
  for (const char c : path) {
    if (c != '_') json += raise ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    raise = c == '_';
  }
  return json;
}

absl::Status ReadJson(std::string_view json, google::protobuf::Message& message) {
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return absl::InvalidArgumentError("is empty; an object is expected: { … }");
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const google::protobuf::util::Status parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &message, options);
  if (parsed.ok()) return absl::OkStatus();
  const std::string text(parsed.message());
  if (text.find("Root element must be a message") != std::string::npos)
    return absl::InvalidArgumentError("is not an object: it begins with { and ends with }");
  return absl::InvalidArgumentError(text.find('\n') == std::string::npos ? ExplainValue(text, *message.GetDescriptor())
                                                                         : ExplainSyntax(text, json));
}

}  // namespace closure
