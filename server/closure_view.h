// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_VIEW_H_
#define CLOSURE_SERVER_CLOSURE_VIEW_H_

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/closure.pb.h"

// What is shown of a stored closure. Pure.
namespace closure {

// Leaves of a stored public part what stays as it is until the next commit: all but the fields that the functions below
// set.
void KeepLastingPart(v1::Closure& closure);

// What depends on the time besides: allowed_actions and silent_period_remaining, in a message that has nothing else.
v1::Closure TimedPart(const internal::v1::ClosureData& data, absl::Time now);

// Both parts, merged.
v1::Closure Present(const internal::v1::ClosureData& data, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_VIEW_H_
