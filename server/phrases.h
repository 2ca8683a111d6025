// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PHRASES_H_
#define CLOSURE_SERVER_PHRASES_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "closure/v1/closure.pb.h"

// The sentences of texts.h in one language. "$0", "$1" … are filled in by absl::Substitute; each comment says with
// what.
namespace closure {

struct Phrases {
  // ---- the risk prompt before a discard (R53) ----
  // The account's id.
  std::string_view discard_intro;
  // When nothing is open.
  std::string_view discard_nothing;
  std::string_view discard_resources;
  std::string_view discard_money;

  // ---- the risk prompt before Confirm (R19) ----
  // The account's id.
  std::string_view confirm_intro;
  std::string_view confirm_renounced;
  std::string_view confirm_nothing_renounced;
  // The forfeit limit and the void limit in units (D7).
  std::string_view confirm_late_settlement;
  // D3.
  std::string_view confirm_abort;

  // ---- both ----
  // The label of the kind, the name, the facts in brackets.
  std::string_view item_line;
  // How many.
  std::string_view more_items;
  // R22, R54.
  std::string_view balance_note;
  // The length of the silent period (R18, R63).
  std::string_view silent_period;

  // ---- identity codes (R44); the code, how long it lives ----
  std::string_view code_subject;
  std::string_view code_mail;
  std::string_view code_text;

  // ---- results (R64); the account's id, and for aborted the reason ----
  std::string_view closed_subject;
  std::string_view closed_mail;
  std::string_view closed_text;
  std::string_view aborted_subject;
  std::string_view aborted_mail;
  std::string_view aborted_text;
  std::string_view cancelled_subject;
  std::string_view cancelled_mail;
  std::string_view cancelled_text;
  std::string_view gone_subject;
  std::string_view gone_mail;
  std::string_view gone_text;
  std::string_view expired_subject;
  std::string_view expired_mail;
  std::string_view expired_text;
  // Where no reason is known.
  std::string_view unknown_reason;

  // What people call a kind.
  std::string_view (*kind_label)(v1::ItemKind kind);
  // "7 days", "90 minutes": the largest unit that is exact.
  std::string (*duration)(absl::Duration duration);
};

const Phrases& EnglishPhrases();
const Phrases& ChinesePhrases();

// The largest of days, hours, minutes and seconds of which the duration is a whole number, and that number.
enum class TimeUnit { kSeconds, kMinutes, kHours, kDays };
struct WholeDuration {
  int64_t number = 0;
  TimeUnit unit = TimeUnit::kSeconds;
};
WholeDuration InLargestUnit(absl::Duration duration);

}  // namespace closure

#endif  // CLOSURE_SERVER_PHRASES_H_
