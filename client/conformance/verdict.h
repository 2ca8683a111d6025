// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_VERDICT_H_
#define CLOSURE_CLIENT_CONFORMANCE_VERDICT_H_

#include <string>
#include <string_view>
#include <utility>

namespace closure {

// How one case of a conformance list ended.
struct Verdict {
  enum class Kind {
    kHolds,
    kBroken,
    // What it needs was not given.
    kSkipped,
    // What was given is not what it needs, so nothing could be judged.
    kUnjudged,
  };
  Kind kind = Kind::kHolds;
  // What was seen, what is broken, or what is missing; one line.
  std::string detail;
};

inline Verdict Holds(std::string seen) { return {Verdict::Kind::kHolds, std::move(seen)}; }
inline Verdict Broken(std::string what) { return {Verdict::Kind::kBroken, std::move(what)}; }
inline Verdict Skipped(std::string missing) { return {Verdict::Kind::kSkipped, std::move(missing)}; }
inline Verdict Unjudged(std::string unfit) { return {Verdict::Kind::kUnjudged, std::move(unfit)}; }

// One promise of the contract, and how it is judged; docs/conformance.md publishes them. `judge` blocks until it has
// an answer, which each of its calls has within a limit of its own. Where the case that it stands on does not hold, it
// would only tell the same fault again.
template <typename Subject>
struct ConformanceCase {
  std::string_view name;
  std::string_view promise;
  Verdict (*judge)(Subject&);
  // The name of an earlier case of the list; empty for none.
  std::string_view stands_on = {};
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_VERDICT_H_
