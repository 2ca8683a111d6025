// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_FUZZ_TEXT_MESSAGES_H_
#define CLOSURE_TESTS_FUZZ_TEXT_MESSAGES_H_

#include <string>

#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

namespace closure::fuzz {

// Reads a message from its text format, in which inputs are kept so that people can read them. Answers whether it
// could; what is wrong with a text is told to nobody.
inline bool ReadTextMessage(const std::string& text, google::protobuf::Message& message) {
  class SilentErrors final : public google::protobuf::io::ErrorCollector {
    void AddError(int, int, const std::string&) override {}
  };
  SilentErrors silent;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  return parser.ParseFromString(text, &message);
}

}  // namespace closure::fuzz

#endif  // CLOSURE_TESTS_FUZZ_TEXT_MESSAGES_H_
