// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TIME_WITNESS_H_
#define CLOSURE_SERVER_TIME_WITNESS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "server/clock.h"

// How much time has passed, judged by every witness (docs/ARCHITECTURE.md). A silent period ends only when it has
// passed on the wall clock and in trusted elapsed time, so that no single clock can shorten it. Pure functions.
namespace closure {

// Wall and boot-time clock may differ by this much between two readings before it counts as a jump.
inline constexpr absl::Duration kClockJump = absl::Minutes(1);
// A new boot credits the wall clock's difference where it is no more than this.
inline constexpr absl::Duration kBootCreditMax = absl::Hours(24);

// Whether `end` has come, which was set at the time `end - span`. Where that lies ahead of the clock by more than a
// jump, it was set on a clock that has gone back since, and it has come too: it would last until the clock has caught
// up.
inline bool HasEnded(absl::Time end, absl::Duration span, absl::Time now) {
  return now >= end || end - span > now + kClockJump;
}

// What a new reading tells beside the last one.
struct Observation {
  internal::v1::ClockWitness witness;
  // What jumped, in words; empty when nothing did.
  std::string jump;
  // Whether the wall clock is more than a jump behind what it should show.
  bool went_back = false;
};

// Within one boot id only the boot-time clock counts. After a new boot the wall clock's difference is credited up to 24
// hours; a longer one is withheld whole and is a jump. A wall clock that went back credits nothing over a boot but what
// it shows beyond that, for over a boot nobody can tell what passed from what was set right. Disagreement can only
// lengthen, as long as nobody sets the wall clock wrong while the machine is off, or after the last witness before
// that.
Observation Observe(const internal::v1::ClockWitness& last, const ClockReading& reading);

// This moment on the trusted clock, and how much of it has passed since. What was withheld before the mark and credited
// after it passed before it, so it does not count.
internal::v1::ElapsedMark MarkOf(const internal::v1::ClockWitness& witness);
absl::Duration PassedSince(const internal::v1::ElapsedMark& mark, const internal::v1::ClockWitness& witness);

// This moment on the trusted clock for whoever does not store what was observed, so that later observations go on from
// what is stored now: no more is told to have passed since than beside a stored observation, and less by no more than
// the wall clock went ahead since the stored one, which is below a jump. Nothing where the stored one is of another
// boot: then what was observed has to be stored, for another observation may judge that boot anew (ADR 16).
std::optional<internal::v1::ElapsedMark> MarkBeside(const internal::v1::ClockWitness& stored,
                                                    const internal::v1::ClockWitness& observed);

// This moment within the present boot, and how much has passed since, for sure; nothing after another boot.
internal::v1::BootMark BootMarkOf(const internal::v1::ClockWitness& witness);
std::optional<absl::Duration> PassedWithinBoot(const internal::v1::BootMark& mark,
                                               const internal::v1::ClockWitness& witness);

// The same witness with at most `seen` of what was withheld credited, as an operator's acknowledgement of what was seen
// does.
internal::v1::ClockWitness CreditWithheld(internal::v1::ClockWitness witness, absl::Duration seen);

}  // namespace closure

#endif  // CLOSURE_SERVER_TIME_WITNESS_H_
