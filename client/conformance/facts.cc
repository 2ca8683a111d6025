// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/facts.h"

#include "checkers/text.h"
#include "fmt/format.h"

namespace closure {

Facts FactsOf(const CheckAnswer& answer) {
  Facts facts;
  for (const v1::ReportedItem& item : answer.items) {
    facts[item.native_id()] =
        fmt::format("{} {} {} {}", static_cast<int>(item.kind()), static_cast<int>(item.disposition()),
                    item.amount().ShortDebugString(), item.native_state());
  }
  return facts;
}

std::string FirstDifference(const Facts& first, const Facts& second) {
  for (const auto& [id, facts] : first) {
    const auto found = second.find(id);
    if (found == second.end()) return fmt::format("the item {} is in the first alone", QuotedExcerpt(id));
    if (found->second != facts)
      return fmt::format("the item {} has another kind, disposition, amount or state", QuotedExcerpt(id));
  }
  return first.size() == second.size() ? "" : "the second has items more";
}

}  // namespace closure
