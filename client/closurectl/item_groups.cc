// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

using Items = google::protobuf::RepeatedPtrField<v1::BlockingItem>;
using Group = std::vector<const v1::BlockingItem*>;

constexpr size_t kShownSinglyMax = 3;
constexpr size_t kNamesMax = 5;

// What the items of a group have in common. Why an item blocks is not among it: that names the item.
auto KeyOf(const v1::BlockingItem& item) {
  return std::tuple(item.checker(), item.kind(), item.disposition(), item.resolution(), item.type(), item.region_code(),
                    item.resolver(), item.resolver_id(), item.instructions());
}

// Groups in the order in which the first item of each came.
std::vector<Group> GroupsOf(const Items& items) {
  std::vector<Group> groups;
  std::map<decltype(KeyOf(items.Get(0))), size_t> index;
  for (const v1::BlockingItem& item : items) {
    const auto [found, is_new] = index.emplace(KeyOf(item), groups.size());
    if (is_new) groups.emplace_back();
    groups[found->second].push_back(&item);
  }
  return groups;
}

// "MUST_HANDLE UNPAID_BILL ecs/instance in us-east-1".
std::string SortText(const v1::BlockingItem& item, const Style& style) {
  std::string text = absl::StrCat(style.Word(EnumText(item.disposition())), " ", EnumText(item.kind()));
  if (!item.type().empty()) absl::StrAppend(&text, " ", EscapeLine(item.type()));
  if (!item.region_code().empty()) absl::StrAppend(&text, " in ", EscapeLine(item.region_code()));
  return text;
}

// "bill of May (12.50 USD)".
std::string NameText(const v1::BlockingItem& item) {
  const std::string name = item.display_name().empty() ? LastSegment(item.name()) : item.display_name();
  return EscapeLine(absl::StrCat(name, item.has_amount() ? absl::StrCat(" (", AmountText(item.amount()), ")") : ""));
}

std::string SingleText(const v1::BlockingItem& item, const Style& style) {
  return absl::StrCat(WrapLine(absl::StrCat(SortText(item, style), ": ", NameText(item)), style.columns, 0, 2), "\n",
                      ItemDetailText(item, style));
}

std::string GroupText(const Group& group, const Style& style) {
  std::string names = "  names:   ";
  const size_t begin = names.size();
  std::string listed;
  for (size_t i = 0; i < group.size() && i < kNamesMax; ++i) {
    absl::StrAppend(&listed, i == 0 ? "" : ", ", NameText(*group[i]));
  }
  if (group.size() > kNamesMax) absl::StrAppend(&listed, " and ", group.size() - kNamesMax, " more");
  absl::StrAppend(&names, WrapLine(listed, style.columns, begin, begin), "\n");
  const std::string sort = absl::StrCat(group.size(), " x ", SortText(*group[0], style), "; of the first:");
  return absl::StrCat(WrapLine(sort, style.columns, 0, 2), "\n", ItemDetailText(*group[0], style), names);
}

}  // namespace

std::string ItemGroupsText(const Items& items, const Style& style) {
  std::string text;
  for (const Group& group : GroupsOf(items)) {
    if (group.size() > kShownSinglyMax) {
      absl::StrAppend(&text, GroupText(group, style));
      continue;
    }
    for (const v1::BlockingItem* item : group) absl::StrAppend(&text, SingleText(*item, style));
  }
  return text;
}

}  // namespace closure
