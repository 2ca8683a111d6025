// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/item_rows.h"

#include <fmt/format.h>

#include <utility>

#include "absl/strings/match.h"
#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

using Item = v1::BlockingItem;

// What both reading statements select, in the order of ReadItem.
#define CLOSURE_ITEM_COLUMNS                                                                              \
  "i.item_id, i.checker, i.kind, i.disposition, i.resolution, i.resolution_detail, i.change, i.type, "    \
  "i.region_code, i.display_name, i.amount_currency, i.amount_units, i.amount_nanos, i.why, i.resolver, " \
  "i.resolver_id, i.instructions, i.process_uri, i.fingerprint, i.native_id, i.native_state, i.first_seen_time"

std::string ItemPrefix(const ClosureKey& key) { return fmt::format("{}/blockingItems/", FormatClosureName(key)); }

absl::Status ReadItemNames(const Statement& row, Item& item) {
  v1::ItemKind kind = v1::ITEM_KIND_UNSPECIFIED;
  v1::Disposition disposition = v1::DISPOSITION_UNSPECIFIED;
  Item::Resolution resolution = Item::RESOLUTION_UNSPECIFIED;
  Item::Change change = Item::CHANGE_UNSPECIFIED;
  v1::Resolver resolver = v1::RESOLVER_UNSPECIFIED;
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 2, &v1::ItemKind_Parse, kind));
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 3, &v1::Disposition_Parse, disposition));
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 4, &Item::Resolution_Parse, resolution));
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 6, &Item::Change_Parse, change));
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 14, &v1::Resolver_Parse, resolver));
  item.set_kind(kind);
  item.set_disposition(disposition);
  item.set_resolution(resolution);
  item.set_change(change);
  item.set_resolver(resolver);
  return absl::OkStatus();
}

absl::StatusOr<Item> ReadItem(const Statement& row, const std::string& prefix) {
  Item item;
  CLOSURE_RETURN_IF_ERROR(ReadItemNames(row, item));
  item.set_name(prefix + row.Text(0));
  item.set_checker(row.Text(1));
  item.set_resolution_detail(row.Text(5));
  item.set_type(row.Text(7));
  item.set_region_code(row.Text(8));
  item.set_display_name(row.Text(9));
  if (!row.IsNull(10)) {
    item.mutable_amount()->set_currency_code(row.Text(10));
    item.mutable_amount()->set_units(row.Int(11));
    item.mutable_amount()->set_nanos(static_cast<int32_t>(row.Int(12)));
  }
  item.set_why(row.Text(13));
  item.set_resolver_id(row.Text(15));
  item.set_instructions(row.Text(16));
  item.set_process_uri(row.Text(17));
  item.set_fingerprint(row.Text(18));
  item.set_native_id(row.Text(19));
  item.set_native_state(row.Text(20));
  if (!row.IsNull(21)) *item.mutable_first_seen_time() = TimestampOfMicros(row.Int(21));
  return item;
}

}  // namespace

absl::Status PutItem(Connection& connection, int64_t closure_row, const ClosureKey& key, const Item& item) {
  const std::string prefix = ItemPrefix(key);
  if (!absl::StartsWith(item.name(), prefix)) {
    return absl::InvalidArgumentError(fmt::format("the item {} is not one of {}", item.name(), FormatClosureName(key)));
  }
  const bool money = item.has_amount();
  return connection.Run(
      R"sql(
      INSERT INTO blocking_items (closure_row, item_id, checker, kind, disposition, resolution, resolution_detail,
        change, type, region_code, display_name, amount_currency, amount_units, amount_nanos, why,
        resolver, resolver_id, instructions, process_uri, fingerprint, native_id, native_state, first_seen_time)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,
        ?8, ?9, ?10, ?11, IIF (?12, ?13, NULL), IIF (?12, ?14, NULL), IIF (?12, ?15, NULL), ?16,
        ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)
      ON CONFLICT (closure_row, item_id) DO UPDATE
      SET checker = excluded.checker, kind = excluded.kind, disposition = excluded.disposition,
        resolution = excluded.resolution, resolution_detail = excluded.resolution_detail, change = excluded.change,
        type = excluded.type, region_code = excluded.region_code, display_name = excluded.display_name,
        amount_currency = excluded.amount_currency, amount_units = excluded.amount_units,
        amount_nanos = excluded.amount_nanos, why = excluded.why, resolver = excluded.resolver,
        resolver_id = excluded.resolver_id, instructions = excluded.instructions, process_uri = excluded.process_uri,
        fingerprint = excluded.fingerprint, native_id = excluded.native_id, native_state = excluded.native_state,
        first_seen_time = excluded.first_seen_time
      )sql",
      closure_row, item.name().substr(prefix.size()), item.checker(), v1::ItemKind_Name(item.kind()),
      v1::Disposition_Name(item.disposition()), Item::Resolution_Name(item.resolution()), item.resolution_detail(),
      Item::Change_Name(item.change()), item.type(), item.region_code(), item.display_name(), money ? 1 : 0,
      item.amount().currency_code(), item.amount().units(), item.amount().nanos(), item.why(),
      v1::Resolver_Name(item.resolver()), item.resolver_id(), item.instructions(), item.process_uri(),
      item.fingerprint(), item.native_id(), item.native_state(),
      MicrosIf(item.has_first_seen_time(), item.first_seen_time()));
}

absl::StatusOr<std::vector<Item>> ListItems(Connection& connection, const ClosureKey& key, const ItemFilter& filter) {
  constexpr int kNoLimit = -1;
  Statement rows = connection.Select("SELECT " CLOSURE_ITEM_COLUMNS
                                     R"sql(
      FROM blocking_items AS i
      WHERE i.closure_row = (SELECT closure_row FROM closures WHERE account_id = ?1 AND closure_id = ?2)
        AND i.item_id > ?3 AND (?4 OR i.disposition = ?5) AND (?6 = '' OR i.checker = ?6)
        AND (?7 OR i.resolution <> 'RESOLVED')
      ORDER BY i.item_id LIMIT ?8
      )sql",
                                     key.account_id, key.closure_id, filter.after_item_id,
                                     filter.disposition == v1::DISPOSITION_UNSPECIFIED ? 1 : 0,
                                     v1::Disposition_Name(filter.disposition), filter.checker,
                                     filter.show_resolved ? 1 : 0, filter.limit == 0 ? kNoLimit : filter.limit);
  const std::string prefix = ItemPrefix(key);
  return ReadRows(std::move(rows), [&prefix](const Statement& row) { return ReadItem(row, prefix); });
}

absl::StatusOr<std::vector<Item>> LoadItems(Connection& connection, const ClosureKey& key,
                                            const std::vector<std::string>& item_ids) {
  CLOSURE_ASSIGN_OR_RETURN(const Transaction one_state, Transaction::BeginRead(connection));
  const std::string prefix = ItemPrefix(key);
  std::vector<Item> items;
  for (const std::string& item_id : item_ids) {
    Statement row = connection.Select("SELECT " CLOSURE_ITEM_COLUMNS
                                      R"sql(
      FROM blocking_items AS i
      WHERE i.closure_row = (SELECT closure_row FROM closures WHERE account_id = ?1 AND closure_id = ?2)
        AND i.item_id = ?3
      )sql",
                                      key.account_id, key.closure_id, item_id);
    CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) continue;
    CLOSURE_ASSIGN_OR_RETURN(Item item, ReadItem(row, prefix));
    items.push_back(std::move(item));
  }
  return items;
}

absl::StatusOr<ItemChangeCounts> CountItemChanges(Connection& connection, const ClosureKey& key) {
  Statement row = connection.Select(
      R"sql(
      SELECT COUNT(*) FILTER (WHERE i.change = 'NEW'), COUNT(*) FILTER (WHERE i.change = 'CHANGED'),
        COUNT(*) FILTER (WHERE i.change = 'GONE')
      FROM blocking_items AS i
      WHERE i.closure_row = (SELECT closure_row FROM closures WHERE account_id = ?1 AND closure_id = ?2)
      )sql",
      key.account_id, key.closure_id);
  CLOSURE_RETURN_IF_ERROR(row.Step().status());
  return ItemChangeCounts{.new_count = static_cast<int>(row.Int(0)),
                          .changed_count = static_cast<int>(row.Int(1)),
                          .gone_count = static_cast<int>(row.Int(2))};
}

}  // namespace closure::sqlite
