// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_PRINTER_H_
#define CLOSURE_CLIENT_CLOSURECTL_PRINTER_H_

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/style.h"

namespace closure {

// How data is written: for people, or as proto3 JSON, one indented document or one line for each resource or change.
enum class OutputFormat { kTable, kJson, kJsonl };

// Whether everything that was written so far arrived. Errors: DATA_LOSS with the reason OUTPUT_LOST when the reader
// went away or the disk is full; what was done stays done.
absl::Status CheckWritten(const std::ostream& out);

// Writes data to one stream and messages to another. JSON holds every field, also those with their default value, so
// that a script can rely on them. Not for several threads.
class Printer {
 public:
  Printer(std::ostream& out, std::ostream& err, OutputFormat format, Style out_style, Style err_style);

  bool table() const { return format_ == OutputFormat::kTable; }
  OutputFormat format() const { return format_; }
  const Style& style() const { return out_style_; }
  const Style& err_style() const { return err_style_; }
  // Whether the data arrived; see CheckWritten.
  absl::Status written() const { return CheckWritten(out_); }

  // Data for people, as it is: escaped and with its line ends.
  void Data(absl::string_view text);
  // One resource as JSON.
  void Json(const google::protobuf::Message& message);
  // Two messages as one JSON object with the fields of both; a field of the second replaces one of the same name.
  void Json(const google::protobuf::Message& message, const google::protobuf::Message& more);
  // A list response as JSON; with kJsonl each element of its repeated field is a line.
  void JsonList(const google::protobuf::Message& response);
  // One change of a stream, always on one line.
  void JsonLine(const google::protobuf::Message& message);
  // A line for people on the message stream; nothing in the JSON formats, whose readers want errors there and nothing
  // else.
  void Note(absl::string_view line);
  // A line that belongs to a conversation on a terminal, in every format.
  void Say(absl::string_view text);

 private:
  std::ostream& out_;
  std::ostream& err_;
  const OutputFormat format_;
  const Style out_style_;
  const Style err_style_;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_PRINTER_H_
