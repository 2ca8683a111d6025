// SPDX-License-Identifier: Apache-2.0
#include "checkers/answer_validation.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/billing/fund_limits.h"
#include "checkers/renounced_kinds.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "fmt/format.h"
#include "protos/money.h"

namespace closure {
namespace {

// How long a text may be, in characters, and what may be in it.
struct TextRule {
  std::string_view field;
  const std::string& (v1::ReportedItem::*text)() const;
  size_t min;
  size_t max;
  bool line_feed_allowed;
};

constexpr TextRule kTextRules[] = {
    {"native_id", &v1::ReportedItem::native_id, 1, 255, false},
    {"type", &v1::ReportedItem::type, 1, 100, false},
    {"region_code", &v1::ReportedItem::region_code, 0, 64, false},
    {"display_name", &v1::ReportedItem::display_name, 1, 255, false},
    {"why", &v1::ReportedItem::why, 1, 500, true},
    {"resolver_id", &v1::ReportedItem::resolver_id, 0, 255, false},
    {"instructions", &v1::ReportedItem::instructions, 1, 1000, true},
    {"process_uri", &v1::ReportedItem::process_uri, 1, 2000, false},
    {"native_state", &v1::ReportedItem::native_state, 0, 100, false},
};

// Whether an item of this kind is about an amount of money.
bool HasAmount(v1::ItemKind kind) {
  return kind == v1::UNPAID_BILL || kind == v1::UNBILLED_CHARGE || kind == v1::CREDIT_NOTE || kind == v1::BALANCE ||
         kind == v1::DEBT;
}

// What is wrong with one text; empty when nothing is.
std::string TextComplaint(const TextRule& rule, const std::string& text) {
  if (text.size() >= rule.min && text.size() <= rule.max && IsPlainAscii(text)) return "";
  const std::optional<size_t> characters = CountCharacters(text);
  if (!characters) return fmt::format("{} {} is not valid UTF-8", rule.field, QuotedExcerpt(text));
  if (*characters < rule.min) return fmt::format("{} is required", rule.field);
  if (*characters > rule.max) {
    return fmt::format("{} {} has {} characters, more than {}", rule.field, QuotedExcerpt(text), *characters, rule.max);
  }
  if (HasControlCharacters(text, rule.line_feed_allowed)) {
    return fmt::format("{} {} holds control characters", rule.field, QuotedExcerpt(text));
  }
  return "";
}

std::string EnumComplaint(const v1::ReportedItem& item, const v1::CheckerDescription& description) {
  const v1::ItemKind kind = item.kind();
  if (kind == v1::ITEM_KIND_UNSPECIFIED) return "kind is required";
  if (!v1::ItemKind_IsValid(kind)) {
    return fmt::format("kind {} is unknown", static_cast<int>(kind));
  }
  const auto& kinds = description.kinds();
  if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    return fmt::format("kind {} is not one of the description", v1::ItemKind_Name(kind));
  }
  if (IsRenouncedAsMoney(kind) && description.name() != kBillingName) {
    return fmt::format("kind {} can be reported by {} only", v1::ItemKind_Name(kind), kBillingName);
  }
  if (item.disposition() == v1::DISPOSITION_UNSPECIFIED) return "disposition is required";
  if (!v1::Disposition_IsValid(item.disposition())) {
    return fmt::format("disposition {} is unknown", static_cast<int>(item.disposition()));
  }
  if (item.resolver() == v1::RESOLVER_UNSPECIFIED) return "resolver is required";
  if (!v1::Resolver_IsValid(item.resolver())) {
    return fmt::format("resolver {} is unknown", static_cast<int>(item.resolver()));
  }
  if (item.resolver() != v1::OWNER && item.resolver_id().empty()) {
    return fmt::format("resolver_id is required where the resolver is {}", v1::Resolver_Name(item.resolver()));
  }
  return "";
}

std::string AmountComplaint(const v1::ReportedItem& item) {
  if (!item.has_amount()) {
    if (!HasAmount(item.kind())) return "";
    return fmt::format("amount is required for the kind {}", v1::ItemKind_Name(item.kind()));
  }
  const absl::Status valid = ValidateMoney(item.amount());
  if (!valid.ok()) {
    return fmt::format("amount is invalid: {}", PrintableText(std::string(valid.message()), 120));
  }
  if (IsPositive(item.amount())) return "";
  return fmt::format("amount {} is not above zero", FormatMoney(item.amount()));
}

std::string AccountComplaint(const v1::ReportedItem& item, const AnswerLimits& limits) {
  if (item.account_id().empty() || item.account_id() == limits.account_id) return "";
  return fmt::format("it is of the account {}, which was not asked about", QuotedExcerpt(item.account_id()));
}

std::string ItemComplaint(const v1::ReportedItem& item, const v1::CheckerDescription& description) {
  for (const TextRule& rule : kTextRules) {
    std::string complaint = TextComplaint(rule, (item.*rule.text)());
    if (!complaint.empty()) return complaint;
  }
  std::string complaint = EnumComplaint(item, description);
  if (!complaint.empty()) return complaint;
  if (!IsHttpsUri(item.process_uri())) {
    return fmt::format("process_uri {} is not an absolute https address", QuotedExcerpt(item.process_uri()));
  }
  return AmountComplaint(item);
}

// Adds up the money of an answer that can be renounced.
class RenounceableMoney {
 public:
  explicit RenounceableMoney(const FundLimits* limits) : limits_(limits) {}

  // What is wrong with a valid item: with what came before it there is more than may be renounced.
  std::string Complaint(const v1::ReportedItem& item) {
    if (limits_ == nullptr || !IsRenouncedAsMoney(item.kind()) || item.disposition() != v1::RENOUNCEABLE) return "";
    const auto [sum, is_first] = sums_.try_emplace({item.kind(), item.amount().currency_code()}, item.amount());
    const absl::StatusOr<v1::Money> total = is_first ? item.amount() : AddMoney(sum->second, item.amount());
    if (!total.ok()) return "the amounts do not fit into a sum";
    sum->second = *total;
    const FundLimits::Verdict verdict = limits_->Judge(item.kind(), *total);
    if (verdict.within) return "";
    return fmt::format("amount {} is said to be renounceable, and with what was renounced before is above {}",
                       FormatMoney(*total), FormatMoney(verdict.limit));
  }

 private:
  const FundLimits* const limits_;
  std::map<std::pair<v1::ItemKind, std::string>, v1::Money> sums_;
};

absl::Status ValidateAmountOfAnswer(const CheckAnswer& answer, const AnswerLimits& limits) {
  if (answer.items.size() > static_cast<size_t>(std::max(0, limits.items_max))) {
    return TooMuchAnswer(fmt::format("the answer has {} items, more than {}", answer.items.size(), limits.items_max));
  }
  size_t bytes = 0;
  for (const v1::ReportedItem& item : answer.items) {
    bytes += item.ByteSizeLong();
    if (bytes > limits.bytes_max) {
      return TooMuchAnswer(fmt::format("the answer's items have more than {} bytes", limits.bytes_max));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateAnswer(const CheckAnswer& answer, const v1::CheckerDescription& description,
                            const AnswerLimits& limits) {
  if (auto little = ValidateAmountOfAnswer(answer, limits); !little.ok()) return little;
  if (answer.as_of < limits.as_of_min || answer.as_of > limits.as_of_max) {
    return MalformedAnswer(fmt::format("as_of_time says {}, which is not between {} and {}",
                                       absl::FormatTime(answer.as_of, absl::UTCTimeZone()),
                                       absl::FormatTime(limits.as_of_min, absl::UTCTimeZone()),
                                       absl::FormatTime(limits.as_of_max, absl::UTCTimeZone())));
  }
  std::unordered_set<std::string_view> native_ids;
  RenounceableMoney money(limits.funds);
  for (size_t i = 0; i < answer.items.size(); ++i) {
    const v1::ReportedItem& item = answer.items[i];
    std::string complaint = AccountComplaint(item, limits);
    if (complaint.empty()) complaint = ItemComplaint(item, description);
    if (complaint.empty() && !native_ids.insert(item.native_id()).second) {
      complaint = "the native_id comes twice";
    }
    if (complaint.empty()) complaint = money.Complaint(item);
    if (!complaint.empty()) {
      return MalformedAnswer(fmt::format("item {} ({}): {}", i + 1, QuotedExcerpt(item.native_id()), complaint));
    }
  }
  return absl::OkStatus();
}

}  // namespace closure
