// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/enum_text.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/closurectl/terminal_text.h"
#include "protos/suggestion.h"

namespace closure {

std::string EnumText(const google::protobuf::EnumDescriptor* type, int value) {
  if (value == 0) return "<none>";
  const google::protobuf::EnumValueDescriptor* descriptor = type->FindValueByNumber(value);
  return descriptor == nullptr ? absl::StrCat(value) : descriptor->name();
}

std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor* type) {
  std::vector<std::string> words;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() != 0) words.push_back(type->value(i)->name());
  }
  return words;
}

absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor* type, absl::string_view word,
                              absl::string_view what) {
  const std::string name = absl::StrReplaceAll(absl::AsciiStrToUpper(word), {{"-", "_"}});
  const google::protobuf::EnumValueDescriptor* descriptor = type->FindValueByName(name);
  if (descriptor != nullptr && descriptor->number() != 0) return descriptor->number();
  const std::vector<std::string> words = EnumWords(type);
  const std::string nearest = NearestWord(name, words);
  const std::string suggestion = nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
  const absl::string_view article = absl::StrContains("aeiou", what.substr(0, 1)) ? "an " : "a ";
  return absl::InvalidArgumentError(absl::StrCat("\"", EscapeTyped(word), "\" is not ", article, what,
                                                 suggestion.empty() ? ";" : suggestion, " it is one of ",
                                                 absl::StrJoin(words, ", ")));
}

}  // namespace closure
