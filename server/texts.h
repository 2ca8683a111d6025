// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TEXTS_H_
#define CLOSURE_SERVER_TEXTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/closure.pb.h"

// What owners read: risk prompts and messages, in English and Chinese; other languages get English (D9). Pure and
// thread-safe. Nothing here is written to logs.
namespace closure {

// What is lost, before a discard (closure BLOCKED: `items` are the open renounceable ones) or before Confirm (READY:
// `items` are the renounced ones) (R19, R22, R53, R54). It names each of the first 50 items and counts the rest,
// repeats that a remaining balance cannot be withdrawn, that the silent period can be neither revoked nor shortened and
// how long it is, and, before Confirm, what a consent to late settlements means with the limits (D7) and that an abort
// brings nothing back (D3). The digest covers the text and every item's name and fingerprint.
v1::RiskPrompt MakeRiskPrompt(const internal::v1::ClosureData& data, v1::Closure::State state,
                              const std::vector<v1::BlockingItem>& items);

// A message to an owner; the subject is empty for text messages.
struct MessageText {
  std::string subject;
  std::string body;
};

// Tells an identity code and how long it lives (R44).
MessageText MakeCodeMessage(std::string_view language_code, v1::Channel channel, std::string_view code,
                            absl::Duration lifetime);

// Tells the result of a closure that ended (R64): closed, or aborted with the reason, that what was released or
// forfeited does not come back (D3) and that the owner has to sign in, settle and restart from the beginning (R68);
// cancelled; expired.
MessageText MakeResultMessage(const internal::v1::ClosureData& data, v1::Channel channel);

// "a***@example.com", "+86*******1234".
std::string MaskAddress(v1::Channel channel, std::string_view address);

}  // namespace closure

#endif  // CLOSURE_SERVER_TEXTS_H_
