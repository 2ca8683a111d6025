// SPDX-License-Identifier: Apache-2.0
#include "server/time_witness.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure {
namespace {

// What the wall clock says beyond what is trusted: above zero what a boot withheld, below zero how far it went back.
absl::Duration Surplus(const Observation& next) { return FromProto(next.witness.withheld()); }
void SetSurplus(absl::Duration surplus, Observation& next) { *next.witness.mutable_withheld() = ToProto(surplus); }

void Credit(absl::Duration passed, Observation& next) {
  *next.witness.mutable_elapsed() = ToProto(FromProto(next.witness.elapsed()) + passed);
}

// Within one boot the boot-time clock is what counts. A wall clock that goes ahead is believed in nothing but that it
// makes up for having gone back.
void ObserveSameBoot(absl::Duration wall_passed, absl::Duration boot_passed, Observation& next) {
  Credit(std::max(boot_passed, absl::ZeroDuration()), next);
  const absl::Duration difference = wall_passed - boot_passed;
  const absl::Duration surplus = Surplus(next);
  if (difference < absl::ZeroDuration() || surplus < absl::ZeroDuration())
    SetSurplus(
        difference < absl::ZeroDuration() ? surplus + difference : std::min(surplus + difference, absl::ZeroDuration()),
        next);
  next.went_back = difference < -kClockJump;
  if (absl::AbsDuration(difference) <= kClockJump) return;
  next.jump = fmt::format("the wall clock moved by {} while the boot-time clock moved by {}",
                          absl::FormatDuration(wall_passed), absl::FormatDuration(boot_passed));
}

// Over a boot there is only the wall clock to go by, and it is believed for a day. One that went back before may have
// been set right meanwhile, so as much of it is no time that passed; nobody can tell whether it was, so that stays so.
void ObserveNewBoot(absl::Duration wall_passed, Observation& next) {
  next.went_back = wall_passed < -kClockJump;
  const absl::Duration surplus = Surplus(next);
  const absl::Duration passed = wall_passed + std::min(surplus, absl::ZeroDuration());
  const absl::Duration credit = std::clamp(passed, absl::ZeroDuration(), kBootCreditMax);
  Credit(credit, next);
  if (wall_passed < absl::ZeroDuration() || surplus >= absl::ZeroDuration())
    SetSurplus(surplus + wall_passed - credit, next);
  if (wall_passed > kBootCreditMax) {
    next.jump =
        fmt::format("the wall clock says that {} passed over a boot; at most {} is believed without an operator",
                    absl::FormatDuration(wall_passed), absl::FormatDuration(kBootCreditMax));
  } else if (wall_passed < -kClockJump) {
    next.jump = fmt::format("the wall clock went back by {} over a boot", absl::FormatDuration(-wall_passed));
  }
}

}  // namespace

absl::Duration Observation::elapsed() const { return FromProto(witness.elapsed()); }

Observation Observe(const internal::v1::ClockWitness& last, const ClockReading& reading) {
  Observation next{.witness = last};
  next.witness.set_boot_id(reading.boot_id);
  *next.witness.mutable_boot_time() = ToProto(reading.boot_time);
  *next.witness.mutable_wall_time() = ToProto(reading.wall);
  if (last.boot_id().empty()) return next;
  const absl::Duration wall_passed = reading.wall - FromProto(last.wall_time());
  if (last.boot_id() == reading.boot_id) {
    ObserveSameBoot(wall_passed, reading.boot_time - FromProto(last.boot_time()), next);
  } else {
    ObserveNewBoot(wall_passed, next);
  }
  return next;
}

internal::v1::ElapsedMark MarkOf(const internal::v1::ClockWitness& witness) {
  internal::v1::ElapsedMark mark;
  *mark.mutable_elapsed() = witness.elapsed();
  *mark.mutable_withheld() = witness.withheld();
  *mark.mutable_acknowledged() = witness.acknowledged();
  return mark;
}

absl::Duration PassedSince(const internal::v1::ElapsedMark& mark, const internal::v1::ClockWitness& witness) {
  const absl::Duration credited = FromProto(witness.acknowledged()) - FromProto(mark.acknowledged());
  return FromProto(witness.elapsed()) - FromProto(mark.elapsed()) -
         std::clamp(FromProto(mark.withheld()), absl::ZeroDuration(), credited);
}

internal::v1::ClockWitness CreditWithheld(internal::v1::ClockWitness witness, absl::Duration seen) {
  const absl::Duration withheld = FromProto(witness.withheld());
  const absl::Duration credit = std::max(std::min(withheld, seen), absl::ZeroDuration());
  *witness.mutable_elapsed() = ToProto(FromProto(witness.elapsed()) + credit);
  *witness.mutable_withheld() = ToProto(withheld - credit);
  *witness.mutable_acknowledged() = ToProto(FromProto(witness.acknowledged()) + credit);
  return witness;
}

}  // namespace closure
