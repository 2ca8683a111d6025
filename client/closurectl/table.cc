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

constexpr size_t kIndent = 4;
// The last text of a row stays beside the others as long as it has so many cells.
constexpr size_t kLastMin = 30;

// Where a column stands.
struct Place {
  bool new_line = false;
  size_t begin = 0;
};

// Columns side by side as far as they fit, the rest in further lines that are set in. `columns` 0 is no limit.
std::vector<Place> Places(const std::vector<size_t>& widths, size_t columns) {
  std::vector<Place> places;
  size_t begin = 0;
  for (size_t column = 0; column < widths.size(); ++column) {
    const bool last = column + 1 == widths.size();
    const size_t needed = last ? std::min(widths[column], kLastMin) : widths[column];
    const bool new_line = columns > 0 && column > 0 && begin + needed > columns;
    if (new_line) begin = kIndent;
    places.push_back({new_line, begin});
    begin += widths[column] + kGap;
  }
  return places;
}

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
  const std::vector<Place> places = Places(widths, style.columns);
  std::string result;
  for (const std::vector<std::string>& row : rows_) {
    size_t used = 0;
    for (size_t column = 0; column < row.size(); ++column) {
      const Place& place = places[column];
      if (place.new_line) result.push_back('\n');
      result.append(place.begin - (place.new_line ? 0 : used), ' ');
      const bool last = column + 1 == row.size();
      absl::StrAppend(&result,
                      style.Word(last ? WrapLine(row[column], style.columns, place.begin, place.begin) : row[column]));
      used = place.begin + DisplayWidth(row[column]);
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
                      style.Word(WrapLine(shown, style.columns, width + kGap, width + kGap)), "\n");
      shown_heading = "";
    }
  }
  return result;
}

}  // namespace closure
