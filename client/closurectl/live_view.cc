// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/live_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/terminal_text.h"
#include "client/closurectl/wait_text.h"

namespace closure {
namespace {

std::string HeadLine(const v1::Closure& closure, const Style& style) {
  std::string line = absl::StrCat(style.Bold(EscapeLine(closure.name())), "  ", style.Word(EnumText(closure.state())));
  if (FromProtoDuration(closure.silent_period_remaining()) > absl::ZeroDuration()) {
    absl::StrAppend(&line, "  ", DurationText(closure.silent_period_remaining()), " left, until ",
                    TimeText(closure.silent_period_end_time()));
  }
  if (closure.has_hold()) absl::StrAppend(&line, "  on hold");
  if (!closure.waits().empty()) absl::StrAppend(&line, "\n", WaitAdvice(closure), ".");
  if (closure.scan().has_end_time()) absl::StrAppend(&line, "\n", CountsText(closure.item_counts()));
  return absl::StrCat(line, "\n");
}

// The number of attempts is left out: it does not make a line worth printing again.
std::string ParticipantText(const v1::ParticipantProgress& participant) {
  std::string text = absl::StrCat(EnumText(participant.phase()), " ", EnumText(participant.status()));
  if (!participant.last_error().empty()) absl::StrAppend(&text, ", last error: ", participant.last_error());
  return EscapeLine(text);
}

}  // namespace

LiveView::LiveView(Session& session, Stream stream) : session_(session), stream_(stream) {}

void LiveView::Show(const v1::Closure& closure) {
  const bool data = stream_ == Stream::kData;
  if (!session_.printer().table()) {
    if (data) session_.printer().JsonLine(closure);
    return;
  }
  const Environment& environment = session_.environment();
  const std::optional<std::string> terminal = environment.variable("TERM");
  const bool is_tty = data ? environment.out_is_tty : environment.err_is_tty;
  if (is_tty && terminal.value_or("dumb") != "dumb") {
    Draw(closure);
  } else {
    PrintDifferences(closure);
  }
}

void LiveView::Draw(const v1::Closure& closure) {
  const Style& style = stream_ == Stream::kData ? session_.printer().style() : session_.printer().err_style();
  std::string picture = HeadLine(closure, style);
  const bool scanning = closure.has_scan() && !closure.scan().has_end_time();
  if (closure.has_scan() && (scanning || closure.participants().empty())) {
    absl::StrAppend(&picture, CheckerTableText(closure.scan().checkers(), style));
  }
  absl::StrAppend(&picture, ParticipantTableText(closure, style));
  // Up to the first line of the last picture, then clear from there on.
  const std::string over = lines_drawn_ == 0 ? "" : absl::StrCat("\x1b[", lines_drawn_, "A\r\x1b[J");
  // Long lines are cut at the edge and not wrapped, so that a line of text is a line of the terminal.
  Write(absl::StrCat(over, "\x1b[?7l", picture, "\x1b[?7h"));
  lines_drawn_ = static_cast<int>(std::count(picture.begin(), picture.end(), '\n'));
}

void LiveView::PrintDifferences(const v1::Closure& closure) {
  std::string state = EnumText(closure.state());
  if (closure.cause() != v1::Closure::CAUSE_UNSPECIFIED) absl::StrAppend(&state, " ", EnumText(closure.cause()));
  PrintDifference(closure, "state", state);
  for (const v1::CheckerResult& checker : closure.scan().checkers()) {
    if (checker.status() == v1::CheckerResult::WAITING) continue;  // nothing happened yet
    const std::string subject = absl::StrCat("scan ", closure.scan().number(), " ", EscapeLine(checker.checker()));
    PrintDifference(closure, subject, CheckerLine(checker));
  }
  if (closure.scan().has_end_time()) {
    PrintDifference(closure, absl::StrCat("scan ", closure.scan().number(), " items"),
                    CountsText(closure.item_counts()));
  }
  if (closure.has_hold() || printed_.contains("hold")) {
    PrintDifference(closure, "hold", closure.has_hold() ? EscapeLine(closure.hold().reason()) : "released");
  }
  if (!closure.waits().empty() || printed_.contains("waits")) {
    PrintDifference(closure, "waits", closure.waits().empty() ? "no longer" : absl::StrCat(WaitAdvice(closure), "."));
  }
  for (const v1::ParticipantProgress& participant : closure.participants()) {
    if (participant.status() == v1::ParticipantProgress::WAITING) continue;
    const std::string subject =
        absl::StrCat("participant ", EscapeLine(participant.participant()), " stage ", participant.stage());
    PrintDifference(closure, subject, ParticipantText(participant));
  }
  for (const v1::Notice& notice : closure.notices()) {
    PrintDifference(closure, absl::StrCat("notice ", EnumText(notice.channel())), EnumText(notice.status()));
  }
}

void LiveView::PrintDifference(const v1::Closure& closure, const std::string& subject, const std::string& text) {
  std::string& printed = printed_[subject];
  if (printed == text) return;
  printed = text;
  Write(absl::StrCat("revision ", closure.revision(), "  ", subject, "  ", text, "\n"));
}

void LiveView::Write(absl::string_view text) {
  if (stream_ == Stream::kData) {
    session_.printer().Data(text);
  } else {
    session_.printer().Say(text);
  }
}

}  // namespace closure
