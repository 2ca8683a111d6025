// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/page_checksum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>

namespace closure::sqlite {
namespace {

constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kRoundBytes = 32;
// So many hold the header of the file, of 100 bytes.
constexpr std::size_t kHeaderRounds = 4;
// What a backup by the sqlite3 shell changes in the header of the file: the journal's version, the change counter, the
// schema's cookie, and for which change counter and by which SQLite it was written.
struct Range {
  std::size_t begin;
  std::size_t end;
};
constexpr Range kNotCovered[] = {{18, 20}, {24, 28}, {40, 44}, {92, 100}};
constexpr uint32_t kLogMagic = 0x377f0682;  // with the lowest bit set, checksums are of big-endian words

// Compilers make one load of it, which matters: every page that is written or read of the log goes through here.
uint32_t LittleEndianAt(const unsigned char* at) {
  return (uint32_t{at[3]} << 24) | (uint32_t{at[2]} << 16) | (uint32_t{at[1]} << 8) | uint32_t{at[0]};
}

uint32_t BigEndianAt(const unsigned char* at) {
  return (uint32_t{at[0]} << 24) | (uint32_t{at[1]} << 16) | (uint32_t{at[2]} << 8) | uint32_t{at[3]};
}

void WriteBigEndian(uint32_t word, std::span<unsigned char> at) {
  for (std::size_t byte = 0; byte < 4; ++byte) at[byte] = static_cast<unsigned char>(word >> (24 - 8 * byte));
}

// Each step can be undone, so no change of a single word goes unseen; changes of several have to fit each other.
uint64_t Mix(uint64_t sum, uint64_t word) {
  sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
  return sum ^ (sum >> 32);
}

// Sums side by side, because each step of one waits for the step before it.
using Sums = std::array<uint64_t, 4>;

// `bytes` are a multiple of eight; the first word goes into the first sum.
void MixAll(Sums& sums, Bytes bytes) {
  // As variables of their own they stay in registers.
  auto [first, second, third, fourth] = sums;
  const auto word_at = [&bytes](std::size_t at) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));  // of a constant size, so it is one load
    return word;
  };
  std::size_t at = 0;
  for (; at + kRoundBytes <= bytes.size(); at += kRoundBytes) {
    first = Mix(first, word_at(at));
    second = Mix(second, word_at(at + 8));
    third = Mix(third, word_at(at + 16));
    fourth = Mix(fourth, word_at(at + 24));
  }
  sums = {first, second, third, fourth};
  for (std::size_t sum = 0; at < bytes.size(); at += 8, ++sum) sums[sum] = Mix(sums[sum], word_at(at));
}

uint64_t PageChecksum(Bytes page, int64_t number) {
  Sums sums;
  for (std::size_t sum = 0; sum < sums.size(); ++sum) sums[sum] = Mix(sum, static_cast<uint64_t>(number));
  Bytes covered = page.first(page.size() - kChecksumBytes);
  if (number == 1) {
    std::array<unsigned char, kHeaderRounds * kRoundBytes> begin;
    std::copy_n(covered.begin(), begin.size(), begin.begin());
    for (const Range& range : kNotCovered) std::memset(begin.data() + range.begin, 0, range.end - range.begin);
    MixAll(sums, begin);
    covered = covered.subspan(begin.size());
  }
  MixAll(sums, covered);
  // Each goes through steps of its own: two that only met would hide what changed both alike.
  return std::accumulate(sums.begin(), sums.end(), uint64_t{0}, Mix);
}

// `bytes` are a multiple of eight.
template <uint32_t (*kRead)(const unsigned char*)>
LogChecksum ContinueWith(LogChecksum sum, Bytes bytes) {
  const unsigned char* const end = bytes.data() + bytes.size();
  for (const unsigned char* at = bytes.data(); at != end; at += 8) {
    sum.first += kRead(at) + sum.second;
    sum.second += kRead(at + 4) + sum.first;
  }
  return sum;
}

LogChecksum Continue(LogChecksum sum, Bytes bytes, bool big_endian) {
  return big_endian ? ContinueWith<BigEndianAt>(sum, bytes) : ContinueWith<LittleEndianAt>(sum, bytes);
}

}  // namespace

void SealPage(std::span<unsigned char> page, int64_t number) {
  const uint64_t sum = PageChecksum(page, number);
  std::memcpy(page.data() + page.size() - kChecksumBytes, &sum, kChecksumBytes);
}

bool IsSealedPage(Bytes page, int64_t number) {
  uint64_t sealed = 0;
  std::memcpy(&sealed, page.data() + page.size() - kChecksumBytes, kChecksumBytes);
  return sealed == PageChecksum(page, number);
}

uint32_t BigEndian(Bytes at) { return BigEndianAt(at.first(4).data()); }

LogForm ReadLogForm(Bytes log_header) {
  const uint32_t magic = BigEndian(log_header.subspan(0, 4));
  const uint32_t page_bytes = BigEndian(log_header.subspan(8, 4));
  // SQLite takes a log of any other size for none.
  const bool is_size = std::has_single_bit(page_bytes) && page_bytes >= kPageBytesMin && page_bytes <= kPageBytesMax;
  if ((magic & ~1U) != kLogMagic || !is_size) return {};
  return {.page_bytes = page_bytes, .big_endian = (magic & 1) != 0};
}

bool IsSoundLogHeader(Bytes log_header) {
  const LogForm form = ReadLogForm(log_header);
  return form.page_bytes != 0 && Continue({}, log_header.first(24), form.big_endian) == ChecksumOfLog(log_header);
}

FrameWords ReadFrameWords(Bytes frame_header) {
  return {BigEndian(frame_header.subspan(0, 4)), BigEndian(frame_header.subspan(4, 4))};
}

LogChecksum ChecksumOfLog(Bytes log_header) {
  return {BigEndian(log_header.subspan(24, 4)), BigEndian(log_header.subspan(28, 4))};
}

LogChecksum ChecksumOfFrame(Bytes frame_header) {
  return {BigEndian(frame_header.subspan(16, 4)), BigEndian(frame_header.subspan(20, 4))};
}

void WriteChecksumOfFrame(const LogChecksum& sum, std::span<unsigned char> frame_header) {
  WriteBigEndian(sum.first, frame_header.subspan(16, 4));
  WriteBigEndian(sum.second, frame_header.subspan(20, 4));
}

LogChecksum FrameChecksum(const LogForm& form, const LogChecksum& before, Bytes frame_header, Bytes page) {
  // The salts and the checksum itself are not covered.
  return Continue(Continue(before, frame_header.subspan(0, 8), form.big_endian), page, form.big_endian);
}

bool IsSoundFrame(const LogForm& form, const LogChecksum& before, Bytes frame_header, Bytes page) {
  return FrameChecksum(form, before, frame_header, page) == ChecksumOfFrame(frame_header);
}

bool IsFrameOfLog(const LogForm& form, Bytes salts, const LogChecksum& before, Bytes frame) {
  return std::ranges::equal(SaltsOfFrame(frame), salts) &&
         IsSoundFrame(form, before, frame, frame.subspan(kFrameHeaderBytes));
}

}  // namespace closure::sqlite
