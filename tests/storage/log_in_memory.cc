// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/log_in_memory.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>

namespace closure {
namespace {

constexpr std::uint32_t kMagic = 0x377f0682U | (std::endian::native == std::endian::big ? 1U : 0U);
constexpr std::uint32_t kVersion = 3007000;

void Write(std::uint32_t word, std::span<unsigned char> to) {
  for (std::size_t i = 0; i < 4; ++i) to[i] = static_cast<unsigned char>(word >> (24 - 8 * i));
}

int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  auto& log = *static_cast<LogInMemory*>(file);
  if (log.on_read) log.on_read();
  if (log.reads++ == log.failing_read) return SQLITE_IOERR_READ;
  const auto begin = static_cast<std::size_t>(offset);
  if (begin + static_cast<std::size_t>(size) > log.bytes.size()) return SQLITE_IOERR_SHORT_READ;
  std::copy_n(log.bytes.begin() + offset, size, static_cast<unsigned char*>(to));
  return SQLITE_OK;
}

int Size(sqlite3_file* file, sqlite3_int64* size) {
  const auto& log = *static_cast<LogInMemory*>(file);
  *size = static_cast<sqlite3_int64>(log.bytes.size());
  return log.has_size ? SQLITE_OK : SQLITE_IOERR_FSTAT;
}

const sqlite3_io_methods* Methods() {
  static const sqlite3_io_methods kMethods = [] {
    sqlite3_io_methods methods = {};
    methods.iVersion = 1;
    methods.xRead = Read;
    methods.xFileSize = Size;
    return methods;
  }();
  return &kMethods;
}

}  // namespace

LogInMemory::LogInMemory(std::uint32_t salt) : sqlite3_file{Methods()}, bytes(sqlite::kLogHeaderBytes) {
  const std::span<unsigned char> header(bytes);
  const std::uint32_t words[] = {kMagic, kVersion, kPageBytes, 0, salt, 0x9abcdef0};
  for (std::size_t i = 0; i < std::size(words); ++i) Write(words[i], header.subspan(4 * i));
  SealHeader();
}

void LogInMemory::SealHeader() {
  // The sum goes over the six words before it, as it goes over what a frame covers: eight bytes, and the rest.
  const std::span<unsigned char> header(bytes.data(), sqlite::kLogHeaderBytes);
  const sqlite::LogForm form = {.page_bytes = kPageBytes, .big_endian = (header[3] & 1) != 0};
  const sqlite::LogChecksum sum = sqlite::FrameChecksum(form, {}, header, header.subspan(8, 16));
  Write(sum.first, header.subspan(24));
  Write(sum.second, header.subspan(28));
}

void LogInMemory::Append(bool commits, std::uint32_t page, std::uint32_t pages_after) {
  const sqlite::LogForm form = sqlite::ReadLogForm(bytes);
  const sqlite::LogChecksum before = frames_ == 0
                                         ? sqlite::ChecksumOfLog(bytes)
                                         : sqlite::ChecksumOfFrame(sqlite::Bytes(bytes).subspan(FrameAt(frames_ - 1)));
  bytes.resize(FrameAt(frames_ + 1));
  const std::span<unsigned char> frame = std::span(bytes).subspan(FrameAt(frames_));
  ++frames_;
  if (page == 0) page = frames_;
  pages_ = std::max(pages_, page);
  Write(page, frame);
  if (pages_after == 0) pages_after = pages_;
  Write(commits ? pages_after : 0, frame.subspan(4));
  std::ranges::copy(sqlite::SaltsOfLog(bytes), frame.begin() + 8);
  const std::span<unsigned char> content = frame.subspan(sqlite::kFrameHeaderBytes);
  std::ranges::fill(content, static_cast<unsigned char>(frames_));
  sqlite::SealPage(content, page);
  sqlite::WriteChecksumOfFrame(sqlite::FrameChecksum(form, before, frame, content), frame);
}

}  // namespace closure
