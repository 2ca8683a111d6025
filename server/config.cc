// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_join.h"
#include "checkers/proto_time.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/config_faults.h"
#include "server/config_rules.h"
#include "server/strings.h"

namespace closure {
namespace {

using config::v1::ServerConfig;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class SilentCollector final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

// ---- defaults ----

void SetNumber(Message& message, const FieldDescriptor& field, int64_t number) {
  const Reflection& reflection = *message.GetReflection();
  if (IsDuration(field)) {
    reflection.MutableMessage(&message, &field)->CopyFrom(ToProto(absl::Milliseconds(number)));
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    reflection.SetInt64(&message, &field, number);
  } else {
    reflection.SetInt32(&message, &field, static_cast<int32_t>(number));
  }
}

// Sections that are always there; a Disabled, for one, must not come into being by itself.
bool IsSection(const FieldDescriptor& field) {
  const std::string& name = field.name();
  return name == "policy" || name == "business_calendar" || name == "breaker" || name == "limits";
}

// A message that is not always there, and is.
bool IsGivenPart(const Message& message, const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field) &&
         message.GetReflection()->HasField(message, &field);
}

// Sets what is not set and has a default, in sections that are always there, in parts that are, and in lists.
void AddDefaults(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.is_repeated()) {
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      for (int n = 0; n < reflection.FieldSize(message, &field); ++n)
        AddDefaults(*reflection.MutableRepeatedMessage(&message, &field, n));
    } else if (IsSection(field) || IsGivenPart(message, field)) {
      AddDefaults(*reflection.MutableMessage(&message, &field));
    } else if (!reflection.HasField(message, &field)) {
      const NumberRule* const rule = FindNumberRule(field);
      const std::string_view text = FallbackText(field);
      if (rule != nullptr && rule->fallback != 0) SetNumber(message, field, rule->fallback);
      if (!text.empty()) reflection.SetString(&message, &field, std::string(text));
    }
  }
}

// ---- print ----

class ConfigPrinter {
 public:
  // `given` is null where the whole message is a default.
  void Print(const Message& complete, const Message* given, int indent) {
    for (int i = 0; i < complete.GetDescriptor()->field_count(); ++i)
      PrintField(complete, given, *complete.GetDescriptor()->field(i), indent);
  }
  std::string text() const { return text_; }

 private:
  void PrintField(const Message& complete, const Message* given, const FieldDescriptor& field, int indent) {
    const Reflection& reflection = *complete.GetReflection();
    if (field.is_repeated()) return PrintRepeated(complete, given, field, indent);
    const bool is_given = given != nullptr && reflection.HasField(*given, &field);
    if (!reflection.HasField(complete, &field)) {
      // A bool's absence is a value of its own.
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) Line(indent, Concat("# ", field.name(), " is not set"));
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) Line(indent, Concat(field.name(), ": false  # default"));
      return;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field)) {
      const Message* const part = is_given ? &reflection.GetMessage(*given, &field) : nullptr;
      return PrintBlock(field.name(), reflection.GetMessage(complete, &field), part, indent);
    }
    std::string value;
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.SetUseUtf8StringEscaping(true);
    printer.PrintFieldValueToString(complete, &field, -1, &value);
    value = IsDuration(field) ? Concat(field.name(), " { ", value, "}") : Concat(field.name(), ": ", value);
    Line(indent, Concat(value, Comment(complete, field, is_given)));
  }

  void PrintRepeated(const Message& complete, const Message* given, const FieldDescriptor& field, int indent) {
    const Reflection& reflection = *complete.GetReflection();
    for (int n = 0; n < reflection.FieldSize(complete, &field); ++n) {
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        std::string value;
        google::protobuf::TextFormat::PrintFieldValueToString(complete, &field, n, &value);
        Line(indent, Concat(field.name(), ": ", value));
        continue;
      }
      const Message& element = reflection.GetRepeatedMessage(complete, &field, n);
      PrintBlock(field.name(), element, given == nullptr ? nullptr : FindSame(*given, field, element), indent);
    }
  }

  // The given element of the same name; elements without a name are told apart by nothing, and are never defaults.
  static const Message* FindSame(const Message& given, const FieldDescriptor& field, const Message& element) {
    const FieldDescriptor* const name = element.GetDescriptor()->FindFieldByName("name");
    if (name == nullptr) return &element;
    const Reflection& reflection = *given.GetReflection();
    for (int n = 0; n < reflection.FieldSize(given, &field); ++n) {
      const Message& other = reflection.GetRepeatedMessage(given, &field, n);
      if (other.GetReflection()->GetString(other, name) == element.GetReflection()->GetString(element, name))
        return &other;
    }
    return nullptr;
  }

  void PrintBlock(const std::string& name, const Message& complete, const Message* given, int indent) {
    Line(indent, Concat(name, given == nullptr ? " {  # default" : " {"));
    Print(complete, given, indent + 1);
    Line(indent, "}");
  }

  static std::string Comment(const Message& message, const FieldDescriptor& field, bool is_given) {
    std::vector<std::string> notes;
    if (IsDuration(field)) {
      const auto& duration =
          static_cast<const google::protobuf::Duration&>(message.GetReflection()->GetMessage(message, &field));
      notes.push_back(FormatMillis(absl::ToInt64Milliseconds(FromProto(duration))));
    }
    if (!is_given) notes.emplace_back("default");
    return notes.empty() ? "" : Concat("  # ", absl::StrJoin(notes, ", "));
  }

  void Line(int indent, std::string_view line) {
    text_ += Concat(std::string(static_cast<std::size_t>(indent) * 2, ' '), line, "\n");
  }

  std::string text_;
};

}  // namespace

absl::StatusOr<ServerConfig> ParseConfig(std::string_view text, std::string_view file_name) {
  google::protobuf::TextFormat::Parser parser;
  ConfigFaults faults(text, file_name);
  ServerConfig config;
  SilentCollector silent;
  parser.RecordErrorsTo(&silent);
  if (parser.ParseFromString(std::string(text), &config)) return config;
  // Once more, going on behind unknown keys, to tell of all of them.
  parser.RecordErrorsTo(&faults);
  parser.AllowUnknownField(true);
  ServerConfig refused;
  parser.ParseFromString(std::string(text), &refused);
  return absl::InvalidArgumentError(faults.faults().empty() ? Concat(file_name, ": cannot be parsed")
                                                            : absl::StrJoin(faults.faults(), "\n"));
}

ServerConfig WithDefaults(const ServerConfig& given) {
  ServerConfig complete = given;
  for (const std::string& name : BuiltinCheckerNames()) {
    const auto& checkers = complete.checkers();
    const bool named =
        std::any_of(checkers.begin(), checkers.end(), [&name](const auto& checker) { return checker.name() == name; });
    if (!named) complete.add_checkers()->set_name(name);
  }
  AddDefaults(complete);
  return complete;
}

std::vector<std::string> KeysForNextStart(const ServerConfig& running, const ServerConfig& next) {
  std::vector<std::string> keys;
  for (int i = 0; i < running.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = running.GetDescriptor()->field(i);
    if (field->number() == ServerConfig::kCheckersFieldNumber ||
        field->number() == ServerConfig::kParticipantsFieldNumber)
      continue;
    google::protobuf::util::MessageDifferencer differencer;
    if (!differencer.CompareWithFields(running, next, {field}, {field})) keys.push_back(field->name());
  }
  return keys;
}

std::string FormatConfig(const ServerConfig& given) {
  ConfigPrinter printer;
  printer.Print(WithDefaults(given), &given, 0);
  return printer.text();
}

}  // namespace closure
