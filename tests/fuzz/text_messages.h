// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_FUZZ_TEXT_MESSAGES_H_
#define CLOSURE_TESTS_FUZZ_TEXT_MESSAGES_H_

#include <memory>
#include <string>
#include <utility>

#include "google/protobuf/descriptor.h"
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

inline std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// A request of the method; null when the text is none.
inline std::unique_ptr<google::protobuf::Message> ReadTextRequest(const google::protobuf::MethodDescriptor& method,
                                                                  const std::string& text) {
  std::unique_ptr<google::protobuf::Message> request = NewMessage(method.input_type());
  return ReadTextMessage(text, *request) ? std::move(request) : nullptr;
}

}  // namespace closure::fuzz

#endif  // CLOSURE_TESTS_FUZZ_TEXT_MESSAGES_H_
