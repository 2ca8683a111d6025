// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_FUZZ_MESSAGE_MUTATOR_H_
#define CLOSURE_TESTS_FUZZ_MESSAGE_MUTATOR_H_

#include <random>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace closure::fuzz {

// Changes messages field by field, so that what comes out is still a message: sets, clears, repeats, drops and
// exchanges fields at any depth. Texts become one of the words, or what libFuzzer makes of them.
class MessageMutator {
 public:
  // `words` are texts worth trying anywhere.
  MessageMutator(std::vector<std::string> words, std::mt19937& random) : words_(std::move(words)), random_(random) {}

  // Changes one field.
  void Mutate(google::protobuf::Message& message) const;

 private:
  static constexpr std::size_t kTextMax = 4096;

  void MutateField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field) const;
  void MutateRepeated(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field) const;
  void Add(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field) const;
  void Set(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field) const;

  bool OneIn(unsigned n) const { return random_() % n == 0; }
  int64_t Number() const;
  int EnumNumber(const google::protobuf::EnumDescriptor& type) const;
  std::string Text(const std::string& text) const;

  const std::vector<std::string> words_;
  std::mt19937& random_;
};

}  // namespace closure::fuzz

#endif  // CLOSURE_TESTS_FUZZ_MESSAGE_MUTATOR_H_
