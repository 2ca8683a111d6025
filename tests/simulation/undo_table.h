// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_UNDO_TABLE_H_
#define CLOSURE_TESTS_SIMULATION_UNDO_TABLE_H_

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

// Tables in memory whose changes can be taken back, as a database's savepoint does it: a write that is refused half way
// leaves nothing. Not thread-safe. Ordered, so that going through a table is the same in every run.
namespace closure::simulation {

// How to take back what was changed since the last Keep or TakeBack.
class UndoLog {
 public:
  UndoLog() = default;
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  void Add(absl::AnyInvocable<void() &&> undo) { undos_.push_back(std::move(undo)); }
  void Keep() { undos_.clear(); }
  void TakeBack() {
    for (; !undos_.empty(); undos_.pop_back()) std::move(undos_.back())();
  }

 private:
  std::vector<absl::AnyInvocable<void() &&>> undos_;
};

// A value that is always there. The log must outlive it.
template <typename Value>
class UndoValue {
 public:
  explicit UndoValue(UndoLog& log) : log_(log) {}
  UndoValue(const UndoValue&) = delete;
  UndoValue& operator=(const UndoValue&) = delete;

  const Value& operator*() const { return value_; }
  const Value* operator->() const { return &value_; }
  void Set(Value value) {
    log_.Add([this, before = std::exchange(value_, std::move(value))]() mutable { value_ = std::move(before); });
  }

 private:
  UndoLog& log_;
  Value value_{};
};

// Rows by their key, in its order. Changing the row of a key that is there keeps all iterators; erasing does not. The
// log must outlive it.
template <typename Key, typename Row>
class UndoTable {
 public:
  using Rows = std::map<Key, Row, std::less<>>;

  explicit UndoTable(UndoLog& log) : log_(log) {}
  UndoTable(const UndoTable&) = delete;
  UndoTable& operator=(const UndoTable&) = delete;

  const Rows& rows() const { return rows_; }
  // Null when there is none; valid until the row is written or erased.
  template <typename Sought>
  const Row* Find(const Sought& key) const {
    const auto place = rows_.find(key);
    return place == rows_.end() ? nullptr : &place->second;
  }
  // The highest key; a default one while the table is empty.
  Key LastKey() const { return rows_.empty() ? Key() : rows_.rbegin()->first; }

  // Adds the row, or replaces the one that is there.
  void Put(const Key& key, Row row) {
    const auto place = rows_.find(key);
    if (place == rows_.end()) {
      rows_.emplace(key, std::move(row));
      log_.Add([this, key] { rows_.erase(key); });
    } else {
      log_.Add([this, key, before = std::exchange(place->second, std::move(row))]() mutable {
        rows_[key] = std::move(before);
      });
    }
  }
  // Nothing happens when there is none.
  void Erase(const Key& key) {
    const auto place = rows_.find(key);
    if (place == rows_.end()) return;
    log_.Add([this, key, before = std::move(place->second)]() mutable { rows_.emplace(key, std::move(before)); });
    rows_.erase(place);
  }

 private:
  UndoLog& log_;
  Rows rows_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_UNDO_TABLE_H_
