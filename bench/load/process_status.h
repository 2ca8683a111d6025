// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LOAD_PROCESS_STATUS_H_
#define CLOSURE_BENCH_LOAD_PROCESS_STATUS_H_

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace closure::bench {

// A number that Linux tells of this process in /proc/self/status, such as "Threads:" or "VmRSS:", which is in KiB; 0
// where there is none.
inline int64_t ProcessStatus(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stoll(line.substr(field.size()));
  }
  return 0;
}

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LOAD_PROCESS_STATUS_H_
