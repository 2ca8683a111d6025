// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_PAGE_CHECKSUM_H_
#define CLOSURE_STORAGE_SQLITE_PAGE_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <span>

// The checksums of checksum_vfs.h. Every function is pure.
namespace closure::sqlite {

using Bytes = std::span<const unsigned char>;

// Writes the checksum of a database page into its last eight bytes. `number` counts from 1.
void SealPage(std::span<unsigned char> page, int64_t number);

// Whether a database page is as it was sealed. One of zeros only is not: with secure_delete SQLite writes every page.
bool IsSealedPage(Bytes page, int64_t number);

// The number in the first four bytes, as SQLite writes those of its files.
uint32_t BigEndian(Bytes at);

// The two numbers that SQLite's write-ahead log carries from frame to frame (sqlite.org/fileformat2.html, 4.2).
struct LogChecksum {
  uint32_t first = 0;
  uint32_t second = 0;
  friend bool operator==(const LogChecksum&, const LogChecksum&) = default;
};

// The sizes of pages that SQLite knows; each is a power of two.
inline constexpr int kPageBytesMin = 512;
inline constexpr int kPageBytesMax = 65536;

inline constexpr std::size_t kLogHeaderBytes = 32;
inline constexpr std::size_t kFrameHeaderBytes = 24;

// What the header of a log says of its frames.
struct LogForm {
  // 0 when the header is none.
  int64_t page_bytes = 0;
  bool big_endian = false;
};
LogForm ReadLogForm(Bytes log_header);

// Whether the header of a log has the checksum that it was written with.
bool IsSoundLogHeader(Bytes log_header);

// What the frames of one log have in common, and leftovers of the log before it have not.
inline constexpr std::size_t kSaltBytes = 8;
inline Bytes SaltsOfLog(Bytes log_header) { return log_header.subspan(16, kSaltBytes); }
inline Bytes SaltsOfFrame(Bytes frame_header) { return frame_header.subspan(8, kSaltBytes); }

// What a frame's header says of its page.
struct FrameWords {
  uint32_t page = 0;
  // The pages of the whole database, where the frame ends a transaction; 0 in another.
  uint32_t pages_after_commit = 0;
};
FrameWords ReadFrameWords(Bytes frame_header);

// The checksums that stand in headers.
LogChecksum ChecksumOfLog(Bytes log_header);
LogChecksum ChecksumOfFrame(Bytes frame_header);
void WriteChecksumOfFrame(const LogChecksum& sum, std::span<unsigned char> frame_header);

// The checksum of a frame; `before` is that of the frame before it, or of the log's header.
LogChecksum FrameChecksum(const LogForm& form, const LogChecksum& before, Bytes frame_header, Bytes page);

// Whether a page of the log is the one that its frame was written with. Its salts are another question.
bool IsSoundFrame(const LogForm& form, const LogChecksum& before, Bytes frame_header, Bytes page);

// Whether a whole frame is sound, and of the log with these salts.
bool IsFrameOfLog(const LogForm& form, Bytes salts, const LogChecksum& before, Bytes frame);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_PAGE_CHECKSUM_H_
