// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/disk.h"

#include <algorithm>
#include <utility>

namespace closure {
namespace {

// What a disk writes as a whole.
constexpr std::int64_t kSectorBytes = 512;

void Put(std::string_view bytes, std::int64_t offset, std::string& file) {
  const auto at = static_cast<std::size_t>(offset);
  if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
  file.replace(at, bytes.size(), bytes);
}

}  // namespace

Disk::Disk(const DiskImage& image, std::uint64_t seed, DiskLie lie) : lie_(lie), random_(seed) {
  for (const auto& [name, bytes] : image) files_[name].durable = bytes;
}

void Disk::Write(std::string_view file, std::string_view bytes, std::int64_t offset) {
  absl::MutexLock lock(&mutex_);
  files_[std::string(file)].pending.push_back({.at = offset, .bytes = std::string(bytes)});
}

void Disk::Truncate(std::string_view file, std::int64_t size) {
  absl::MutexLock lock(&mutex_);
  files_[std::string(file)].pending.push_back({.at = size, .truncates = true});
}

void Disk::Delete(std::string_view file) {
  absl::MutexLock lock(&mutex_);
  files_.erase(std::string(file));
}

Disk::SyncPoint Disk::BeginSync(std::string_view file) const {
  absl::MutexLock lock(&mutex_);
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second.settled + found->second.pending.size();
}

template <typename ApplyOne>
void Disk::Settle(File& file, SyncPoint point, const ApplyOne& apply) {
  const std::size_t count = std::min(point - std::min(point, file.settled), file.pending.size());
  const auto end = file.pending.begin() + static_cast<std::ptrdiff_t>(count);
  std::for_each(file.pending.begin(), end, apply);
  file.settled += count;
  file.pending.erase(file.pending.begin(), end);
}

void Disk::EndSync(std::string_view file, SyncPoint point) {
  absl::MutexLock lock(&mutex_);
  const auto found = files_.find(file);
  if (found == files_.end() || lie_ == DiskLie::kNoSync) return;
  File& synced = found->second;
  if (lie_ == DiskLie::kLateSync) point = std::exchange(synced.reported, point);
  Settle(synced, point, [&](const Change& change) { Apply(change, synced.durable); });
}

void Disk::FailSync(std::string_view file, SyncPoint point) {
  absl::MutexLock lock(&mutex_);
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  File& failed = found->second;
  ++failed.failed_syncs;
  Settle(failed, point, [&](const Change& change) { ApplySomeSectors(change, random_, failed.durable); });
}

std::int64_t Disk::FailedSyncs(std::string_view file) const {
  absl::MutexLock lock(&mutex_);
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second.failed_syncs;
}

DiskImage Disk::Cut(std::mt19937_64& random) const {
  absl::MutexLock lock(&mutex_);
  enum { kAll, kNothing, kFirst, kSectors, kWays };
  DiskImage image;
  for (const auto& [name, file] : files_) {
    const auto way = random() % kWays;
    std::string bytes = file.durable;
    const std::size_t first = way == kFirst ? random() % (file.pending.size() + 1) : file.pending.size();
    for (std::size_t i = 0; i < first && way != kNothing; ++i) {
      if (way == kSectors) {
        ApplySomeSectors(file.pending[i], random, bytes);
      } else {
        Apply(file.pending[i], bytes);
      }
    }
    image[name] = std::move(bytes);
  }
  return image;
}

void Disk::Apply(const Change& change, std::string& file) {
  if (change.truncates) {
    file.resize(static_cast<std::size_t>(change.at));
  } else {
    Put(change.bytes, change.at, file);
  }
}

void Disk::ApplySomeSectors(const Change& change, std::mt19937_64& random, std::string& file) {
  if (change.truncates) {
    if (random() % 2 == 0) Apply(change, file);
    return;
  }
  const auto end = change.at + static_cast<std::int64_t>(change.bytes.size());
  for (std::int64_t at = change.at; at < end;) {
    const std::int64_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    if (random() % 2 == 0) {
      Put(std::string_view(change.bytes)
              .substr(static_cast<std::size_t>(at - change.at), static_cast<std::size_t>(next - at)),
          at, file);
    }
    at = next;
  }
}

}  // namespace closure
