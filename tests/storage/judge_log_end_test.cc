// SPDX-License-Identifier: Apache-2.0
// What a log is taken for, frame by frame, and when its file cannot be read.
#include <algorithm>
#include <catch2/catch.hpp>
#include <span>

#include "storage/sqlite/log_end.h"
#include "storage/sqlite/page_checksum.h"
#include "tests/storage/log_in_memory.h"

namespace closure::sqlite {
namespace {

constexpr std::size_t kStored = 16;  // where the checksum stands in a frame's header

// Three transactions of two frames each.
class ThreeTransactions : public LogInMemory {
 public:
  ThreeTransactions() {
    for (int frame = 0; frame < 6; ++frame) Append(frame % 2 == 1);
  }
  void Damage(std::size_t frame, std::size_t byte) { bytes[FrameAt(frame) + byte] ^= 1; }
  void DamageHeader() { bytes[9] ^= 1; }
  LogEnd Judge(std::size_t frame) { return JudgeLogEnd(*this, static_cast<sqlite3_int64>(FrameAt(frame))); }
  // Writes the checksum of a frame anew, as of what stands in it and before it.
  void Seal(std::size_t frame) {
    const std::span<unsigned char> header = std::span(bytes).subspan(FrameAt(frame), kFrameBytes);
    const LogChecksum before = ChecksumOfFrame(Bytes(bytes).subspan(FrameAt(frame - 1)));
    WriteChecksumOfFrame(FrameChecksum(ReadLogForm(bytes), before, header, header.subspan(kFrameHeaderBytes)), header);
  }
};

TEST_CASE("a frame before the end of another transaction is damaged, whichever of its bytes is", "[sqlite]") {
  for (const std::size_t frame : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    for (const std::size_t byte : {std::size_t{0}, std::size_t{8}, kStored, kFrameHeaderBytes + 100}) {
      ThreeTransactions log;
      log.Damage(frame, byte);
      INFO("byte " << byte << " of frame " << frame);
      CHECK(log.Judge(frame) == LogEnd::kDamaged);
    }
  }
}

TEST_CASE("damage of the last transaction looks like a torn end", "[sqlite]") {
  ThreeTransactions log;
  log.Damage(4, kFrameHeaderBytes);
  CHECK(log.Judge(4) == LogEnd::kTorn);
}

TEST_CASE("a frame of which a part is not there is torn", "[sqlite]") {
  ThreeTransactions log;
  log.bytes.resize(log.bytes.size() - 1);
  CHECK(log.Judge(5) == LogEnd::kTorn);
  log.DamageHeader();
  log.bytes.resize(LogInMemory::FrameAt(1) - 1);
  CHECK(JudgeLogWithoutHeader(log) == LogEnd::kTorn);
}

TEST_CASE("frames prove something only with the salts of the log", "[sqlite]") {
  for (std::size_t salt = 8; salt < kStored; ++salt) {
    ThreeTransactions log;
    log.Damage(3, kFrameHeaderBytes);
    // Salts are in no checksum.
    for (const std::size_t frame : {std::size_t{4}, std::size_t{5}}) log.Damage(frame, salt);
    INFO("byte " << salt);
    CHECK(log.Judge(3) == LogEnd::kTorn);
  }
}

TEST_CASE("frames that do not follow each other prove nothing", "[sqlite]") {
  ThreeTransactions log;
  for (const std::size_t frame : {std::size_t{3}, std::size_t{4}, std::size_t{5}}) {
    log.Damage(frame, kStored);
    log.Damage(frame, kFrameHeaderBytes);
  }
  CHECK(log.Judge(3) == LogEnd::kTorn);
}

TEST_CASE("a frame proves itself by what the one before it says, or should say", "[sqlite]") {
  ThreeTransactions log;
  log.Damage(3, kStored);
  SECTION("by what it should say") {}
  SECTION("by what it says") { log.Seal(4); }
  CHECK(log.Judge(3) == LogEnd::kDamaged);
}

TEST_CASE("a log whose header is damaged is no empty one where transactions are in it", "[sqlite]") {
  ThreeTransactions log;
  log.DamageHeader();
  CHECK(JudgeLogWithoutHeader(log) == LogEnd::kDamaged);
  CHECK(log.Judge(0) == LogEnd::kUnread);
  log.bytes.resize(LogInMemory::FrameAt(2));
  CHECK(JudgeLogWithoutHeader(log) == LogEnd::kTorn);
}

TEST_CASE("a log that cannot be read is taken for nothing", "[sqlite]") {
  ThreeTransactions log;
  log.Damage(2, kFrameHeaderBytes);
  REQUIRE(log.Judge(2) == LogEnd::kDamaged);
  const int reads = log.reads;
  REQUIRE(reads >= 4);
  for (log.failing_read = 0; log.failing_read < reads; ++log.failing_read) {
    log.reads = 0;
    INFO("the read " << log.failing_read);
    CHECK(log.Judge(2) == LogEnd::kUnread);
  }
  log.reads = 0;
  log.has_size = false;
  CHECK(log.Judge(2) == LogEnd::kUnread);
  CHECK(log.reads == 0);
}

TEST_CASE("a log without a header that cannot be read is taken for nothing", "[sqlite]") {
  ThreeTransactions log;
  log.DamageHeader();
  REQUIRE(JudgeLogWithoutHeader(log) == LogEnd::kDamaged);
  const int reads = log.reads;
  REQUIRE(reads >= 2);
  for (log.failing_read = 0; log.failing_read < reads; ++log.failing_read) {
    log.reads = 0;
    INFO("the read " << log.failing_read);
    CHECK(JudgeLogWithoutHeader(log) == LogEnd::kUnread);
  }
  log.reads = 0;
  log.has_size = false;
  CHECK(JudgeLogWithoutHeader(log) == LogEnd::kUnread);
  CHECK(log.reads == 0);
}

TEST_CASE("a header is sound with SQLite's magic, a size of pages and its checksum", "[sqlite]") {
  LogInMemory log;
  CHECK(IsSoundLogHeader(log.bytes));
  SECTION("another checksum") { log.bytes[31] ^= 1; }
  SECTION("another magic") {
    log.bytes[1] ^= 1;
    log.SealHeader();
    CHECK(ReadLogForm(log.bytes).page_bytes == 0);
  }
  SECTION("no size of pages") {
    std::ranges::fill(std::span(log.bytes).subspan(8, 4), static_cast<unsigned char>(0));
    log.SealHeader();
  }
  CHECK_FALSE(IsSoundLogHeader(log.bytes));
}

}  // namespace
}  // namespace closure::sqlite
