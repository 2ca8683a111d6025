// SPDX-License-Identifier: Apache-2.0
#include "server/item_identity.h"

#include <utility>

#include "absl/time/time.h"
#include "checkers/proto_time.h"
#include "fmt/compile.h"
#include "fmt/format.h"
#include "protos/sha256.h"
#include "server/resource_names.h"

namespace closure {
namespace {

constexpr size_t kItemHashDigits = 32;

std::string Counted(std::string_view text) { return fmt::format(FMT_COMPILE("{}:{}"), text.size(), text); }

}  // namespace

std::string ItemId(std::string_view checker, std::string_view native_id) {
  return fmt::format(FMT_COMPILE("{}-{}"), checker, Sha256Hex(native_id).substr(0, kItemHashDigits));
}

std::string ItemName(std::string_view closure_name, std::string_view item_id) {
  return fmt::format(FMT_COMPILE("{}/blockingItems/{}"), closure_name, item_id);
}

std::string Fingerprint(const v1::ReportedItem& item) {
  const std::string amount = item.has_amount() ? fmt::format(FMT_COMPILE("{} {} {}"), item.amount().currency_code(),
                                                             item.amount().units(), item.amount().nanos())
                                               : "none";
  return Sha256Hex(fmt::format(
      FMT_COMPILE("closure-item-facts-1\nnative_id {}\nkind {}\ndisposition {}\namount {}\nnative_state {}\n"),
      Counted(item.native_id()), static_cast<int>(item.kind()), static_cast<int>(item.disposition()), amount,
      Counted(item.native_state())));
}

v1::BlockingItem MakeBlockingItem(std::string_view closure_name, std::string_view checker, v1::ReportedItem item) {
  v1::BlockingItem blocking;
  blocking.set_name(ItemName(closure_name, ItemId(checker, item.native_id())));
  blocking.set_checker(std::string(checker));
  blocking.set_kind(item.kind());
  blocking.set_disposition(item.disposition());
  blocking.set_resolution(v1::BlockingItem::OPEN);
  blocking.set_fingerprint(Fingerprint(item));
  blocking.set_type(std::move(*item.mutable_type()));
  blocking.set_region_code(std::move(*item.mutable_region_code()));
  blocking.set_display_name(std::move(*item.mutable_display_name()));
  if (item.has_amount()) *blocking.mutable_amount() = std::move(*item.mutable_amount());
  blocking.set_why(std::move(*item.mutable_why()));
  blocking.set_resolver(item.resolver());
  blocking.set_resolver_id(std::move(*item.mutable_resolver_id()));
  blocking.set_instructions(std::move(*item.mutable_instructions()));
  blocking.set_process_uri(std::move(*item.mutable_process_uri()));
  blocking.set_native_id(std::move(*item.mutable_native_id()));
  blocking.set_native_state(std::move(*item.mutable_native_state()));
  return blocking;
}

std::string ReleaseKey(const v1::BlockingItem& item) {
  return fmt::format("discard/{}/{}/{}", LastSegment(item.name()),
                     absl::ToUnixMicros(FromProto(item.first_seen_time())), item.fingerprint().substr(0, 32));
}

v1::ReportedItem ExpectedFacts(const v1::BlockingItem& item) {
  v1::ReportedItem facts;
  facts.set_native_id(item.native_id());
  facts.set_kind(item.kind());
  facts.set_disposition(item.disposition());
  if (item.has_amount()) *facts.mutable_amount() = item.amount();
  facts.set_native_state(item.native_state());
  return facts;
}

}  // namespace closure
