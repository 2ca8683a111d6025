// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_EVERY_CALL_H_
#define CLOSURE_TESTS_IO_FAULTS_EVERY_CALL_H_

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "tests/io_faults/fault_kinds.h"
#include "tests/support/command_line.h"

// One fault at each file call of something that is run again and again.
namespace closure {

// Which runs are meant: those whose names begin with these words, as in "write" or "write short at 3"; all where there
// are none. One thread.
class MeantRuns {
 public:
  explicit MeantRuns(std::string words) : words_(std::move(words)) {}

  bool Has(std::string_view name) {
    const std::string_view rest = name.starts_with(words_) ? name.substr(words_.size()) : "?";
    const bool meant = words_.empty() || rest.empty() || rest.front() == ' ' || rest.front() == ',';
    any_ = any_ || meant;
    return meant;
  }
  // Whether any was, where only some are.
  bool any() const { return words_.empty() || any_; }

 private:
  const std::string words_;
  bool any_ = false;
};

// The option --share.
inline CLI::Option* AddShare(CLI::App& app, std::int64_t& share) {
  return app.add_option("--share", share, "Take every SHARE-th call only")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

// The option --only, whose words have to begin as the names of runs do.
inline CLI::Option* AddOnly(CLI::App& app, std::string& only) {
  std::set<std::string> calls = {"no", "random"};
  for (const FaultKind& kind : kFaultKinds) calls.insert(std::string(FileCallName(kind.call)));
  const auto is_name = [calls](const std::string& words) -> std::string {
    if (calls.contains(words.substr(0, words.find(' ')))) return "";
    return fmt::format("no run is called \"{}\"; their names begin with {}", words, fmt::join(calls, ", "));
  };
  return app
      .add_option("--only", only,
                  "Only runs whose names begin so, as in \"write\", \"write short at 3\" which passes and one \"write "
                  "short at 3, lasting\", \"write flipped-bit in the log\", or \"random seed 7\"")
      ->check(is_name);
}

// Says so, and answers the exit code.
inline int NoSuchRun(std::string_view only) {
  fmt::print(
      "no run is called \"{}\": a name is CALL FAILURE at NUMBER, as in \"write short at 3\", with \", "
      "lasting\" behind it where it lasts, or \"random seed NUMBER\"; not every call fails in every way\n",
      only);
  return kMisunderstood;
}

// Whether a run with one fault, from the call with this number of its kind on where it lasts, kept everything.
template <typename Run>
bool OneFault(const Run& run, const FaultKind& kind, std::int64_t number, bool lasting, MeantRuns& meant) {
  const std::string name =
      fmt::format("{} {}{} at {}{}", FileCallName(kind.call), FileFailureName(kind.failure),
                  DamageOf(kind) == Damage::kLog ? " in the log" : "", number, lasting ? ", lasting" : "");
  if (!meant.Has(name)) return true;
  const auto decide = [=](FileCall call, std::int64_t at, FileRole role) {
    const bool now = kind.Fits(call, role) && (lasting ? at >= number : at == number);
    return now ? kind.failure : FileFailure::kNone;
  };
  return run(name, decide, DamageOf(kind)).broken.empty();
}

// At this many calls of each kind at least, where there are so many.
inline constexpr std::int64_t kCallsLeast = 2;

// One fault of each of these kinds at every SHARE-th call that is made without any, as one that passes and as one that
// lasts. `run` is given its name, what the disk does, and what that damages; it answers a report with `calls` and
// `broken`. False after the first run that broke something.
template <typename Run>
bool EveryCall(const Run& run, std::span<const FaultKind> kinds, std::int64_t share, MeantRuns& meant) {
  constexpr std::string_view kNoFault = "no fault";
  meant.Has(kNoFault);
  const auto without = run(std::string(kNoFault), nullptr, Damage::kNone);
  if (!without.broken.empty()) return false;
  for (const FaultKind& kind : kinds) {
    const std::int64_t calls = without.calls.at(static_cast<std::size_t>(kind.call));
    const std::int64_t step = std::min(share, std::max<std::int64_t>(1, calls / kCallsLeast));
    for (std::int64_t number = 1; number <= calls; number += step) {
      if (!OneFault(run, kind, number, false, meant)) return false;
      if (CanLast(kind) && !OneFault(run, kind, number, true, meant)) return false;
    }
  }
  return true;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_EVERY_CALL_H_
