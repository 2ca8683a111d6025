// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_FAULTY_CLOSURE_H_
#define CLOSURE_TESTS_IO_FAULTS_FAULTY_CLOSURE_H_

#include <cstdint>
#include <string>

#include "closure/v1/closure.pb.h"
#include "tests/io_faults/fault_vfs.h"

// One whole closure of the running server over a disk that fails, from Create to its end, over gRPC.
namespace closure {

struct ClosureOptions {
  // CLOSED; ABORTED by a bill that comes in the silent period; or CANCELLED by the owner, after a bill that came before
  // the confirmation had the freezing taken back.
  v1::Closure::State end = v1::Closure::CLOSED;
  // A directory that is there and empty, for the database.
  std::string directory;
  // Whether the disk may leave behind what cannot be repaired; then a start is refused or all is right.
  bool may_damage = false;
  // Whether a server whose store writes no more dies instead of stopping in order: its log is there as it was, with
  // what was written and refused.
  bool dies = false;
  // Whether the disk loses the confirmation after it was acknowledged, which has to be noticed.
  bool loses_confirmation = false;
  // What the disk does until somebody notices: a call is refused, or nothing goes on. It is well from then on.
  FaultVfs::Decide decide;
  // Well only until the next step of the owner.
  bool comes_back = false;
};

struct ClosureReport {
  // The promise that was broken; empty when all were kept.
  std::string broken;
  FaultVfs::Counts calls = {};
  int64_t failures = 0;
  // Calls that were answered, and that were UNAVAILABLE and repeated.
  int64_t answered = 0;
  int64_t refused = 0;
  // Times that a server was started that a fault kept from starting, or that had to be started anew because its store
  // wrote no more.
  int64_t starts_refused = 0;
  int64_t restarted = 0;
  // How often time had to pass before what had failed was done again.
  int64_t waits = 0;
  // Freezings that were taken back because a fault took their time, and done again.
  int64_t detours = 0;
  // Codes that were asked for again, because a fault took the time of the one before.
  int64_t more_codes = 0;
  // What was damaged for good refused to be opened, as it should; what was done in the cloud is judged then.
  int64_t given_up = 0;

  // Adds what another closure counted.
  ClosureReport& operator+=(const ClosureReport& other) {
    failures += other.failures;
    answered += other.answered;
    refused += other.refused;
    starts_refused += other.starts_refused;
    restarted += other.restarted;
    waits += other.waits;
    detours += other.detours;
    more_codes += other.more_codes;
    given_up += other.given_up;
    return *this;
  }
};

ClosureReport CloseWithFaults(const ClosureOptions& options);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_FAULTY_CLOSURE_H_
