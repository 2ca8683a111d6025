// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_FAULTY_LIFE_H_
#define CLOSURE_TESTS_IO_FAULTS_FAULTY_LIFE_H_

#include <cstdint>
#include <string>

#include "tests/io_faults/fault_kinds.h"
#include "tests/io_faults/fault_vfs.h"

// A store over a disk that fails, beside one in memory that does not: what was acknowledged is in both, what was
// refused is in the first whole or not at all, and what is read is what was written.
namespace closure {

struct LifeOptions {
  uint64_t seed = 1;
  // How many writes, each decided on what is stored by then.
  int writes = 40;
  // How many writes a process before it made, or a few more, until it was killed: the store is opened with its log.
  int writes_before = 0;
  // A directory that is there, for the database.
  std::string directory;
  // Where the disk may leave behind what cannot be repaired. Then a start is refused or all is right; only what was
  // written last to a log may be gone.
  Damage damage = Damage::kNone;
  // What the disk does; see FaultVfs.
  FaultVfs::Decide decide;
};

struct LifeReport {
  // The promise that was broken; empty when all were kept.
  std::string broken;
  FaultVfs::Counts calls = {};
  int64_t failures = 0;
  int64_t acknowledged = 0;
  // Writes that were answered UNAVAILABLE, and those of them that were made all the same.
  int64_t refused = 0;
  int64_t made_though_refused = 0;
  // Opened anew, because the store was not opened or met damage.
  int64_t reopened = 0;
  // What was damaged for good refused to be opened, as it should; nothing is compared then.
  int64_t given_up = 0;
  // Lives that ended so: what the log got last was wrong, and gone after a new start.
  int64_t lost_ends = 0;

  // Adds what another life counted.
  LifeReport& operator+=(const LifeReport& other) {
    failures += other.failures;
    acknowledged += other.acknowledged;
    refused += other.refused;
    made_though_refused += other.made_though_refused;
    reopened += other.reopened;
    given_up += other.given_up;
    lost_ends += other.lost_ends;
    return *this;
  }
};

// Lives it: opens the store, makes the writes with reads between them, then lifts the faults, and demands that the
// store goes on, and what both hold is the same, before and after it is opened anew, and after a last stop with the
// faults.
LifeReport LiveWithFaults(const LifeOptions& options);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_FAULTY_LIFE_H_
