// SPDX-License-Identifier: Apache-2.0
#include "checkers/item_facts.h"

#include <optional>

#include "checkers/answer_fault.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "protos/money.h"

namespace closure {
namespace {

constexpr size_t kIdBytesMax = 200;  // leaves room in a native id of 255 characters for what stands before it
constexpr size_t kStateCharactersMax = 100;
constexpr size_t kDisplayNameMax = 255;
constexpr size_t kInSentenceMax = 100;

}  // namespace

absl::Status ValidateId(std::string_view who, std::string_view field, std::string_view id) {
  if (id.empty()) return MalformedAnswer(fmt::format("{}: an entry has no {}", who, field));
  if (id.size() > kIdBytesMax) {
    return MalformedAnswer(fmt::format("{}: {} {} has more than {} bytes", who, field, QuotedExcerpt(id), kIdBytesMax));
  }
  if (HasControlCharacters(id)) {
    return MalformedAnswer(fmt::format("{}: {} {} is not printable text", who, field, QuotedExcerpt(id)));
  }
  return absl::OkStatus();
}

absl::Status ValidateState(std::string_view who, std::string_view id, std::string_view state) {
  const std::optional<size_t> characters = CountCharacters(state);
  if (!characters || *characters > kStateCharactersMax || HasControlCharacters(state)) {
    return MalformedAnswer(fmt::format("{}: the state {} of {} is not printable text of at most {} characters", who,
                                       QuotedExcerpt(state), QuotedExcerpt(id), kStateCharactersMax));
  }
  return absl::OkStatus();
}

absl::Status ValidateAmount(std::string_view who, std::string_view id, bool present, const v1::Money& amount,
                            bool zero_allowed) {
  if (!present) {
    return MalformedAnswer(fmt::format("{}: {} has no amount", who, QuotedExcerpt(id)));
  }
  const absl::Status valid = ValidateMoney(amount);
  if (!valid.ok()) {
    return MalformedAnswer(fmt::format("{}: the amount of {} is invalid: {}", who, QuotedExcerpt(id),
                                       PrintableText(std::string(valid.message()), 120)));
  }
  if (IsPositive(amount) || (zero_allowed && IsZero(amount))) return absl::OkStatus();
  return MalformedAnswer(fmt::format("{}: the amount of {} is {}, which is not {}", who, QuotedExcerpt(id),
                                     FormatMoney(amount), zero_allowed ? "zero or above" : "above zero"));
}

std::string DisplayName(std::string_view shown, std::string_view otherwise) {
  return PrintableText(shown.empty() ? otherwise : shown, kDisplayNameMax);
}

std::string InSentence(std::string_view shown) { return PrintableText(shown, kInSentenceMax); }

std::string ConsoleLink(std::string_view console_base_uri, std::string_view path, std::string_view id) {
  while (console_base_uri.ends_with('/')) console_base_uri.remove_suffix(1);
  return fmt::format("{}{}/{}", console_base_uri, path, PercentEncode(id));
}

}  // namespace closure
