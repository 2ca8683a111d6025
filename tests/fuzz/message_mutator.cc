// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/message_mutator.h"

#include <cstdint>
#include <limits>

#include "tests/fuzz/fuzz_target.h"

namespace closure::fuzz {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void MessageMutator::Mutate(Message& message) const {
  const int fields = message.GetDescriptor()->field_count();
  if (fields == 0) return;
  const FieldDescriptor& field = *message.GetDescriptor()->field(static_cast<int>(random_() % unsigned(fields)));
  if (field.is_repeated()) {
    MutateRepeated(message, field);
  } else {
    MutateField(message, field);
  }
}

void MessageMutator::MutateField(Message& message, const FieldDescriptor& field) const {
  const Reflection& reflection = *message.GetReflection();
  if (OneIn(6)) return reflection.ClearField(&message, &field);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return Set(message, field);
  Mutate(*reflection.MutableMessage(&message, &field));
}

void MessageMutator::MutateRepeated(Message& message, const FieldDescriptor& field) const {
  const Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  if (size == 0 || OneIn(4)) return Add(message, field);
  if (OneIn(4)) return reflection.RemoveLast(&message, &field);
  const int at = static_cast<int>(random_() % unsigned(size));
  if (OneIn(4)) return reflection.SwapElements(&message, &field, at, size - 1);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    // Twice the same is a fault of its own.
    Message* const added = OneIn(4) ? reflection.AddMessage(&message, &field) : nullptr;
    Message& element = *reflection.MutableRepeatedMessage(&message, &field, at);
    return added == nullptr ? Mutate(element) : added->CopyFrom(element);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING)
    reflection.SetRepeatedString(&message, &field, at, Text(reflection.GetRepeatedString(message, &field, at)));
}

void MessageMutator::Add(Message& message, const FieldDescriptor& field) const {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Mutate(*reflection.AddMessage(&message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.AddString(&message, &field, Text(""));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.AddEnumValue(&message, &field, EnumNumber(*field.enum_type()));
    default:
      return;  // there are no repeated numbers
  }
}

void MessageMutator::Set(Message& message, const FieldDescriptor& field) const {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, OneIn(2));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnumValue(&message, &field, EnumNumber(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field, static_cast<int32_t>(Number()));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, Number());
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field, Text(reflection.GetString(message, &field)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, &field, static_cast<double>(Number()) / 8);
    default:
      return;  // no other type is used
  }
}

int64_t MessageMutator::Number() const {
  static constexpr int64_t kEdges[] = {0,
                                       1,
                                       -1,
                                       2,
                                       10,
                                       11,
                                       999,
                                       1000,
                                       1001,
                                       999'999'999,
                                       1'000'000'000,
                                       -999'999'999,
                                       std::numeric_limits<int32_t>::max(),
                                       std::numeric_limits<int32_t>::min(),
                                       std::numeric_limits<int64_t>::max(),
                                       std::numeric_limits<int64_t>::min(),
                                       253'402'300'799,   // the last second that a Timestamp may have
                                       -62'135'596'800};  // the first
  if (OneIn(4)) return static_cast<int64_t>((uint64_t{random_()} << 32) | random_());
  return kEdges[random_() % std::size(kEdges)];
}

int MessageMutator::EnumNumber(const EnumDescriptor& type) const {
  if (OneIn(10)) return static_cast<int>(Number());
  return type.value(static_cast<int>(random_() % unsigned(type.value_count())))->number();
}

std::string MessageMutator::Text(const std::string& text) const {
  if (!words_.empty() && OneIn(2)) {
    const std::string& word = words_[random_() % words_.size()];
    return OneIn(4) ? text + word : word;
  }
  return MutateBytes(text, kTextMax);
}

}  // namespace closure::fuzz
