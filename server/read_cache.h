// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_READ_CACHE_H_
#define CLOSURE_SERVER_READ_CACHE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "grpcpp/support/slice.h"
#include "server/keyed_cache.h"
#include "server/stored_closure.h"
#include "storage/closure_store.h"

namespace closure {

// What is asked for most, single closures, the first pages of their items and gates, kept in memory as long as it is
// what the store has. A bounded number of bytes, whatever the store holds.
//
// Whoever was told that a commit is durable reads what it wrote: the store calls its observer, which is to call
// OnChange, before the commit's `done`. So this is right only over a store whose every write is made by this process
// (ADR 24).
//
// Thread-safe; the store must outlive it. Errors: as the store's reads, FindClosure for a closure.
class ReadCache {
 public:
  explicit ReadCache(ClosureStore* store);

  absl::StatusOr<std::shared_ptr<const StoredClosure>> FindClosure(const ClosureKey& key);
  // What `load` answered last for the closure, a serialized v1::ListBlockingItemsResponse for a request that asks for
  // nothing but the parent; loaded again after each change of the closure.
  template <typename Load>
  absl::StatusOr<grpc::Slice> FirstItemPage(const ClosureKey& key, const Load& load) {
    using Loaded = KeyedCache<grpc::Slice>::Loaded;
    const auto page = item_pages_.Get(FormatClosureName(key), [&]() -> absl::StatusOr<Loaded> {
      absl::StatusOr<grpc::Slice> loaded = load();
      if (!loaded.ok()) return loaded.status();
      return Loaded{std::make_shared<grpc::Slice>(*loaded), loaded->size()};
    });
    if (!page.ok()) return page.status();
    return **page;
  }
  // An account without a row has an open gate at revision 0.
  absl::StatusOr<std::shared_ptr<const GateRow>> LoadGate(std::string_view account_id);

  // To be called for every commit, in their order, before anybody is told of it.
  void OnChange(const StoreChange& change);

 private:
  ClosureStore* const store_;
  KeyedCache<StoredClosure> closures_;
  KeyedCache<grpc::Slice> item_pages_;
  KeyedCache<GateRow> gates_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_READ_CACHE_H_
