// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/item_view.h"

#include "absl/strings/str_cat.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/table.h"
#include "client/closurectl/terminal_text.h"
#include "protos/money.h"

namespace closure {
namespace {

std::string ResolverText(const v1::BlockingItem& item) {
  return absl::StrCat(EnumText(item.resolver()), item.resolver_id().empty() ? "" : " ", item.resolver_id());
}

}  // namespace

std::string AmountText(const v1::Money& amount) {
  if (ValidateMoney(amount).ok()) return FormatMoney(amount);
  return absl::StrCat("units=", amount.units(), " nanos=", amount.nanos(), " ", amount.currency_code());
}

std::string ItemTableText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items, const Style& style) {
  Table table(
      {"NAME", "DISPOSITION", "KIND", "TYPE", "REGION", "DISPLAY_NAME", "AMOUNT", "RESOLVER", "RESOLUTION", "CHANGE"});
  for (const v1::BlockingItem& item : items) {
    table.AddRow({LastSegment(item.name()), EnumText(item.disposition()), EnumText(item.kind()), item.type(),
                  item.region_code(), item.display_name(), item.has_amount() ? AmountText(item.amount()) : "",
                  ResolverText(item), EnumText(item.resolution()), EnumText(item.change())});
  }
  return table.Text(style);
}

std::string ItemDetailText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items) {
  std::string text;
  for (const v1::BlockingItem& item : items) {
    absl::StrAppend(&text, EscapeLine(LastSegment(item.name())), "\n  why:     ", EscapeLine(item.why()),
                    "\n  who:     ", EscapeLine(ResolverText(item)), "\n  what:    ", EscapeLine(item.instructions()));
    if (!item.process_uri().empty()) absl::StrAppend(&text, "\n  process: ", EscapeLine(item.process_uri()));
    if (!item.resolution_detail().empty())
      absl::StrAppend(&text, "\n  release: ", EscapeLine(item.resolution_detail()));
    text.push_back('\n');
  }
  return text;
}

}  // namespace closure
