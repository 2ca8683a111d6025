// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_COMES_TRUE_H_
#define CLOSURE_TESTS_STORAGE_COMES_TRUE_H_

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace closure {

// Looks again and again until something is so; false when it never is.
template <typename Condition>
bool ComesTrue(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// Waits until the store has emptied the log of a database, as it does once at its start.
inline bool LogComesEmpty(const std::string& database) {
  return ComesTrue([&] { return std::filesystem::file_size(database + "-wal") == 0; });
}

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_COMES_TRUE_H_
