// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_STORE_TRANSITION_WRITER_H_
#define CLOSURE_BENCH_STORE_TRANSITION_WRITER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "storage/closure_store.h"

// Who makes transitions durable: the store, or a yardstick that writes the same rows.
namespace closure::bench {

class TransitionWriter {
 public:
  using Done = std::function<void(const absl::Status&)>;

  virtual ~TransitionWriter() = default;
  // A closure as it is stored.
  virtual absl::StatusOr<internal::v1::ClosureData> Load(const ClosureKey& key) = 0;
  // Leases up to `limit` tasks that are due, the earliest first; the closures they are of. Waits for it, with no write
  // under way.
  virtual absl::StatusOr<std::vector<ClosureKey>> Lease(absl::Time now, int limit) = 0;
  // Queues a commit of the next version of a sample and returns; `done` is called on another thread once it is durable.
  // Any thread.
  virtual void Write(Commit commit, Done done) = 0;
};

// The store itself, with all that it checks. `key_path` is the secret key that the database is bound to.
absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenStoreWriter(const std::string& database,
                                                                  const std::string& key_path);

// How SQLite alone is set up.
struct RawOptions {
  // How many writes are committed together at most; 1 is a commit for each.
  int batch_max = 1;
  // Whether the log is moved into the file by a thread of its own from 4 MB on, and begun anew by the writing thread
  // between two batches at 32 MB (raw_checkpoints.h). It is what serves many writers best. A lone one is faster with
  // SQLite's own checkpoints, every 4 MB within a commit.
  bool checkpoint_thread = false;
};

// The best that SQLite alone can do for writers of which so many have a write under way at once.
constexpr RawOptions BestRawOptions(int writers) { return {.batch_max = 256, .checkpoint_thread = writers > 1}; }

// SQLite and nothing else: one thread commits what queued meanwhile, with the same durability, the same memory for
// pages and the same rows, indexes included. Of a commit it writes what NextMove, NextHold and NextProgress put into it
// (sample_closures.h), and nothing that is not there. It checks nothing and computes nothing: no version is compared,
// no hash is made, no trigger and no CHECK runs, no page has a checksum.
//
// The database is one that the store made, and is no database of the store's once something was written.
absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenRawWriter(const std::string& database, const RawOptions& options);

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_STORE_TRANSITION_WRITER_H_
