// SPDX-License-Identifier: Apache-2.0
#include "server/read_cache.h"

#include <utility>

#include "server/closure_view.h"
#include "server/find_closure.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

// About three thousand closures, a thousand pages of twenty items and twenty thousand gates.
constexpr std::size_t kClosureBytesMax = 16 << 20;
constexpr std::size_t kItemPageBytesMax = 16 << 20;
constexpr std::size_t kGateBytesMax = 8 << 20;

}  // namespace

ReadCache::ReadCache(ClosureStore* store)
    : store_(store), closures_(kClosureBytesMax), item_pages_(kItemPageBytesMax), gates_(kGateBytesMax) {}

absl::StatusOr<std::shared_ptr<const ReadCache::StoredClosure>> ReadCache::FindClosure(const ClosureKey& key) {
  using Loaded = KeyedCache<StoredClosure>::Loaded;
  return closures_.Get(FormatClosureName(key), [&]() -> absl::StatusOr<Loaded> {
    CLOSURE_ASSIGN_OR_RETURN(internal::v1::ClosureData data, closure::FindClosure(*store_, key));
    KeepLastingPart(*data.mutable_closure());
    const grpc::Slice lasting_part(data.closure().SerializeAsString());
    // The message in memory takes about twice its serialized form.
    const std::size_t bytes = 3 * lasting_part.size();
    return Loaded{std::make_shared<StoredClosure>(StoredClosure{std::move(data), lasting_part}), bytes};
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
