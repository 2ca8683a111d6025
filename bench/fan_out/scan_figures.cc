// SPDX-License-Identifier: Apache-2.0
#include "bench/fan_out/scan_figures.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/load/process_status.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Of this many streams one looks how many threads there are, whenever it has begun a scan.
constexpr int kStreamsPerLook = 50;

double ProcessorMicros() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto micros = [](const timeval& time) {
    return 1e6 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec);
  };
  return micros(used.ru_utime) + micros(used.ru_stime);
}

uint32_t Nanos(SteadyClock::duration took) {
  return static_cast<uint32_t>(std::clamp<int64_t>(took.count(), 0, std::numeric_limits<uint32_t>::max()));
}

// What was wrong with one scan that ran alone.
std::string RunAlone(const Scan& scan) {
  // Shared, for who sets it is still at it when it can be read.
  auto ended = std::make_shared<std::promise<std::string>>();
  scan(0, [ended](std::string fault) { ended->set_value(std::move(fault)); });
  return ended->get_future().get();
}

// What is noted of the scans of one loop.
class Notes {
 public:
  Notes(Slowest& slowest, const LoopOptions& options)
      : slowest_(slowest),
        measured_from_(SteadyClock::now() + options.warm_up),
        streams_(static_cast<size_t>(options.streams)) {}

  void Ended(int stream, SteadyClock::time_point began) {
    ++scans_;
    if (began < measured_from_) return;
    Stream& notes = streams_[static_cast<size_t>(stream)];
    const std::chrono::nanoseconds slowest(slowest_.nanos(stream));
    notes.over_nanos.push_back(Nanos(SteadyClock::now() - began - slowest));
    notes.slowest_nanos.push_back(Nanos(slowest));
  }

  // From one of several streams at a time.
  void LookAtThreads() {
    const int64_t threads = ProcessStatus("Threads:");
    int64_t before = threads_max_;
    while (before < threads && !threads_max_.compare_exchange_weak(before, threads)) {
    }
  }

  void Fill(ScanFigures& figures) const {
    for (const Stream& notes : streams_) {
      figures.over_nanos.insert(figures.over_nanos.end(), notes.over_nanos.begin(), notes.over_nanos.end());
      figures.slowest_nanos.insert(figures.slowest_nanos.end(), notes.slowest_nanos.begin(), notes.slowest_nanos.end());
    }
    std::sort(figures.over_nanos.begin(), figures.over_nanos.end());
    std::sort(figures.slowest_nanos.begin(), figures.slowest_nanos.end());
    figures.threads_max = threads_max_;
  }

  int64_t scans() const { return scans_; }

 private:
  // Touched by its own scan only; apart, so that streams do not share cache lines.
  struct alignas(64) Stream {
    std::vector<uint32_t> over_nanos;
    std::vector<uint32_t> slowest_nanos;
  };

  Slowest& slowest_;
  const SteadyClock::time_point measured_from_;
  std::vector<Stream> streams_;
  std::atomic<int64_t> scans_ = 0;
  std::atomic<int64_t> threads_max_ = 0;
};

}  // namespace

ScanFigures MeasureScans(const Scan& scan, Slowest& slowest, const LoopOptions& options) {
  ScanFigures figures;
  figures.loop.first_fault = RunAlone(scan);
  figures.loop.faults = figures.loop.first_fault.empty() ? 0 : 1;
  if (figures.loop.faults > 0) return figures;
  figures.threads_before = ProcessStatus("Threads:");
  const double micros_before = ProcessorMicros();
  Notes notes(slowest, options);
  figures.loop = RunClosedLoop(options, [&](int stream, const OperationEnded& ended) {
    slowest.Begin(stream);
    const auto began = SteadyClock::now();
    scan(stream, [&notes, stream, began, ended](std::string fault) {
      notes.Ended(stream, began);
      ended(std::move(fault));
    });
    // The checkers take their time meanwhile.
    if (stream % kStreamsPerLook == 0) notes.LookAtThreads();
  });
  const double micros = ProcessorMicros() - micros_before;
  figures.processor_micros_each = micros / static_cast<double>(std::max<int64_t>(notes.scans(), 1));
  notes.Fill(figures);
  return figures;
}

std::string ToJson(const ScanFigures& figures) {
  nlohmann::json json = nlohmann::json::parse(ToJson(figures.loop));
  json["over_p99_us"] = QuantileMicros(figures.over_nanos, 0.99);
  json["slowest_p99_us"] = QuantileMicros(figures.slowest_nanos, 0.99);
  json["threads_before"] = figures.threads_before;
  json["threads"] = figures.threads_max;
  json["cpu_us_each"] = figures.processor_micros_each;
  return json.dump();
}

int Report(const ScanFigures& figures) {
  std::printf("%s\n", ToJson(figures).c_str());
  return figures.loop.faults == 0 ? 0 : 1;
}

}  // namespace closure::bench
