// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_FAULTY_BACKUP_H_
#define CLOSURE_TESTS_IO_FAULTS_FAULTY_BACKUP_H_

#include <cstdint>
#include <string>

#include "tests/io_faults/faulty_life.h"

// Backups over a disk that fails: each is whole or is not there, and the database that it is made of stays what it was.
namespace closure {

struct BackupOptions {
  // Of the writes in the database.
  std::uint64_t seed = 1;
  int writes = 40;
  // A directory that is there and empty.
  std::string directory;
  // What the disk does while the backup is made of a database in use; see FaultVfs.
  FaultVfs::Decide decide;
};

// Makes the database, and the backup. Of the report, `acknowledged` is 1 for a backup that was made, `refused` for one
// that was not.
LifeReport BackUpWithFaults(const BackupOptions& options);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_FAULTY_BACKUP_H_
