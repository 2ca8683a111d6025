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

// When a value is kept that was asked for.
enum class Keep {
  kAtOnce,
  // When it is asked for again, as a rule the second time. What is asked for once, as by somebody who goes through
  // everything, takes no memory and drops nothing.
  kWhatIsAskedForAgain,
};

// Values that are dear to load, kept in memory by a text, those that were not asked for longest dropped first.
//
//   KeyedCache<GateRow> gates(4 << 20, Keep::kAtOnce);
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
  KeyedCache(std::size_t bytes_max, Keep keep) : shard_bytes_max_(bytes_max / kShards), keep_(keep) {}

  // The value that is kept, else what `load()` answers, an absl::StatusOr<Loaded>. Errors, those of load, are not kept.
  template <typename Load>
  absl::StatusOr<std::shared_ptr<const Value>> Get(std::string_view key, const Load& load) {
    const std::size_t hash = absl::HashOf(key);
    Shard& shard = ShardOf(hash);
    int64_t changes = 0;
    bool is_kept = false;
    {
      absl::MutexLock lock(&shard.mutex);
      if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
        shard.order.splice(shard.order.begin(), shard.order, found->second);
        return found->second->value;
      }
      changes = shard.changes;
      is_kept = keep_ == Keep::kAtOnce || IsAskedAgain(shard, hash);
    }
    absl::StatusOr<Loaded> loaded = load();
    if (!loaded.ok()) return loaded.status();
    if (!is_kept) return std::move(loaded->value);
    absl::MutexLock lock(&shard.mutex);
    if (shard.changes == changes) Add(shard, key, *loaded);
    return std::move(loaded->value);
  }

  // Its value has changed.
  void Forget(std::string_view key) {
    Shard& shard = ShardOf(absl::HashOf(key));
    absl::MutexLock lock(&shard.mutex);
    ++shard.changes;
    if (const auto found = shard.entries.find(key); found != shard.entries.end()) Drop(shard, found->second);
  }

 private:
  static constexpr std::size_t kShards = 16;
  // How many keys a shard knows again that it does not keep.
  static constexpr std::size_t kAsked = 1024;
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
    // Parts of the hashes of keys that were asked for and are not kept, each in a place by its hash.
    std::array<uint32_t, kAsked> asked ABSL_GUARDED_BY(mutex) = {};
    uint64_t chance ABSL_GUARDED_BY(mutex) = 1;
  };

  Shard& ShardOf(std::size_t hash) { return shards_[(hash >> 16) % kShards]; }

  // Whether a key that is not kept is known to have been asked for. If not, it takes its place from another every other
  // time, by chance: if it always did, keys of one place that are asked for in turn would never be kept.
  static bool IsAskedAgain(Shard& shard, std::size_t hash) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    const auto mark = static_cast<uint32_t>(hash >> 32);
    uint32_t& place = shard.asked[(hash >> 20) % kAsked];
    if (place == mark) return true;
    shard.chance = shard.chance * 6364136223846793005U + 1442695040888963407U;  // Knuth's, of which the high bits count
    if ((shard.chance >> 63) != 0 || place == 0) place = mark;
    return false;
  }

  void Add(Shard& shard, std::string_view key, const Loaded& loaded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
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
  const Keep keep_;
  std::array<Shard, kShards> shards_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_KEYED_CACHE_H_
