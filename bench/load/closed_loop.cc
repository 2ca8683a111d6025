// SPDX-License-Identifier: Apache-2.0
#include "bench/load/closed_loop.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

class Loop {
 public:
  Loop(const LoopOptions& options, const BeginOperation& begin)
      : begin_(begin),
        measured_from_(SteadyClock::now() + options.warm_up),
        measured_to_(measured_from_ + options.measured),
        streams_(static_cast<size_t>(options.streams)) {}

  LoopResult Run() {
    running_ = static_cast<int>(streams_.size());
    for (size_t stream = 0; stream < streams_.size(); ++stream) BeginNext(stream);
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](Loop* loop) { return loop->ended_; }, this));
    }
    LoopResult result;
    for (const Stream& stream : streams_)
      result.nanos.insert(result.nanos.end(), stream.nanos.begin(), stream.nanos.end());
    std::sort(result.nanos.begin(), result.nanos.end());
    result.seconds = std::chrono::duration<double>(measured_to_ - measured_from_).count();
    result.faults = faults_;
    absl::MutexLock lock(&mutex_);
    result.first_fault = first_fault_;
    return result;
  }

 private:
  // Touched by its own operation only; apart, so that streams do not share cache lines.
  struct alignas(64) Stream {
    SteadyClock::time_point began;
    std::vector<uint32_t> nanos;
  };

  void BeginNext(size_t stream) {
    streams_[stream].began = SteadyClock::now();
    begin_(static_cast<int>(stream), [this, stream](std::string fault) { End(stream, std::move(fault)); });
  }

  void End(size_t index, std::string fault) {
    Stream& stream = streams_[index];
    const SteadyClock::time_point now = SteadyClock::now();
    if (!fault.empty()) {
      if (faults_++ == 0) Keep(std::move(fault));
    } else if (now >= measured_from_ && now < measured_to_) {
      const int64_t nanos = (now - stream.began).count();
      stream.nanos.push_back(static_cast<uint32_t>(std::min<int64_t>(nanos, std::numeric_limits<uint32_t>::max())));
    }
    if (now < measured_to_ && faults_ == 0) {
      BeginNext(index);
    } else if (--running_ == 0) {
      absl::MutexLock lock(&mutex_);
      ended_ = true;
    }
  }

  void Keep(std::string fault) {
    absl::MutexLock lock(&mutex_);
    first_fault_ = std::move(fault);
  }

  const BeginOperation& begin_;
  const SteadyClock::time_point measured_from_;
  const SteadyClock::time_point measured_to_;
  std::vector<Stream> streams_;
  std::atomic<int> running_ = 0;
  std::atomic<int64_t> faults_ = 0;
  absl::Mutex mutex_;
  std::string first_fault_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

double QuantileMicros(const std::vector<uint32_t>& nanos, double quantile) {
  if (nanos.empty()) return 0;
  const auto index = static_cast<size_t>(quantile * static_cast<double>(nanos.size()));
  return nanos[std::min(index, nanos.size() - 1)] / 1000.0;
}

LoopResult RunClosedLoop(const LoopOptions& options, const BeginOperation& begin) { return Loop(options, begin).Run(); }

std::string ToJson(const LoopResult& result) {
  const nlohmann::json json = {{"operations", result.nanos.size()},
                               {"seconds", result.seconds},
                               {"per_second", static_cast<double>(result.nanos.size()) / result.seconds},
                               {"p50_us", QuantileMicros(result.nanos, 0.5)},
                               {"p99_us", QuantileMicros(result.nanos, 0.99)},
                               {"max_us", QuantileMicros(result.nanos, 1)},
                               {"faults", result.faults},
                               {"first_fault", result.first_fault}};
  return json.dump();
}

}  // namespace closure::bench
