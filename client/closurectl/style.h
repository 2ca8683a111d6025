// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_STYLE_H_
#define CLOSURE_CLIENT_CLOSURECTL_STYLE_H_

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace closure {

// How one stream is shown: its colours, and how wide its lines are. Without colour every function returns the text as
// it is.
struct Style {
  bool color = false;
  // How many terminal cells a line has; 0 where there is no terminal, whose lines have no limit: a reader by machine
  // gets each row of a table on one line.
  size_t columns = 0;

  std::string Wrap(absl::string_view text, absl::string_view code) const {
    if (!color || text.empty()) return std::string(text);
    return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
  }
  std::string Bold(absl::string_view text) const { return Wrap(text, "1"); }
  std::string Red(absl::string_view text) const { return Wrap(text, "31"); }

  // Colours a word that is the name of a state or status; other texts stay.
  std::string Word(absl::string_view word) const {
    constexpr std::array<std::pair<absl::string_view, absl::string_view>, 14> kColors = {{{"READY", "32"},
                                                                                          {"CLOSED", "32"},
                                                                                          {"ANSWERED", "32"},
                                                                                          {"DONE", "32"},
                                                                                          {"DELIVERED", "32"},
                                                                                          {"RENOUNCEABLE", "33"},
                                                                                          {"CHECKING", "36"},
                                                                                          {"RUNNING", "36"},
                                                                                          {"SILENT_PERIOD", "36"},
                                                                                          {"BLOCKED", "31"},
                                                                                          {"MUST_HANDLE", "31"},
                                                                                          {"ABORTED", "31"},
                                                                                          {"UNANSWERED", "31"},
                                                                                          {"DEAD_LETTERED", "31"}}};
    for (const auto& [name, code] : kColors) {
      if (name == word) return Wrap(word, code);
    }
    return std::string(word);
  }
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_STYLE_H_
