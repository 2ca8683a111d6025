// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_KEYED_CACHE_H_
#define CLOSURE_SERVER_KEYED_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace closure {

// Values that are dear to load, kept in memory by a text, those that were not asked for longest dropped first.
//
//   KeyedCache<GateRow> gates(4 << 20);
//   absl::StatusOr<std::shared_ptr<const GateRow>> gate = gates.Get(account_id, [&] { return load(account_id); });
//   …
//   gates.Forget(account_id);  // it has changed
//
// A value that was read before a Forget is never kept after it: who is told of a change and calls Get then gets the
// changed value, also where another thread was loading the old one at that moment.
//
// Thread-safe. Loading happens on the caller's thread without a lock, so two callers may load the same value.
template <typename Value>
class KeyedCache {
 public:
  // A value with about how many bytes it keeps in memory.
  struct Loaded {
    std::shared_ptr<const Value> value;
    std::size_t bytes = 0;
  };

  // Keeps at most about so many bytes.
  explicit KeyedCache(std::size_t bytes_max) : shard_bytes_max_(bytes_max / kShards) {}

  // The value that is kept, else what `load()` answers, an absl::StatusOr<Loaded>. Errors, those of load, are not kept.
  template <typename Load>
  absl::StatusOr<std::shared_ptr<const Value>> Get(std::string_view key, const Load& load) {
    Shard& shard = ShardOf(key);
    int64_t changes = 0;
    {
      absl::MutexLock lock(&shard.mutex);
      if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
        shard.order.splice(shard.order.begin(), shard.order, found->second);
        return found->second->value;
      }
      changes = shard.changes;
    }
    absl::StatusOr<Loaded> loaded = load();
    if (!loaded.ok()) return loaded.status();
    absl::MutexLock lock(&shard.mutex);
    if (shard.changes == changes) Keep(shard, key, *loaded);
    return std::move(loaded->value);
  }

  // Its value has changed.
  void Forget(std::string_view key) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mutex);
    ++shard.changes;
    if (const auto found = shard.entries.find(key); found != shard.entries.end()) Drop(shard, found->second);
  }

 private:
  static constexpr std::size_t kShards = 16;
  // What an entry takes besides its value and its key.
  static constexpr std::size_t kEntryBytes = 160;

  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    std::size_t bytes = 0;
  };
  using Order = std::list<Entry>;
  // On cache lines of its own.
  struct alignas(64) Shard {
    absl::Mutex mutex;
    // The latest asked for first.
    Order order ABSL_GUARDED_BY(mutex);
    // By the keys in `order`.
    absl::flat_hash_map<std::string_view, typename Order::iterator> entries ABSL_GUARDED_BY(mutex);
    std::size_t bytes ABSL_GUARDED_BY(mutex) = 0;
    // How often Forget was called for a key of this shard.
    int64_t changes ABSL_GUARDED_BY(mutex) = 0;
  };

  Shard& ShardOf(std::string_view key) { return shards_[(absl::HashOf(key) >> 16) % kShards]; }

  void Keep(Shard& shard, std::string_view key, const Loaded& loaded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    const std::size_t bytes = loaded.bytes + key.size() + kEntryBytes;
    // Another caller may have loaded it meanwhile.
    if (bytes > shard_bytes_max_ || shard.entries.contains(key)) return;
    shard.order.push_front({std::string(key), loaded.value, bytes});
    shard.entries.emplace(shard.order.front().key, shard.order.begin());
    shard.bytes += bytes;
    while (shard.bytes > shard_bytes_max_) Drop(shard, std::prev(shard.order.end()));
  }

  static void Drop(Shard& shard, typename Order::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    shard.bytes -= entry->bytes;
    shard.entries.erase(std::string_view(entry->key));
    shard.order.erase(entry);
  }

  const std::size_t shard_bytes_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_KEYED_CACHE_H_
