// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_COMES_TRUE_H_
#define CLOSURE_TESTS_STORAGE_COMES_TRUE_H_

#include <filesystem>
#include <string>

namespace closure {

// Looks again and again until something is so; false when it never is.
template <typename Condition>
bool ComesTrue(const Condition& condition) {
  constexpr int kLooksMax = 5'000'000;
  for (int look = 0; look < kLooksMax; ++look) {
    if (condition()) return true;
  }
  return false;
}

// Waits until the store has emptied the log of a database, as it does once at its start.
inline bool LogComesEmpty(const std::string& database) {
  return ComesTrue([&] { return std::filesystem::file_size(database + "-wal") == 0; });
}

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_COMES_TRUE_H_
