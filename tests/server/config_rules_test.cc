// SPDX-License-Identifier: Apache-2.0
#include "server/config_rules.h"

#include <string>

#include "catch2/catch.hpp"
#include "closure/config/v1/server_config.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace closure {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

const FileDescriptor& ConfigFile() { return *config::v1::ServerConfig::descriptor()->file(); }

// The same messages and fields under names that are made of theirs.
using Rename = std::string (*)(const std::string& name);
const FileDescriptor& Renamed(DescriptorPool& pool, Rename message_name, Rename field_name) {
  FileDescriptorProto file;
  file.set_name("renamed.proto");
  for (int m = 0; m < ConfigFile().message_type_count(); ++m) {
    const google::protobuf::Descriptor& original = *ConfigFile().message_type(m);
    DescriptorProto& message = *file.add_message_type();
    message.set_name(message_name(original.name()));
    for (int f = 0; f < original.field_count(); ++f) {
      FieldDescriptorProto& field = *message.add_field();
      field.set_name(field_name(original.field(f)->name()));
      field.set_number(f + 1);
      field.set_type(FieldDescriptorProto::TYPE_INT64);
      field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    }
  }
  const FileDescriptor* const built = pool.BuildFile(file);
  REQUIRE(built != nullptr);
  return *built;
}

int RulesOf(const FileDescriptor& file) {
  int rules = 0;
  for (int m = 0; m < file.message_type_count(); ++m) {
    for (int f = 0; f < file.message_type(m)->field_count(); ++f) {
      const FieldDescriptor& field = *file.message_type(m)->field(f);
      rules += FindNumberRule(field) != nullptr;
      rules += !FallbackText(field).empty();
    }
  }
  return rules;
}

TEST_CASE("a rule is for the one field of the one message that it names", "[config]") {
  DescriptorPool same;
  const Rename keep = [](const std::string& name) { return name; };
  const int rules = RulesOf(Renamed(same, keep, keep));
  CHECK(rules == RulesOf(ConfigFile()));
  CHECK(rules > 20);
  // Not for names that only begin or end as one of a rule, or are as long.
  const Rename others[] = {[](const std::string& name) { return name + "x"; },
                           [](const std::string& name) { return "x" + name; },
                           [](const std::string& name) { return "x" + name.substr(1); }};
  for (const Rename other : others) {
    DescriptorPool other_messages;
    DescriptorPool other_fields;
    CHECK(RulesOf(Renamed(other_messages, other, keep)) == 0);
    CHECK(RulesOf(Renamed(other_fields, keep, other)) == 0);
  }
}

}  // namespace
}  // namespace closure
