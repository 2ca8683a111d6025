// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CONFIG_FAULTS_H_
#define CLOSURE_SERVER_CONFIG_FAULTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/io/tokenizer.h"

namespace closure {

// What protobuf's parser finds wrong in a configuration, each with file, line and column and with what would be right:
// the key that was meant, the values that there are, the form of a duration. One thread.
class ConfigFaults final : public google::protobuf::io::ErrorCollector {
 public:
  // `text` is what is parsed and outlives it; `file_name` is for messages.
  ConfigFaults(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {}

  // Lines and columns count from 0 here, and from 1 for people.
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override;
  // A parser that goes on behind unknown keys warns of them.
  void AddWarning(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override;

  // "FILE:LINE:COLUMN: what", in the order in which they were found.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  std::string_view LineAt(int line) const;

  const std::string_view text_;
  const std::string file_name_;
  // Of the last duration that was explained; its form is told once.
  int explained_line_ = -1;
  std::vector<std::string> faults_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CONFIG_FAULTS_H_
