// SPDX-License-Identifier: Apache-2.0
// Spans of time as people type them. Promises: what is taken lies within the limits and survives its message, and what
// is refused says why.
#include <catch2/catch.hpp>

#include "client/closurectl/duration_text.h"
#include "tests/fuzz/fuzz_target.h"

namespace closure::fuzz {
namespace {

class DurationTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    const absl::StatusOr<absl::Duration> span = ParseDuration(absl::string_view(input.data(), input.size()));
    if (!span.ok()) {
      REQUIRE(span.status().code() == absl::StatusCode::kInvalidArgument);
      REQUIRE_FALSE(span.status().message().empty());
      return;
    }
    REQUIRE(*span > absl::ZeroDuration());
    REQUIRE(*span <= 100'000 * absl::Hours(24));
    REQUIRE(FromProtoDuration(ToProtoDuration(*span)) == *span);
    REQUIRE_FALSE(DurationText(*span).empty());
  }
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<DurationTarget>(); }

}  // namespace closure::fuzz
