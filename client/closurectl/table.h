// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_TABLE_H_
#define CLOSURE_CLIENT_CLOSURECTL_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/closurectl/style.h"

namespace closure {

// Rows under upper-case headings without spaces, columns two cells apart, no white space at the end of a line. Texts
// are escaped here, so callers pass what the server sent; an empty text reads "<none>".
class Table {
 public:
  explicit Table(std::vector<std::string> headings);

  // Adds a row; it has as many texts as there are headings.
  void AddRow(std::vector<std::string> texts);

  // The table, each line ended; the words of states are coloured where the style says so. A row that is wider than the
  // style's lines goes on in lines that are set in, and its last text is broken at spaces.
  std::string Text(const Style& style) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Lines of a heading and a text side by side, for one resource. Further lines of a text are put under its first; one
// that is too wide for the style is broken at spaces.
class FieldList {
 public:
  void Add(absl::string_view heading, absl::string_view text);
  // Adds the line only when there is a text.
  void AddIf(absl::string_view heading, absl::string_view text);

  std::string Text(const Style& style) const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_TABLE_H_
