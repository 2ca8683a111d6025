// SPDX-License-Identifier: Apache-2.0
// closure_bench_open: opens a database with SQLite alone, which reads the log that a killed process left, reads one row
// and ends.
#include <sqlite3.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: closure_bench_open DATABASE\n");
    return 2;
  }
  sqlite3* database = nullptr;
  sqlite3_stmt* row = nullptr;
  const bool read = sqlite3_open_v2(argv[1], &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
                    sqlite3_prepare_v2(database, "SELECT closure_id FROM closures ORDER BY closure_row DESC LIMIT 1",
                                       -1, &row, nullptr) == SQLITE_OK &&
                    sqlite3_step(row) == SQLITE_ROW;
  if (read)
    std::printf("%s\n", reinterpret_cast<const char*>(sqlite3_column_text(row, 0)));
  else
    std::fprintf(stderr, "closure_bench_open: %s\n", sqlite3_errmsg(database));
  // Without closing it, which would move the log: a server goes on with it.
  return read ? 0 : 1;
}
