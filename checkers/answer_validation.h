// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_ANSWER_VALIDATION_H_
#define CLOSURE_CHECKERS_ANSWER_VALIDATION_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checkers/checker.h"
#include "closure/v1/checker_service.pb.h"

namespace closure {

class FundLimits;

// How many bytes of items one answer may hold.
inline constexpr size_t kAnswerBytesMax = 32 << 20;

// How far ahead of the server's clock a checker's may be.
inline constexpr absl::Duration kClockSkewMax = absl::Minutes(5);

// What an answer may be.
struct AnswerLimits {
  // The account that was asked about; empty where nobody was.
  std::string account_id;
  int items_max = 10000;
  size_t bytes_max = kAnswerBytesMax;
  // The facts must not be older than the question nor from the future.
  absl::Time as_of_min = absl::InfinitePast();
  absl::Time as_of_max = absl::InfiniteFuture();
  // How much money can be renounced; null where nobody knows. Outlives the call.
  const FundLimits* funds = nullptr;
};

// Judges what a checker answered; nothing in it is trusted (docs/checkers/README.md). It looks at
//
//   how much there is: the number of items and their bytes;
//   every field as checker_service.proto demands it: required ones, lengths in characters, known enum values, UTF-8,
//   and no control characters (line feeds are allowed in `why` and `instructions`), since all of it is shown in
//   terminals and pages; amounts: valid money above zero, present for every kind that is about money; links: absolute
//   https; that no native id comes twice, and that resolver_id says who, where it is not the owner; that every kind is
//   one that the description names, where it names any; that no item says that it is another account's; and that only
//   "billing" reports a balance or a debt, because renouncing those moves money at the billing system, and that what
//   it says can be renounced is within the limits, all of one kind and currency together (R23 to R25, D8); when the
//   facts are from.
//
// The first fault found is told: which item, which field, what is wrong; what is quoted of the answer is cut and made
// printable. Errors: with fault TOO_MUCH (answer_fault.h) for the first line above, with fault MALFORMED for all
// others. Pure; can be called from any thread.
absl::Status ValidateAnswer(const CheckAnswer& answer, const v1::CheckerDescription& description,
                            const AnswerLimits& limits);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_ANSWER_VALIDATION_H_
