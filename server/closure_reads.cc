// SPDX-License-Identifier: Apache-2.0
#include "server/closure_reads.h"

#include <iterator>
#include <utility>
#include <vector>

#include "server/closure_view.h"
#include "server/closure_waits.h"
#include "server/errors.h"
#include "server/field_checks.h"
#include "server/find_closure.h"
#include "server/page_room.h"
#include "server/page_token.h"
#include "server/resource_names.h"
#include "server/rpc.h"
#include "server/strings.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr PageLimits kClosurePages = {.fallback = 50, .max = 200};
constexpr PageLimits kItemPages = {.fallback = 100, .max = 1000};
constexpr PageLimits kTransitionPages = {.fallback = 100, .max = 1000};
constexpr std::size_t kVersionMax = 40;
constexpr std::size_t kCheckerNameMax = 40;
constexpr std::string_view kAllAccounts = "accounts/-";

// The key of a closure that the actor may read.
absl::StatusOr<ClosureKey> ReadableKey(const Actor& actor, std::string_view field, std::string_view name) {
  CLOSURE_RETURN_IF_ERROR(Authorize(actor, name, RequireReaderOf));
  return ParseClosureName(field, name);
}

// The account whose closures are asked for; empty for all, which only operators may.
absl::StatusOr<std::string> ReadableParent(const Actor& actor, std::string_view parent) {
  if (parent == kAllAccounts) {
    CLOSURE_RETURN_IF_ERROR(RequireOperator(actor));
    return std::string();
  }
  CLOSURE_RETURN_IF_ERROR(Authorize(actor, parent, RequireReaderOf));
  return ParseAccountName("parent", parent);
}

// Whether it is the request that nearly everybody makes first.
bool AsksForParentOnly(const v1::ListBlockingItemsRequest& request) {
  v1::ListBlockingItemsRequest only_parent;
  only_parent.set_parent(request.parent());
  return request.SerializeAsString() == only_parent.SerializeAsString();
}

}  // namespace

ClosureReads::ClosureReads(ClosureStore* store, ReadCache* cache, const Clock* clock, const Agreements* agreements)
    : store_(store), cache_(cache), clock_(clock), agreements_(agreements) {}

absl::StatusOr<v1::Agreement> ClosureReads::GetAgreement(const Actor& /*actor*/,
                                                         const v1::GetAgreementRequest& request) const {
  CLOSURE_RETURN_IF_ERROR(CheckText("version", request.version(), {.max = kVersionMax}));
  CLOSURE_RETURN_IF_ERROR(CheckLanguageCode(request.language_code()));
  return agreements_->Find(request.version(), request.language_code());
}

absl::StatusOr<grpc::ByteBuffer> ClosureReads::GetClosure(const Actor& actor,
                                                          const v1::GetClosureRequest& request) const {
  CLOSURE_ASSIGN_OR_RETURN(const ClosureKey key, ReadableKey(actor, "name", request.name()));
  CLOSURE_ASSIGN_OR_RETURN(const auto stored, cache_->FindClosure(key));
  CLOSURE_ASSIGN_OR_RETURN(const grpc::Slice timed_part, TimedPartWithWaits(*store_, stored->facts, clock_->Now()));
  const grpc::Slice parts[] = {stored->lasting_part, timed_part};
  return grpc::ByteBuffer(parts, std::size(parts));
}

absl::StatusOr<v1::ListClosuresResponse> ClosureReads::ListClosures(const Actor& actor,
                                                                    const v1::ListClosuresRequest& request) const {
  ClosureFilter filter;
  CLOSURE_ASSIGN_OR_RETURN(filter.account_id, ReadableParent(actor, request.parent()));
  CLOSURE_RETURN_IF_ERROR(CheckEnum("state", request.state()));
  CLOSURE_ASSIGN_OR_RETURN(const int page_size, ParsePageSize(request.page_size(), kClosurePages));
  const std::string scope = PageScope(request);
  CLOSURE_ASSIGN_OR_RETURN(filter.before_row, ReadNumberedPageToken(scope, request.page_token()));
  filter.state = request.state();
  filter.limit = page_size + 1;
  CLOSURE_ASSIGN_OR_RETURN(const std::vector<ClosureRow> rows, store_->ListClosures(filter));
  v1::ListClosuresResponse response;
  PageRoom room(page_size);
  for (const ClosureRow& row : rows) {
    CLOSURE_ASSIGN_OR_RETURN(v1::Closure closure, PresentWithWaits(*store_, row.data, clock_->Now()));
    if (!room.Take(closure)) {
      response.set_next_page_token(MakePageToken(scope, Concat(filter.before_row)));
      break;
    }
    *response.add_closures() = std::move(closure);
    filter.before_row = row.row;
  }
  return response;
}

absl::StatusOr<v1::ListBlockingItemsResponse> ClosureReads::ReadItemPage(const ClosureKey& key,
                                                                         const ItemFilter& filter,
                                                                         std::string_view scope) const {
  CLOSURE_RETURN_IF_ERROR(FindClosure(*store_, key).status());
  CLOSURE_ASSIGN_OR_RETURN(std::vector<v1::BlockingItem> items, store_->ListItems(key, filter));
  CLOSURE_ASSIGN_OR_RETURN(const ItemChangeCounts counts, store_->CountItemChanges(key));
  v1::ListBlockingItemsResponse response;
  response.set_new_count(counts.new_count);
  response.set_changed_count(counts.changed_count);
  response.set_gone_count(counts.gone_count);
  PageRoom room(filter.limit - 1);
  for (v1::BlockingItem& item : items) {
    if (!room.Take(item)) {
      const v1::BlockingItem& last = response.items(response.items_size() - 1);
      response.set_next_page_token(MakePageToken(scope, LastSegment(last.name())));
      break;
    }
    *response.add_items() = std::move(item);
  }
  return response;
}

absl::StatusOr<grpc::ByteBuffer> ClosureReads::ListBlockingItems(const Actor& actor,
                                                                 const v1::ListBlockingItemsRequest& request) const {
  CLOSURE_ASSIGN_OR_RETURN(const ClosureKey key, ReadableKey(actor, "parent", request.parent()));
  CLOSURE_RETURN_IF_ERROR(CheckEnum("disposition", request.disposition()));
  CLOSURE_RETURN_IF_ERROR(CheckText("checker", request.checker(), {.max = kCheckerNameMax}));
  CLOSURE_ASSIGN_OR_RETURN(const int page_size, ParsePageSize(request.page_size(), kItemPages));
  const std::string scope = PageScope(request);
  ItemFilter filter{
      .disposition = request.disposition(), .checker = request.checker(), .show_resolved = request.show_resolved()};
  CLOSURE_ASSIGN_OR_RETURN(filter.after_item_id, ReadPageToken(scope, request.page_token()));
  filter.limit = page_size + 1;
  const auto read = [&]() -> absl::StatusOr<grpc::Slice> {
    CLOSURE_ASSIGN_OR_RETURN(const v1::ListBlockingItemsResponse page, ReadItemPage(key, filter, scope));
    return grpc::Slice(page.SerializeAsString());
  };
  const absl::StatusOr<grpc::Slice> page = AsksForParentOnly(request) ? cache_->FirstItemPage(key, read) : read();
  if (!page.ok()) return page.status();
  return grpc::ByteBuffer(&*page, 1);
}

absl::StatusOr<v1::ListTransitionsResponse> ClosureReads::ListTransitions(
    const Actor& actor, const v1::ListTransitionsRequest& request) const {
  CLOSURE_ASSIGN_OR_RETURN(const ClosureKey key, ReadableKey(actor, "parent", request.parent()));
  CLOSURE_ASSIGN_OR_RETURN(const int page_size, ParsePageSize(request.page_size(), kTransitionPages));
  const std::string scope = PageScope(request);
  CLOSURE_ASSIGN_OR_RETURN(const int64_t after, ReadNumberedPageToken(scope, request.page_token()));
  CLOSURE_RETURN_IF_ERROR(FindClosure(*store_, key).status());
  CLOSURE_ASSIGN_OR_RETURN(std::vector<v1::Transition> transitions, store_->ListTransitions(key, after, page_size + 1));
  v1::ListTransitionsResponse response;
  PageRoom room(page_size);
  for (v1::Transition& transition : transitions) {
    if (!room.Take(transition)) {
      // Numbers have no gaps, so the last one on this page is known.
      response.set_next_page_token(MakePageToken(scope, Concat(after + response.transitions_size())));
      break;
    }
    *response.add_transitions() = std::move(transition);
  }
  return response;
}

absl::StatusOr<v1::ClosureRecord> ClosureReads::GetClosureRecord(const Actor& actor,
                                                                 const v1::GetClosureRecordRequest& request) const {
  CLOSURE_ASSIGN_OR_RETURN(const ClosureKey key, ReadableKey(actor, "name", request.name()));
  CLOSURE_RETURN_IF_ERROR(FindClosure(*store_, key).status());
  CLOSURE_ASSIGN_OR_RETURN(StoredRecord stored, store_->LoadRecord(key));
  v1::ClosureRecord record;
  CLOSURE_ASSIGN_OR_RETURN(*record.mutable_closure(), PresentWithWaits(*store_, stored.data, clock_->Now()));
  for (v1::BlockingItem& item : stored.items) *record.add_items() = std::move(item);
  for (v1::Transition& transition : stored.transitions) *record.add_transitions() = std::move(transition);
  for (v1::Consent& consent : stored.consents) *record.add_consents() = std::move(consent);
  return record;
}

}  // namespace closure
