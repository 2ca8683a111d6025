// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKSUM_VFS_H_
#define CLOSURE_STORAGE_SQLITE_CHECKSUM_VFS_H_

// A layer between SQLite and the file system that does not believe the disk: every page that is read has the checksum
// that it was written with, or the read fails with SQLITE_IOERR_DATA, and nothing is decided on it.
//
// In the database file the checksum stands in the last eight bytes of each page, which SQLite leaves to us once it was
// told to (kPageReserveBytes); it covers the page's number too, so that a page at another's place is found. Eighteen
// bytes of the file's header are left out, counters and versions, because the sqlite3 shell changes them in a backup.
// In the write-ahead log SQLite writes checksums of its own but compares them only after a crash; here each page that
// is read from it is compared. Pages are sealed in the log too, for other programs copy them from there; the checksums
// of frames are computed anew over what is sealed.
//
// A file without that room, of another program, is read as it is; whoever relies on the checksums asks whether there
// are any (kIsSealedControl). A log that is damaged before its last transaction is found at a start too (log_end.h),
// and before a checkpoint copies anything of it (checkpoint_guard.h).
namespace closure::sqlite {

// The name to open databases with. Registered by RegisterChecksumVfs; passes everything on to the file system that is
// SQLite's default when the file is opened. Uses no memory mapping.
inline constexpr char kChecksumVfs[] = "closure-checksum";

// How many bytes at the end of each page a new database has to leave free (SQLITE_FCNTL_RESERVE_BYTES).
inline constexpr int kPageReserveBytes = 8;

// A file control that sets an int to 1 when the pages of the database carry checksums, else to 0.
inline constexpr int kIsSealedControl = 0x434c53;
// One that sets an int64_t to how many frames of the log are committed; 0 where this connection knows of no log.
inline constexpr int kCommittedFramesControl = 0x434c54;
// The same for how many of these a checkpoint has copied into the file.
inline constexpr int kCopiedFramesControl = 0x434c55;

// Makes the name known to SQLite. Any thread, any number of times.
void RegisterChecksumVfs();

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKSUM_VFS_H_
