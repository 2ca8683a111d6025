// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_COLUMNS_H_
#define CLOSURE_STORAGE_SQLITE_COLUMNS_H_

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "google/protobuf/timestamp.pb.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"
#include "storage/status_macros.h"

// How values of messages stand in columns: times as microseconds since the epoch, enum values by their names. What is
// finer than a microsecond is cut off.
namespace closure::sqlite {

int64_t Micros(absl::Time time);
int64_t Micros(const google::protobuf::Timestamp& time);
// Nothing, which is NULL in a column, where the message has no time.
std::optional<int64_t> MicrosIf(bool present, const google::protobuf::Timestamp& time);
google::protobuf::Timestamp TimestampOfMicros(int64_t micros);

// INTERNAL: a stored row is not understood.
absl::Status NotUnderstood(std::string_view what);

// Reads a message that was stored as bytes.
absl::Status ParseStored(std::string_view bytes, std::string_view what, google::protobuf::MessageLite& message);

// Reads an enum value that was stored by its name, with the enum's own Parse function.
template <typename Enum>
absl::Status ParseName(const Statement& row, int column, bool (*parse)(google::protobuf::ConstStringParam, Enum*),
                       Enum& value) {
  const std::string name = row.Text(column);
  if (parse(name, &value)) return absl::OkStatus();
  return NotUnderstood(fmt::format("the name \"{}\"", name));
}

// Reads a statement to its end: one value for each row, in their order. `read_row` gets the statement at its row and
// answers an absl::StatusOr, whose error ends the reading.
template <typename ReadRow, typename Row = typename std::invoke_result_t<ReadRow&, const Statement&>::value_type>
absl::StatusOr<std::vector<Row>> ReadRows(Statement statement, ReadRow read_row) {
  std::vector<Row> rows;
  for (;;) {
    CLOSURE_ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return rows;
    CLOSURE_ASSIGN_OR_RETURN(Row row, read_row(statement));
    rows.push_back(std::move(row));
  }
}

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_COLUMNS_H_
