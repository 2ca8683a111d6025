// SPDX-License-Identifier: Apache-2.0
#include "server/read_cache.h"

#include <utility>

#include "server/find_closure.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

// About eight thousand closures, a thousand pages of twenty items and twenty thousand gates.
constexpr std::size_t kClosureBytesMax = 16 << 20;
constexpr std::size_t kItemPageBytesMax = 16 << 20;
constexpr std::size_t kGateBytesMax = 8 << 20;

}  // namespace

ReadCache::ReadCache(ClosureStore* store)
    : store_(store),
      closures_(kClosureBytesMax, Keep::kWhatIsAskedForAgain),
      item_pages_(kItemPageBytesMax, Keep::kWhatIsAskedForAgain),
      gates_(kGateBytesMax, Keep::kAtOnce) {}

absl::StatusOr<std::shared_ptr<const StoredClosure>> ReadCache::FindClosure(const ClosureKey& key) {
  using Loaded = KeyedCache<StoredClosure>::Loaded;
  const std::string name = FormatClosureName(key);
  return closures_.Get(name, [&]() -> absl::StatusOr<Loaded> {
    CLOSURE_ASSIGN_OR_RETURN(const std::string bytes, FindClosureBytes(*store_, key));
    CLOSURE_ASSIGN_OR_RETURN(StoredClosure stored, ReadStoredClosure(bytes, name));
    const std::size_t kept = stored.Bytes();
    return Loaded{std::make_shared<StoredClosure>(std::move(stored)), kept};
  });
}

absl::StatusOr<std::shared_ptr<const GateRow>> ReadCache::LoadGate(std::string_view account_id) {
  using Loaded = KeyedCache<GateRow>::Loaded;
  return gates_.Get(account_id, [&]() -> absl::StatusOr<Loaded> {
    CLOSURE_ASSIGN_OR_RETURN(GateRow gate, store_->LoadGate(account_id));
    const std::size_t bytes = sizeof(gate) + gate.account_id.size() + gate.closure_id.size();
    return Loaded{std::make_shared<GateRow>(std::move(gate)), bytes};
  });
}

void ReadCache::OnChange(const StoreChange& change) {
  if (change.closure == ClosureKey()) return;
  const std::string name = FormatClosureName(change.closure);
  closures_.Forget(name);
  item_pages_.Forget(name);
  // The gate tells the end of the silent period too, which moves without it.
  gates_.Forget(change.closure.account_id);
}

}  // namespace closure
