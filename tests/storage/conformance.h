// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_CONFORMANCE_H_
#define CLOSURE_TESTS_STORAGE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/closure_store.h"
#include "tests/storage/sample_commits.h"

// What the conformance suite of ClosureStore needs. The suite (conformance_*_test.cc) knows the interface only and runs
// on every backend:
//
//   TEST_CASE("a rule") {
//     TestStore store(GENERATE(from_range(StoreBackends())));
//     ...
//   }
namespace closure {

// A database of its own, in which a store can be opened again and again; gone with the object.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  virtual absl::StatusOr<std::unique_ptr<ClosureStore>> Open() = 0;
};

struct StoreBackend {
  std::string name;
  std::function<std::unique_ptr<StorePlace>()> make_place;
};

// All of them; a new backend is a line in store_backends.cc.
std::vector<StoreBackend> StoreBackends();

// An open store whose writes are waited for. A store that cannot be opened fails the test.
class TestStore {
 public:
  explicit TestStore(const StoreBackend& backend);

  ClosureStore* operator->() { return store_.get(); }
  ClosureStore& operator*() { return *store_; }
  // Destroys the store without Drain, and opens it again.
  void Reopen();

  absl::Status Apply(Commit commit);
  absl::Status RecordProgress(const ClosureKey& key, int64_t scan_number, const v1::CheckerResult& result);
  absl::StatusOr<std::vector<internal::v1::TaskData>> LeaseDueTasks(absl::Time now, absl::Time lease_end,
                                                                    int limit = 100);

  // Loads a closure that must be there.
  internal::v1::ClosureData Load(const ClosureKey& key);
  // Creates a closure in IDENTITY_PENDING and takes it through the states, one decision each; as it is then stored.
  internal::v1::ClosureData Create(const ClosureKey& key, const std::vector<v1::Closure::State>& states = {});
  // The ids of the tasks of a closure, by their keys' order of due time.
  std::vector<std::string> TaskKeys(const ClosureKey& key);

 private:
  const std::unique_ptr<StorePlace> place_;
  std::unique_ptr<ClosureStore> store_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_CONFORMANCE_H_
