// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_HISTORY_CHAIN_H_
#define CLOSURE_STORAGE_HISTORY_CHAIN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "closure/v1/closure.pb.h"
#include "storage/closure_store.h"

// The history of a closure is a chain: every entry carries the hash of the one before it, so that none can be changed,
// removed, inserted or moved without breaking every hash behind it. docs/record.md documents the bytes. All functions
// are pure and can be called from any thread.
namespace closure {

// What the first entry has for the hash before it: 64 zeros.
std::string FirstPreviousHash();

// SHA-256, in lower-case hexadecimal, over a closure's name, an entry's number, the hash of the entry before and the
// entry. The entry's time counts to the nanosecond; the store gives it whole microseconds.
std::string HashEntry(std::string_view previous_hash, const HistoryEntry& entry, int64_t number,
                      std::string_view closure_name);

// Checks a whole history, from entry 1 on: names and numbers without gaps, each entry's state before equal to the state
// after of the entry before, and all hashes. An empty history is sound. It cannot tell that entries were cut off at the
// end: compare the last entry with the closure's state, and with a copy of a hash kept elsewhere. Errors: DATA_LOSS
// naming the first entry that does not fit, and what about it.
absl::Status VerifyChain(const std::vector<v1::Transition>& transitions, std::string_view closure_name);

}  // namespace closure

#endif  // CLOSURE_STORAGE_HISTORY_CHAIN_H_
