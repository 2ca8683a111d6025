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
  // Queues a commit of NextMove and returns; `done` is called on another thread once it is durable. Any thread.
  virtual void Write(Commit commit, Done done) = 0;
};

// The store itself, with all that it checks. `key_path` is the secret key that the database is bound to.
absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenStoreWriter(const std::string& database,
                                                                  const std::string& key_path);

// How many writes the best SQLite alone can do commits together.
inline constexpr int kRawBatchMax = 256;

// SQLite and nothing else: one thread commits what queued meanwhile, `batch_max` writes at most together, with the same
// durability and the same rows, indexes included. It checks nothing and computes nothing: no version is compared, no
// hash is made, no trigger and no CHECK runs, no page has a checksum. A `batch_max` of 1 is a commit for each call.
//
// The database is one that the store made, and is no database of the store's afterwards.
absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenRawWriter(const std::string& database, int batch_max);

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_STORE_TRANSITION_WRITER_H_
