// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

constexpr size_t kGap = 2;

std::string Shown(absl::string_view text) { return text.empty() ? "<none>" : EscapeLine(text); }

}  // namespace

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

void Table::AddRow(std::vector<std::string> texts) {
  for (std::string& text : texts) text = Shown(text);
  rows_.push_back(std::move(texts));
}

std::string Table::Text(const Style& style) const {
  std::vector<size_t> widths(rows_.front().size());
  for (const std::vector<std::string>& row : rows_) {
    for (size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], DisplayWidth(row[column]));
  }
  std::string result;
  for (const std::vector<std::string>& row : rows_) {
    for (size_t column = 0; column < row.size(); ++column) {
      const bool last = column + 1 == row.size();
      absl::StrAppend(&result, style.Word(row[column]));
      if (!last) result.append(widths[column] + kGap - DisplayWidth(row[column]), ' ');
    }
    result.push_back('\n');
  }
  return result;
}

void FieldList::Add(absl::string_view heading, absl::string_view text) { lines_.emplace_back(heading, text); }

void FieldList::AddIf(absl::string_view heading, absl::string_view text) {
  if (!text.empty()) Add(heading, text);
}

std::string FieldList::Text(const Style& style) const {
  size_t width = 0;
  for (const auto& [heading, text] : lines_) width = std::max(width, heading.size());
  std::string result;
  for (const auto& [heading, text] : lines_) {
    absl::string_view shown_heading = heading;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::string shown = Shown(line);
      absl::StrAppend(&result, style.Bold(shown_heading), std::string(width + kGap - shown_heading.size(), ' '),
                      style.Word(shown), "\n");
      shown_heading = "";
    }
  }
  return result;
}

}  // namespace closure
