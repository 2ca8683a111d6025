// SPDX-License-Identifier: Apache-2.0
#include "server/time_witness.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure {
namespace {

void Add(absl::Duration by, google::protobuf::Duration& to) { to = ToProto(FromProto(to) + by); }
void TakeUpTo(absl::Duration by, google::protobuf::Duration& from) {
  from = ToProto(std::max(FromProto(from) - by, absl::ZeroDuration()));
}

// A wall clock that goes back takes back what it said had passed over a boot, and is behind from then on.
void GoBack(absl::Duration by, Observation& next) {
  TakeUpTo(by, *next.witness.mutable_withheld());
  Add(by, *next.witness.mutable_behind());
}

// Within one boot the boot-time clock is what counts. A wall clock that goes ahead is believed in nothing but that it
// catches up.
void ObserveSameBoot(absl::Duration wall_passed, absl::Duration boot_passed, Observation& next) {
  Add(std::max(boot_passed, absl::ZeroDuration()), *next.witness.mutable_elapsed());
  const absl::Duration difference = wall_passed - boot_passed;
  if (difference < absl::ZeroDuration())
    GoBack(-difference, next);
  else
    TakeUpTo(difference, *next.witness.mutable_behind());
  next.went_back = difference < -kClockJump;
  if (absl::AbsDuration(difference) <= kClockJump) return;
  next.jump = fmt::format("the wall clock moved by {} while the boot-time clock moved by {}",
                          absl::FormatDuration(wall_passed), absl::FormatDuration(boot_passed));
}

// Over a boot there is only the wall clock to go by, and it is believed for a day; one that says more may be wrong, and
// is believed in nothing. One that is behind may have been set right meanwhile, so as much of it is no time that
// passed; nobody can tell whether it was, so that stays so.
void ObserveNewBoot(absl::Duration wall_passed, Observation& next) {
  next.went_back = wall_passed < -kClockJump;
  const absl::Duration passed = std::max(wall_passed - FromProto(next.witness.behind()), absl::ZeroDuration());
  const absl::Duration credit = wall_passed > kBootCreditMax ? absl::ZeroDuration() : passed;
  Add(credit, *next.witness.mutable_elapsed());
  Add(passed - credit, *next.witness.mutable_withheld());
  if (wall_passed < absl::ZeroDuration()) GoBack(-wall_passed, next);
  if (wall_passed > kBootCreditMax) {
    next.jump =
        fmt::format("the wall clock says that {} passed over a boot; more than {} is not believed without an operator",
                    absl::FormatDuration(wall_passed), absl::FormatDuration(kBootCreditMax));
  } else if (wall_passed < -kClockJump) {
    next.jump = fmt::format("the wall clock went back by {} over a boot", absl::FormatDuration(-wall_passed));
  }
}

}  // namespace

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
  return FromProto(witness.elapsed()) - FromProto(mark.elapsed()) - std::min(credited, FromProto(mark.withheld()));
}

std::optional<internal::v1::ElapsedMark> MarkBeside(const internal::v1::ClockWitness& stored,
                                                    const internal::v1::ClockWitness& observed) {
  if (stored.boot_id() != observed.boot_id()) return std::nullopt;
  internal::v1::ElapsedMark mark = MarkOf(observed);
  // An acknowledgement credits what is withheld in the witness that it finds.
  *mark.mutable_withheld() = stored.withheld();
  // The next boot credits what the wall clock shows beyond the stored witness, with what it went ahead up to here.
  const absl::Duration wall_passed = FromProto(observed.wall_time()) - FromProto(stored.wall_time());
  const absl::Duration boot_passed = FromProto(observed.boot_time()) - FromProto(stored.boot_time());
  Add(std::max(wall_passed - boot_passed, absl::ZeroDuration()), *mark.mutable_elapsed());
  return mark;
}

internal::v1::BootMark BootMarkOf(const internal::v1::ClockWitness& witness) {
  internal::v1::BootMark mark;
  mark.set_boot_id(witness.boot_id());
  *mark.mutable_boot_time() = witness.boot_time();
  return mark;
}

std::optional<absl::Duration> PassedWithinBoot(const internal::v1::BootMark& mark,
                                               const internal::v1::ClockWitness& witness) {
  if (mark.boot_id() != witness.boot_id()) return std::nullopt;
  return FromProto(witness.boot_time()) - FromProto(mark.boot_time());
}

internal::v1::ClockWitness CreditWithheld(internal::v1::ClockWitness witness, absl::Duration seen) {
  const absl::Duration withheld = FromProto(witness.withheld());
  const absl::Duration credit = std::min(withheld, seen);
  *witness.mutable_elapsed() = ToProto(FromProto(witness.elapsed()) + credit);
  *witness.mutable_withheld() = ToProto(withheld - credit);
  *witness.mutable_acknowledged() = ToProto(FromProto(witness.acknowledged()) + credit);
  return witness;
}

}  // namespace closure
