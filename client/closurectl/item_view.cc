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

// What is to be done about an item: its instructions hold only as long as it stands in the way.
std::string WhatText(const v1::BlockingItem& item) {
  switch (item.resolution()) {
    case v1::BlockingItem::RELEASING:
      return "nothing: it is being released";
    case v1::BlockingItem::RELEASED:
      return "nothing: it is released, the next scan confirms it";
    case v1::BlockingItem::RENOUNCED:
      return "nothing: it is renounced, and given up for good after the deletion is confirmed";
    case v1::BlockingItem::RESOLVED:
      return "nothing: the last scan did not find it any more";
    default:
      return item.instructions();
  }
}

std::string DetailLine(absl::string_view heading, absl::string_view text, const Style& style) {
  constexpr size_t kIndent = 2;
  const size_t begin = kIndent + heading.size();
  return absl::StrCat(std::string(kIndent, ' '), heading, WrapLine(EscapeLine(text), style.columns, begin, begin),
                      "\n");
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

std::string ItemDetailText(const v1::BlockingItem& item, const Style& style) {
  const std::string note = item.resolution_detail();
  // What is gone blocks no more: why it did is history.
  const bool gone = item.resolution() == v1::BlockingItem::RESOLVED || item.change() == v1::BlockingItem::GONE;
  return absl::StrCat(DetailLine(gone ? "was:     " : "why:     ", item.why(), style),
                      DetailLine("who:     ", ResolverText(item), style),
                      DetailLine("what:    ", WhatText(item), style),
                      item.process_uri().empty() ? "" : DetailLine("process: ", item.process_uri(), style),
                      note.empty() ? "" : DetailLine("release: ", note, style));
}

std::string ItemDetailText(const google::protobuf::RepeatedPtrField<v1::BlockingItem>& items, const Style& style) {
  std::string text;
  for (const v1::BlockingItem& item : items) {
    absl::StrAppend(&text, EscapeLine(LastSegment(item.name())), "\n", ItemDetailText(item, style));
  }
  return text;
}

}  // namespace closure
