// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_POWER_CUTS_H_
#define CLOSURE_TESTS_IO_FAULTS_POWER_CUTS_H_

#include <cstdint>
#include <string>

#include "tests/io_faults/disk.h"

// A store whose machine loses its power again and again, at any file call: what was acknowledged is there at the next
// start, what was under way is there whole or not at all, and no start is refused for good.
namespace closure {

// What fails besides.
enum class CutFaults {
  kNone,
  // Calls at random: full disks, short writes, now and then a sync.
  kAny,
  // Syncs, often.
  kSyncs,
};

struct CutOptions {
  std::uint64_t seed = 1;
  // How often the power is cut.
  int cuts = 20;
  CutFaults faults = CutFaults::kNone;
  DiskLie lie = DiskLie::kNone;
  // A directory that is there, for the database.
  std::string directory;
};

struct CutReport {
  // The promise that was broken; empty when all were kept.
  std::string broken;
  std::int64_t cuts = 0;
  std::int64_t acknowledged = 0;
  std::int64_t refused = 0;
  std::int64_t failures = 0;
  // Orderly stops, each with a start behind it, that were not cut off.
  std::int64_t stops = 0;
  // Starts that failed with a call; the next one found everything.
  std::int64_t starts_refused = 0;
  // Writes that were under way when the power was cut and were there afterwards.
  std::int64_t made_at_cut = 0;

  // Adds what another life counted.
  CutReport& operator+=(const CutReport& other) {
    cuts += other.cuts;
    acknowledged += other.acknowledged;
    refused += other.refused;
    failures += other.failures;
    stops += other.stops;
    starts_refused += other.starts_refused;
    made_at_cut += other.made_at_cut;
    return *this;
  }
};

CutReport LiveWithPowerCuts(const CutOptions& options);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_POWER_CUTS_H_
