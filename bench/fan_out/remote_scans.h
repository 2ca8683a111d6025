// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_REMOTE_SCANS_H_
#define CLOSURE_BENCH_FAN_OUT_REMOTE_SCANS_H_

#include "bench/fan_out/remote_connections.h"
#include "bench/fan_out/scan_figures.h"
#include "bench/fan_out/slowest.h"
#include "server/fan_out.h"

namespace closure::bench {

// How long a checker may take here. None does that runs to its end in a measurement, so that nobody is taken for dead.
inline constexpr absl::Duration kCheckDeadline = absl::Seconds(30);

// The fan-out of the service.
FanOut FanOutOver(const Checkers& checkers);

// Scans of it, each of which is to find what all checkers report. The times of their calls are noted in `slowest`.
Scan ScansWith(const Checkers& checkers, Slowest& slowest);

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_REMOTE_SCANS_H_
