// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_FAULT_KINDS_H_
#define CLOSURE_TESTS_IO_FAULTS_FAULT_KINDS_H_

#include <cstdint>
#include <optional>

#include "tests/io_faults/fault_vfs.h"

// Which call of which file can fail in which way.
namespace closure {

struct FaultKind {
  FileCall call;
  FileFailure failure;
  // Only of this file; of any when absent.
  std::optional<FileRole> role = std::nullopt;

  bool Fits(FileCall other, FileRole of) const { return other == call && (!role || *role == of); }
};

inline constexpr FaultKind kFaultKinds[] = {
    {FileCall::kOpen, FileFailure::kError},     {FileCall::kDelete, FileFailure::kError},
    {FileCall::kAccess, FileFailure::kError},   {FileCall::kRead, FileFailure::kError},
    {FileCall::kRead, FileFailure::kShort},     {FileCall::kRead, FileFailure::kFlippedBit},
    {FileCall::kWrite, FileFailure::kError},    {FileCall::kWrite, FileFailure::kShort},
    {FileCall::kWrite, FileFailure::kFull},     {FileCall::kWrite, FileFailure::kFlippedBit, FileRole::kDatabase},
    {FileCall::kTruncate, FileFailure::kError}, {FileCall::kTruncate, FileFailure::kFull},
    {FileCall::kSync, FileFailure::kError},     {FileCall::kFileSize, FileFailure::kError},
    {FileCall::kLock, FileFailure::kError},     {FileCall::kLock, FileFailure::kBusy},
    {FileCall::kShmMap, FileFailure::kError},   {FileCall::kShmLock, FileFailure::kError},
    {FileCall::kShmLock, FileFailure::kBusy},
};

// A log that is written wrong or not at all, by a disk that reports success.
inline constexpr FaultKind kWrongLog[] = {{FileCall::kWrite, FileFailure::kFlippedBit, FileRole::kLog},
                                          {FileCall::kWrite, FileFailure::kLost, FileRole::kLog}};

// Where a failure leaves on the disk what is wrong: what a write got wrong stays, what a read got wrong does not.
enum class Damage {
  kNone,
  // Whoever reads it finds it.
  kDatabase,
  // The process that wrote it finds it, and so does a start, but for the last transactions (log_end.h).
  kLog,
};
constexpr Damage DamageOf(const FaultKind& kind) {
  const bool reports_success = kind.failure == FileFailure::kFlippedBit || kind.failure == FileFailure::kLost;
  if (kind.call != FileCall::kWrite || !reports_success) return Damage::kNone;
  return kind.role == FileRole::kLog ? Damage::kLog : Damage::kDatabase;
}
// SQLite waits five seconds for a lock that somebody else has for ever; and in a log that is written wrong again and
// again nothing shows that anything was.
constexpr bool CanLast(const FaultKind& kind) {
  return kind.failure != FileFailure::kBusy && DamageOf(kind) != Damage::kLog;
}

// Of so many calls one is to fail, in a way that damages nothing, and does where that fits it; drawn from the seed. Not
// thread-safe: FaultVfs calls it one call at a time.
FaultVfs::Decide RandomFaults(std::uint64_t seed, std::uint64_t one_in);
// The same of syncs alone.
FaultVfs::Decide FailedSyncs(std::uint64_t seed, std::uint64_t one_in);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_FAULT_KINDS_H_
