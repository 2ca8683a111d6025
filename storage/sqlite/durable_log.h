// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_DURABLE_LOG_H_
#define CLOSURE_STORAGE_SQLITE_DURABLE_LOG_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace closure::sqlite {

// Makes durable what a database's write-ahead log holds, up to the first frame that is not sound. After a sync that
// failed the operating system still shows what was written, takes it for written, and does not write it again: a later
// sync reports success over a hole, and what is acknowledged behind it is lost with the power (ADR 19). So a start
// writes the log again before it believes it.
//
// To be called while nobody writes to the database or can: in a write transaction that has written nothing. Nothing
// when there is no log. Its header is durable before the rest, as SQLite has it. Errors: UNAVAILABLE when the file
// system refuses, a frame that is committed does not read as it was written, or a transaction ends behind those.
//
// `committed_frames` is how many SQLite goes on behind (Connection::CommittedFrames): so many have to be sound. A
// transaction behind them was read wrong when SQLite looked for the end of the log, and would be lost with it. Or
// another program has kept the log's index since the process before was killed, or failed, while it synced or began the
// log anew; then the transaction was acknowledged to nobody, and is lost or kept as soon as that program ends.
absl::Status MakeLogDurable(const std::string& database_path, int64_t committed_frames);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_DURABLE_LOG_H_
