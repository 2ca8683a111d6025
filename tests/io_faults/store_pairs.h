// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_STORE_PAIRS_H_
#define CLOSURE_TESTS_IO_FAULTS_STORE_PAIRS_H_

#include <string>
#include <vector>

#include "storage/closure_store.h"
#include "tests/simulation/random_writes.h"

// To compare a store on a failing disk with one that does not fail.
namespace closure {

// What a store tells, a line for each answer; see simulation::Observe.
using Lines = std::vector<std::string>;

// Writes, and waits for the outcome, in words.
std::string Write(ClosureStore& store, const simulation::RandomWrite& write);
// Whether an outcome is UNAVAILABLE.
bool IsUnavailable(const std::string& outcome);
// The first line in which the two differ; empty when they do not.
std::string Difference(const Lines& expected, const Lines& found);

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_STORE_PAIRS_H_
