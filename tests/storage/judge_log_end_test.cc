// SPDX-License-Identifier: Apache-2.0
// What a log is taken for, frame by frame, and when its file cannot be read.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <span>
#include <vector>

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
    database.bytes.clear();
  }
  LogInMemory database;
  void Damage(std::size_t frame, std::size_t byte) { bytes[FrameAt(frame) + byte] ^= 1; }
  void DamageHeader() { bytes[9] ^= 1; }
  // Beside its database.
  LogEnd JudgeWithoutHeader() {
    database.reads = 0;
    return JudgeLogWithoutHeader(*this, database);
  }
  // Writes pages of the log's frames into the database.
  void Checkpoint(const std::vector<std::size_t>& frames) {
    for (const std::size_t frame : frames) {
      const std::size_t page = ReadFrameWords(Bytes(bytes).subspan(FrameAt(frame))).page;
      database.bytes.resize(std::max(database.bytes.size(), page * kPageBytes));
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(FrameAt(frame) + kFrameHeaderBytes), kPageBytes,
                  database.bytes.begin() + static_cast<std::ptrdiff_t>((page - 1) * kPageBytes));
    }
  }
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

TEST_CASE("sound frames of the last transaction do not prove it", "[sqlite]") {
  LogInMemory log;
  for (const bool commits : {true, false, false, false, true}) log.Append(commits);
  log.bytes[LogInMemory::FrameAt(1) + kFrameHeaderBytes] ^= 1;
  CHECK(JudgeLogEnd(log, static_cast<sqlite3_int64>(LogInMemory::FrameAt(1))) == LogEnd::kTorn);
}

TEST_CASE("sound frames of the only transaction of a log without a header do not prove it", "[sqlite]") {
  LogInMemory log;
  for (const bool commits : {false, false, false, true}) log.Append(commits);
  log.bytes[9] ^= 1;
  LogInMemory database;
  CHECK(JudgeLogWithoutHeader(log, database) == LogEnd::kTorn);
}

TEST_CASE("a frame of which a part is not there is torn", "[sqlite]") {
  ThreeTransactions log;
  log.bytes.resize(log.bytes.size() - 1);
  CHECK(log.Judge(5) == LogEnd::kTorn);
  log.DamageHeader();
  log.bytes.resize(LogInMemory::FrameAt(1) - 1);
  CHECK(log.JudgeWithoutHeader() == LogEnd::kTorn);
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
  CHECK(log.JudgeWithoutHeader() == LogEnd::kDamaged);
  CHECK(log.Judge(0) == LogEnd::kUnread);
  log.bytes.resize(LogInMemory::FrameAt(2));
  CHECK(log.JudgeWithoutHeader() == LogEnd::kTorn);
}

TEST_CASE("a log without a header is no loss where the database is as it would leave it, and only there", "[sqlite]") {
  ThreeTransactions log;
  log.DamageHeader();
  log.Checkpoint({0, 1, 2, 3, 4, 5});
  REQUIRE(log.JudgeWithoutHeader() == LogEnd::kTorn);
  const std::size_t page = GENERATE(0, 1, 2, 3, 4, 5);
  SECTION("a page is another") { log.database.bytes[page * LogInMemory::kPageBytes + 7] ^= 1; }
  SECTION("the page of a frame is damaged, and the database has it") {
    log.Damage(page, kFrameHeaderBytes + 7);
    log.Checkpoint({page});
  }
  SECTION("the checksum of a frame is damaged") { log.Damage(page, kStored); }
  SECTION("a frame is damaged") { log.Damage(page, kFrameHeaderBytes + 7); }
  SECTION("the database has fewer pages") { log.database.bytes.resize((page + 1) * LogInMemory::kPageBytes - 1); }
  SECTION("the database has more pages") { log.database.bytes.resize((page + 7) * LogInMemory::kPageBytes); }
  SECTION("the log has another version of a page, which counts") {
    log.Append(true, static_cast<std::uint32_t>(page + 1));
    log.database.bytes.resize(6 * LogInMemory::kPageBytes);
  }
  SECTION("a frame of the log behind older ones") {
    for (std::size_t salt = 8; salt < kStored; ++salt) log.Damage(4, salt);
  }
  CHECK(log.JudgeWithoutHeader() == LogEnd::kDamaged);
}

// A frame whose header lies in two sectors of a disk.
constexpr std::size_t kInTwoSectors = 41;
static_assert(LogInMemory::FrameAt(kInTwoSectors) % 512 + kFrameHeaderBytes > 512);

// What a log is taken for in which a block of the disk is overwritten: most of one frame and the header of the next.
// So many frames of transactions of one frame stand before it; `commits` says which of those from it on end one.
LogEnd WithoutBlock(std::size_t before, const std::vector<bool>& commits) {
  LogInMemory log;
  for (std::size_t frame = 0; frame < before; ++frame) log.Append(true);
  for (const bool each : commits) log.Append(each);
  const std::size_t at = LogInMemory::FrameAt(before);
  std::fill_n(log.bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1000, LogInMemory::kFrameBytes,
              static_cast<unsigned char>(0xa5));
  return JudgeLogEnd(log, static_cast<sqlite3_int64>(at));
}

TEST_CASE("a log whose beginning was overwritten is no empty one", "[sqlite]") {
  const std::size_t bytes = GENERATE(512, 4096, 8192);
  ThreeTransactions log;
  SECTION("with zeros") { std::fill_n(log.bytes.begin(), bytes, static_cast<unsigned char>(0)); }
  SECTION("with something else") { std::fill_n(log.bytes.begin(), bytes, static_cast<unsigned char>(0xa5)); }
  SECTION("with zeros, and there is nothing else") { std::ranges::fill(log.bytes, static_cast<unsigned char>(0)); }
  CHECK(log.JudgeWithoutHeader() == LogEnd::kDamaged);
}

TEST_CASE("what an unsound frame says of a transaction's end counts where no crash can have torn it", "[sqlite]") {
  SECTION("in one sector") { CHECK(WithoutBlock(2, {true, true, true, true}) == LogEnd::kDamaged); }
  SECTION("in two sectors") {
    const std::size_t before = kInTwoSectors - 2;
    CHECK(WithoutBlock(before, {true, true, true, true}) == LogEnd::kTorn);
    CHECK(WithoutBlock(before, {true, true, true, true, true}) == LogEnd::kDamaged);
  }
}

TEST_CASE("the same holds in a log without a header", "[sqlite]") {
  LogInMemory log;
  for (std::size_t frame = 0; frame < kInTwoSectors; ++frame) log.Append(false);
  for (int frame = 0; frame < 2; ++frame) log.Append(true);
  log.bytes[9] ^= 1;
  for (const std::size_t frame : {kInTwoSectors / 2, kInTwoSectors})
    log.bytes[LogInMemory::FrameAt(frame) + kFrameHeaderBytes] ^= 1;
  LogInMemory database;
  CHECK(JudgeLogWithoutHeader(log, database) == LogEnd::kTorn);
  log.bytes[9] ^= 1;
  log.Append(true);
  log.bytes[9] ^= 1;
  CHECK(JudgeLogWithoutHeader(log, database) == LogEnd::kDamaged);
}

TEST_CASE("what a sound frame says of a transaction's end counts wherever it lies", "[sqlite]") {
  CHECK(WithoutBlock(kInTwoSectors - 3, {true, true, false, true, true}) == LogEnd::kDamaged);
  CHECK(WithoutBlock(kInTwoSectors - 3, {true, true, false, true}) == LogEnd::kTorn);
}

TEST_CASE("of a log without a header the newest of each committed page counts", "[sqlite]") {
  ThreeTransactions log;
  log.Append(false, 2);
  log.Append(true, 3);
  log.Append(false, 4);
  log.DamageHeader();
  log.Checkpoint({0, 3, 4, 5, 6, 7});
  CHECK(log.JudgeWithoutHeader() == LogEnd::kTorn);
  // An older frame, which the log has not overwritten yet.
  for (std::size_t byte = 8; byte <= kStored; ++byte) log.Damage(8, byte);
  CHECK(log.JudgeWithoutHeader() == LogEnd::kTorn);
  log.Checkpoint({8});
  CHECK(log.JudgeWithoutHeader() == LogEnd::kDamaged);
}

TEST_CASE("of a log without a header what a failed transaction left behind its end does not count", "[sqlite]") {
  ThreeTransactions log;
  LogInMemory longer;
  for (int frame = 0; frame < 9; ++frame) longer.Append(frame % 2 == 1 && frame < 4);
  std::copy(longer.bytes.begin() + static_cast<std::ptrdiff_t>(LogInMemory::FrameAt(6)), longer.bytes.end(),
            std::back_inserter(log.bytes));
  log.DamageHeader();
  log.Checkpoint({0, 1, 2, 3, 4, 5});
  CHECK(log.JudgeWithoutHeader() == LogEnd::kTorn);
  log.database.bytes[7] ^= 1;
  CHECK(log.JudgeWithoutHeader() == LogEnd::kDamaged);
}

TEST_CASE("pages that a log's last transaction cut off are not asked for", "[sqlite]") {
  ThreeTransactions log;
  log.Append(true, 1, 5);
  log.DamageHeader();
  log.Checkpoint({1, 2, 3, 4, 6});
  CHECK(log.JudgeWithoutHeader() == LogEnd::kTorn);
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

// Whichever read of the file fails, and when its size cannot be told.
void CheckUnread(ThreeTransactions& log, LogInMemory& file) {
  log.reads = 0;
  log.JudgeWithoutHeader();
  const int reads = file.reads;
  REQUIRE(reads >= 6);
  for (file.failing_read = 0; file.failing_read < reads; ++file.failing_read) {
    log.reads = 0;
    INFO("the read " << file.failing_read);
    CHECK(log.JudgeWithoutHeader() == LogEnd::kUnread);
  }
  log.reads = 0;
  file.has_size = false;
  CHECK(log.JudgeWithoutHeader() == LogEnd::kUnread);
  CHECK(file.reads == 0);
}

TEST_CASE("a log without a header that cannot be read is taken for nothing", "[sqlite]") {
  ThreeTransactions log;
  log.DamageHeader();
  REQUIRE(log.JudgeWithoutHeader() == LogEnd::kDamaged);
  CheckUnread(log, log);
}

TEST_CASE("a log without a header is taken for nothing where it or the database that has all cannot be read",
          "[sqlite]") {
  ThreeTransactions log;
  log.DamageHeader();
  log.Checkpoint({0, 1, 2, 3, 4, 5});
  REQUIRE(log.JudgeWithoutHeader() == LogEnd::kTorn);
  SECTION("the log") { CheckUnread(log, log); }
  SECTION("the database") { CheckUnread(log, log.database); }
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
  SECTION("a size that no page has") {
    log.bytes[11] = 4;
    log.SealHeader();
  }
  CHECK_FALSE(IsSoundLogHeader(log.bytes));
}

}  // namespace
}  // namespace closure::sqlite
