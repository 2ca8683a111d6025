// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/printer.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "client/rpc_status.h"

namespace closure {
namespace {

std::string ToJson(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = indented;
  options.always_print_primitive_fields = true;
  std::string json;
  // Only a broken Any, Timestamp or Duration can fail, and the API has no Any; then what could be written is shown.
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) json = message.ShortDebugString();
  if (json.empty() || json.back() != '\n') json.push_back('\n');
  return json;
}

}  // namespace

absl::Status CheckWritten(const std::ostream& out) {
  if (out) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kDataLoss,
                         "the output could not be written in full: its reader went away, or the disk is full",
                         "OUTPUT_LOST");
}

Printer::Printer(std::ostream& out, std::ostream& err, OutputFormat format, Style out_style, Style err_style)
    : out_(out), err_(err), format_(format), out_style_(out_style), err_style_(err_style) {}

void Printer::Data(absl::string_view text) { out_ << text << std::flush; }

void Printer::Json(const google::protobuf::Message& message) {
  out_ << ToJson(message, format_ == OutputFormat::kJson) << std::flush;
}

void Printer::Json(const google::protobuf::Message& message, const google::protobuf::Message& more) {
  constexpr int kIndent = 1;
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  nlohmann::ordered_json both = nlohmann::ordered_json::parse(ToJson(message, false), nullptr, false);
  const nlohmann::ordered_json added = nlohmann::ordered_json::parse(ToJson(more, false), nullptr, false);
  if (!both.is_object() || !added.is_object()) {
    Json(message);
    Json(more);
    return;
  }
  both.update(added);
  out_ << both.dump(format_ == OutputFormat::kJson ? kIndent : -1, ' ', false, kReplace) << '\n' << std::flush;
}

void Printer::JsonList(const google::protobuf::Message& response) {
  if (format_ != OutputFormat::kJsonl) {
    Json(response);
    return;
  }
  const google::protobuf::Descriptor* descriptor = response.GetDescriptor();
  const google::protobuf::Reflection* reflection = response.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = descriptor->field(i);
    if (!field->is_repeated() || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    for (int n = 0; n < reflection->FieldSize(response, field); ++n)
      JsonLine(reflection->GetRepeatedMessage(response, field, n));
  }
}

void Printer::JsonLine(const google::protobuf::Message& message) { out_ << ToJson(message, false) << std::flush; }

void Printer::Note(absl::string_view line) {
  if (table()) err_ << line << '\n' << std::flush;
}

void Printer::Say(absl::string_view text) { err_ << text << std::flush; }

}  // namespace closure
