// SPDX-License-Identifier: Apache-2.0
#include "server/config_rules.h"

#include <string>

#include "catch2/catch.hpp"
#include "closure/config/v1/server_config.pb.h"
#include "fmt/format.h"
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
const FileDescriptor& Renamed(DescriptorPool& pool, const std::string& message_format,
                              const std::string& field_format) {
  FileDescriptorProto file;
  file.set_name("renamed.proto");
  for (int m = 0; m < ConfigFile().message_type_count(); ++m) {
    const google::protobuf::Descriptor& original = *ConfigFile().message_type(m);
    DescriptorProto& message = *file.add_message_type();
    message.set_name(fmt::format(fmt::runtime(message_format), original.name()));
    for (int f = 0; f < original.field_count(); ++f) {
      FieldDescriptorProto& field = *message.add_field();
      field.set_name(fmt::format(fmt::runtime(field_format), original.field(f)->name()));
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
  const int rules = RulesOf(Renamed(same, "{}", "{}"));
  CHECK(rules == RulesOf(ConfigFile()));
  CHECK(rules > 20);
  for (const std::string longer : {"{}x", "x{}"}) {
    DescriptorPool other_messages;
    DescriptorPool other_fields;
    CHECK(RulesOf(Renamed(other_messages, longer, "{}")) == 0);
    CHECK(RulesOf(Renamed(other_fields, "{}", longer)) == 0);
  }
}

}  // namespace
}  // namespace closure
