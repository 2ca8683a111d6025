// SPDX-License-Identifier: Apache-2.0
#include "server/texts.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "checkers/proto_time.h"
#include "checkers/utf8.h"
#include "protos/money.h"
#include "protos/sha256.h"
#include "server/phrases.h"
#include "server/redaction.h"
#include "server/renounced_money.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::size_t kItemsNamed = 50;
constexpr std::size_t kReasonBytesMax = 400;
constexpr std::size_t kPhonePrefix = 3;
constexpr std::size_t kPhoneSuffix = 4;

const Phrases& PhrasesIn(std::string_view language_code) {
  const std::string_view primary = language_code.substr(0, language_code.find_first_of("-_"));
  return absl::EqualsIgnoreCase(ToAbsl(primary), "zh") ? ChinesePhrases() : EnglishPhrases();
}

// What tells one item from another: type and region, and the amount where it is about money.
std::string Facts(const v1::BlockingItem& item) {
  std::vector<std::string> facts;
  if (item.has_amount()) facts.push_back(FormatMoney(item.amount()));
  if (!IsRenouncedAsMoney(item.kind()) && !item.type().empty()) facts.push_back(item.type());
  if (!item.region_code().empty()) facts.push_back(item.region_code());
  if (!IsRenouncedAsMoney(item.kind()) && !item.native_id().empty() && item.native_id() != item.display_name())
    facts.push_back(item.native_id());
  return facts.empty() ? "" : Concat(" (", absl::StrJoin(facts, ", "), ")");
}

void AppendItems(const Phrases& phrases, const std::vector<const v1::BlockingItem*>& items,
                 std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(items.size(), kItemsNamed); ++i) {
    const v1::BlockingItem& item = *items[i];
    const std::string& name = item.display_name().empty() ? item.name() : item.display_name();
    lines.push_back(FillIn(phrases.item_line, phrases.kind_label(item.kind()), name, Facts(item)));
  }
  if (items.size() > kItemsNamed) lines.push_back(FillIn(phrases.more_items, items.size() - kItemsNamed));
}

std::vector<std::string> DiscardLines(const Phrases& phrases, const internal::v1::ClosureData& data,
                                      const std::vector<const v1::BlockingItem*>& items) {
  if (items.empty()) return {FillIn(phrases.discard_nothing, data.account_id())};
  std::vector<std::string> lines = {FillIn(phrases.discard_intro, data.account_id())};
  AppendItems(phrases, items, lines);
  const auto is_money = [](const v1::BlockingItem* item) { return IsRenouncedAsMoney(item->kind()); };
  if (!std::all_of(items.begin(), items.end(), is_money)) lines.emplace_back(phrases.discard_resources);
  if (std::any_of(items.begin(), items.end(), is_money)) lines.emplace_back(phrases.discard_money);
  return lines;
}

std::vector<std::string> ConfirmLines(const Phrases& phrases, const internal::v1::ClosureData& data,
                                      const std::vector<const v1::BlockingItem*>& items) {
  std::vector<std::string> lines = {FillIn(phrases.confirm_intro, data.account_id())};
  lines.emplace_back(items.empty() ? phrases.confirm_nothing_renounced : phrases.confirm_renounced);
  AppendItems(phrases, items, lines);
  lines.push_back(
      FillIn(phrases.confirm_late_settlement, data.policy().forfeit_limit_units(), data.policy().void_limit_units()));
  lines.emplace_back(phrases.confirm_abort);
  return lines;
}

// The text and what it covers, each with its length, so that no two prompts have the same digest.
std::string PromptDigest(std::string_view text, const std::vector<const v1::BlockingItem*>& items) {
  std::string covered = Concat(text.size(), ":", text);
  for (const v1::BlockingItem* item : items) {
    absl::StrAppend(&covered, item->name().size(), ":", item->name(), item->fingerprint().size(), ":",
                    item->fingerprint());
  }
  return Sha256Hex(covered);
}

struct ResultPhrases {
  std::string_view subject;
  std::string_view mail;
  std::string_view text;
};

ResultPhrases ResultPhrasesOf(const Phrases& phrases, const v1::Closure& closure) {
  switch (closure.state()) {
    case v1::Closure::CLOSED:
      return {phrases.closed_subject, phrases.closed_mail, phrases.closed_text};
    case v1::Closure::CANCELLED:
      if (closure.cause() == v1::Closure::ACCOUNT_GONE)
        return {phrases.gone_subject, phrases.gone_mail, phrases.gone_text};
      return {phrases.cancelled_subject, phrases.cancelled_mail, phrases.cancelled_text};
    case v1::Closure::EXPIRED:
      return {phrases.expired_subject, phrases.expired_mail, phrases.expired_text};
    default:
      if (closure.cause() == v1::Closure::ACCOUNT_GONE)
        return {phrases.gone_subject, phrases.gone_mail, phrases.gone_text};
      return {phrases.aborted_subject, phrases.aborted_mail, phrases.aborted_text};
  }
}

// A sentence in one line.
std::string ReasonOfResult(const Phrases& phrases, const v1::Closure& closure) {
  std::string_view detail = CutAtCodePoint(closure.cause_detail(), kReasonBytesMax);
  if (detail.empty()) return std::string(phrases.unknown_reason);
  std::string line;
  while (!detail.empty()) {
    const std::string_view before = detail;
    const std::optional<char32_t> code_point = TakeCodePoint(detail);
    if (!code_point) detail.remove_prefix(1);
    line += !code_point || IsControl(*code_point) ? " " : before.substr(0, before.size() - detail.size());
  }
  const bool ended = line.ends_with(".") || line.ends_with("。");
  return ended ? line : line + ".";
}

}  // namespace

WholeDuration InLargestUnit(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds != 0 && seconds % 86400 == 0) return {seconds / 86400, TimeUnit::kDays};
  if (seconds != 0 && seconds % 3600 == 0) return {seconds / 3600, TimeUnit::kHours};
  if (seconds != 0 && seconds % 60 == 0) return {seconds / 60, TimeUnit::kMinutes};
  return {seconds, TimeUnit::kSeconds};
}

v1::RiskPrompt MakeRiskPrompt(const internal::v1::ClosureData& data, v1::Closure::State state,
                              const std::vector<v1::BlockingItem>& items) {
  const Phrases& phrases = PhrasesIn(data.language_code());
  std::vector<const v1::BlockingItem*> sorted;
  sorted.reserve(items.size());
  for (const v1::BlockingItem& item : items) sorted.push_back(&item);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
  const bool confirm = state != v1::Closure::BLOCKED;
  std::vector<std::string> lines = confirm ? ConfirmLines(phrases, data, sorted) : DiscardLines(phrases, data, sorted);
  lines.emplace_back(phrases.balance_note);
  lines.push_back(FillIn(phrases.silent_period, phrases.duration(FromProto(data.policy().silent_period()))));
  v1::RiskPrompt prompt;
  // It outlives the owner's addresses, in the consents.
  prompt.set_text(WithoutAddresses(data, Concat(absl::StrJoin(lines, "\n"), "\n")));
  prompt.set_digest(PromptDigest(prompt.text(), sorted));
  return prompt;
}

MessageText MakeCodeMessage(std::string_view language_code, v1::Channel channel, std::string_view code,
                            absl::Duration lifetime) {
  const Phrases& phrases = PhrasesIn(language_code);
  const std::string lives = phrases.duration(lifetime);
  if (channel == v1::SMS) return {.subject = "", .body = FillIn(phrases.code_text, code, lives)};
  return {.subject = std::string(phrases.code_subject), .body = FillIn(phrases.code_mail, code, lives)};
}

MessageText MakeResultMessage(const internal::v1::ClosureData& data, v1::Channel channel) {
  const Phrases& phrases = PhrasesIn(data.language_code());
  const ResultPhrases result = ResultPhrasesOf(phrases, data.closure());
  const std::string reason = ReasonOfResult(phrases, data.closure());
  const auto fill = [&](std::string_view format) { return FillIn(format, data.account_id(), reason); };
  if (channel == v1::SMS) return {.subject = "", .body = fill(result.text)};
  return {.subject = fill(result.subject), .body = fill(result.mail)};
}

std::string MaskAddress(v1::Channel channel, std::string_view address) {
  if (channel == v1::EMAIL) {
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos || at == 0) return "***";
    std::string_view rest = address.substr(0, at);
    TakeCodePoint(rest);
    const std::string_view first = address.substr(0, at - rest.size());
    return Concat(first, "***", address.substr(at));
  }
  // A number in E.164 form is ASCII; of anything else nothing is shown.
  const bool ascii =
      std::all_of(address.begin(), address.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) return "***";
  if (address.size() <= kPhonePrefix + kPhoneSuffix) return std::string(address.size(), '*');
  return Concat(address.substr(0, kPhonePrefix), std::string(address.size() - kPhonePrefix - kPhoneSuffix, '*'),
                address.substr(address.size() - kPhoneSuffix));
}

}  // namespace closure
