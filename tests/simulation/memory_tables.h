// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_MEMORY_TABLES_H_
#define CLOSURE_TESTS_SIMULATION_MEMORY_TABLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/account_gate_service.pb.h"
#include "closure/v1/closure.pb.h"
#include "storage/closure_store.h"
#include "tests/simulation/undo_table.h"

// What a MemoryStore holds: the tables of docs/storage.md. Times are whole microseconds since the epoch, as in a
// database. Not thread-safe.
namespace closure::simulation {

struct Account {
  int64_t fence = 0;
  v1::GateState gate = v1::GATE_OPEN;
  // 0 until the gate first changes.
  int64_t gate_revision = 0;
  // The closure that last changed the gate; 0 for none.
  int64_t gate_closure_row = 0;
};

struct StoredTask {
  int64_t closure_row = 0;
  internal::v1::TaskData task;
  std::optional<int64_t> lease_until;
};

struct StoredRequest {
  RequestRecord record;
  // The closure with which it is forgotten, if there is one.
  std::optional<int64_t> closure_row;
};

struct Admission {
  std::string organization_id;
  int64_t time = 0;
};

struct MadeCode {
  std::string account_id;
  int64_t time = 0;
};

struct MemoryTables {
  // What the write that is being made has changed.
  UndoLog undo;

  UndoTable<std::string, Account> accounts{undo};
  // Accounts by the revision of their gate.
  UndoTable<int64_t, std::string> gates{undo};
  // By row number, from 1 in the order in which they were made.
  UndoTable<int64_t, internal::v1::ClosureData> closures{undo};
  UndoTable<ClosureKey, int64_t> closure_rows{undo};
  // By the closure's row number and the item's id.
  UndoTable<std::pair<int64_t, std::string>, v1::BlockingItem> items{undo};
  // By the closure's row number and a number from 1.
  UndoTable<std::pair<int64_t, int64_t>, v1::Transition> transitions{undo};
  UndoTable<std::pair<int64_t, int64_t>, v1::Consent> consents{undo};
  UndoTable<int64_t, StoredTask> tasks{undo};
  // Ids of tasks by the closure's row number and the task's key.
  UndoTable<std::pair<int64_t, std::string>, int64_t> task_ids{undo};
  // Never given out twice.
  UndoValue<int64_t> last_task_id{undo};
  // In the order in which they came.
  UndoTable<int64_t, StoredRequest> requests{undo};
  // Rows of requests by account and request id.
  UndoTable<std::pair<std::string, std::string>, int64_t> request_rows{undo};
  UndoTable<std::string, std::monostate> tombstones{undo};
  // By the closure's row number.
  UndoTable<int64_t, Admission> admissions{undo};
  // In the order in which they came.
  UndoTable<int64_t, MadeCode> codes{undo};
  UndoValue<internal::v1::SystemData> system{undo};
};

bool IsEnded(v1::Closure::State state);
// The account's closure that has not ended; null when there is none.
const internal::v1::ClosureData* FindOpen(const MemoryTables& tables, std::string_view account_id);
// The account's highest fence; 0 when it never had a closure.
int64_t FenceOf(const MemoryTables& tables, std::string_view account_id);

// SHA-256, in lower-case hexadecimal, over every row of every table: equal for two stores that hold the same.
std::string DigestOf(const MemoryTables& tables);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_MEMORY_TABLES_H_
