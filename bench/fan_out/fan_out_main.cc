// SPDX-License-Identifier: Apache-2.0
// closure_bench_fan_out: scans of six checkers that each take ten milliseconds, in this process; or the same checkers
// asked and nothing else. What is measured of a scan besides its time is how much longer it took than its slowest
// checker.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/fan_out/delayed_answers.h"
#include "bench/fan_out/sample_answer.h"
#include "bench/fixture/locking.h"
#include "bench/load/closed_loop.h"
#include "bench/load/loop_arguments.h"
#include "bench/load/process_status.h"
#include "checkers/checker.h"
#include "server/fan_out.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kCheckers = 6;
constexpr std::chrono::milliseconds kCheckerTakes{10};

// When the last checker of each scan under way answered, and how long it had taken; by the number in the closure's
// name.
class Slowest {
 public:
  explicit Slowest(int scans) : nanos_(static_cast<size_t>(scans)) {}
  void Begin(int scan) { nanos_[static_cast<size_t>(scan)] = 0; }
  void Answered(int scan, SteadyClock::duration took) {
    std::atomic<int64_t>& slowest = nanos_[static_cast<size_t>(scan)];
    int64_t before = slowest;
    while (before < took.count() && !slowest.compare_exchange_weak(before, took.count())) {
    }
  }
  int64_t nanos(int scan) const { return nanos_[static_cast<size_t>(scan)]; }

 private:
  std::vector<std::atomic<int64_t>> nanos_;
};

class SlowChecker final : public Checker {
 public:
  SlowChecker(int number, DelayedAnswers& answers, Slowest& slowest) : answers_(answers), slowest_(slowest) {
    description_.set_name("checker-" + std::to_string(number));
    description_.set_version("1.0.0");
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) description_.add_phases(phase);
  }

  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& /*options*/, CheckDone done) override {
    const auto asked = SteadyClock::now();
    const int scan = std::stoi(request.account_id());
    auto shared = std::make_shared<CheckDone>(std::move(done));
    answers_.Add(asked + kCheckerTakes, [this, asked, scan, shared] {
      CheckAnswer answer{.items = Items(), .as_of = absl::Now()};
      slowest_.Answered(scan, SteadyClock::now() - asked);
      std::move (*shared)(std::move(answer));
    });
  }
  void Discard(const v1::DiscardRequest& /*request*/, const CallOptions& /*options*/, DiscardDone done) override {
    std::move(done)(absl::UnimplementedError("it releases nothing"));
  }

 private:
  std::vector<v1::ReportedItem> Items() const {
    std::vector<v1::ReportedItem> items;
    for (int number = 0; number < kItemsEach; ++number)
      items.push_back(SampleItem(description_.name() + "-" + std::to_string(number)));
    return items;
  }

  v1::CheckerDescription description_;
  DelayedAnswers& answers_;
  Slowest& slowest_;
};

// What is wrong with a scan's result; empty when it is right.
std::string Fault(const ScanFindings& findings) {
  const bool complete = findings.items.size() == size_t{kCheckers * kItemsEach} && !findings.required_unanswered;
  if (complete) return "";
  return "a scan found " + std::to_string(findings.items.size()) + " items, and the first checker " +
         findings.checkers.front().ShortDebugString();
}

// Begins a scan; `ended` is told what was wrong with it, empty when nothing was.
using Scan = std::function<void(int stream, std::function<void(std::string)> ended)>;
using Checkers = std::vector<std::shared_ptr<SlowChecker>>;

Scan ScansWith(const Checkers& checkers) {
  std::vector<CheckerSlot> slots;
  for (const auto& checker : checkers) slots.push_back({.checker = checker});
  return [fan_out = std::make_shared<FanOut>(std::move(slots))](int stream, auto ended) {
    fan_out->Run(
        {.check = SampleRequest(std::to_string(stream))}, [](const v1::CheckerResult&) {},
        [ended = std::move(ended)](const ScanFindings& findings) { ended(Fault(findings)); });
  };
}

// The answers of one scan that nobody looks into.
struct BareScan {
  std::atomic<size_t> open{kCheckers};
  std::atomic<size_t> items = 0;
  std::function<void(std::string)> ended;
};

// The checkers asked and what they answer counted; nothing is merged, validated or hashed.
Scan AskedAlone(const Checkers& checkers) {
  return [&checkers](int stream, auto ended) {
    auto scan = std::make_shared<BareScan>();
    scan->ended = std::move(ended);
    const v1::CheckRequest request = SampleRequest(std::to_string(stream));
    for (const auto& checker : checkers) {
      checker->Check(request, {}, [scan](const absl::StatusOr<CheckAnswer>& answer) {
        scan->items += answer->items.size();
        if (--scan->open > 0) return;
        scan->ended(scan->items == size_t{kCheckers * kItemsEach} ? "" : "items are missing");
      });
    }
  };
}

// A thread for each scan, which asks one checker after the other and believes what they say.
Scan OneAfterTheOther(const Checkers& checkers) {
  return [&checkers](int stream, auto ended) {
    std::thread([&checkers, stream, ended = std::move(ended)] {
      size_t items = 0;
      for (const auto& checker : checkers) {
        std::promise<size_t> answered;
        checker->Check(SampleRequest(std::to_string(stream)), {},
                       [&](const absl::StatusOr<CheckAnswer>& answer) { answered.set_value(answer->items.size()); });
        items += answered.get_future().get();
      }
      ended(items == size_t{kCheckers * kItemsEach} ? "" : "items are missing");
    }).detach();
  };
}

Scan ScansOf(const std::string& design, const Checkers& checkers) {
  if (design == "scan") return ScansWith(checkers);
  return design == "bare" ? AskedAlone(checkers) : OneAfterTheOther(checkers);
}

struct Figures {
  LoopResult loop;
  // By how much each scan ended later than the last of its checkers answered, rising. Where the answers themselves are
  // late, because what a scan does with one keeps the thread that gives the next, only the loop's own times tell.
  std::vector<uint32_t> over_nanos;
  int64_t threads_max = 0;
};

Figures Measure(const Scan& scan, Slowest& slowest, const LoopOptions& options) {
  std::atomic<int64_t> threads_max = 0;
  std::vector<std::vector<uint32_t>> over(static_cast<size_t>(options.streams));
  Figures figures;
  figures.loop = RunClosedLoop(options, [&](int stream, const OperationEnded& ended) {
    slowest.Begin(stream);
    const auto began = SteadyClock::now();
    scan(stream, [&, stream, began, ended](std::string fault) {
      const int64_t nanos = (SteadyClock::now() - began).count() - slowest.nanos(stream);
      over[static_cast<size_t>(stream)].push_back(static_cast<uint32_t>(std::max<int64_t>(nanos, 0)));
      ended(std::move(fault));
    });
    if (stream == 0) threads_max = std::max(threads_max.load(), ProcessStatus("Threads:"));
  });
  for (const auto& nanos : over) figures.over_nanos.insert(figures.over_nanos.end(), nanos.begin(), nanos.end());
  std::sort(figures.over_nanos.begin(), figures.over_nanos.end());
  figures.threads_max = threads_max;
  return figures;
}

// Prints what was measured; the exit code.
int Report(const Figures& figures) {
  nlohmann::json json = nlohmann::json::parse(ToJson(figures.loop));
  json["over_p99_us"] = QuantileMicros(figures.over_nanos, 0.99);
  json["threads"] = figures.threads_max;
  std::printf("%s\n", json.dump().c_str());
  return figures.loop.faults == 0 ? 0 : 1;
}

int Run(const std::string& design, const LoopOptions& options) {
  DelayedAnswers answers;
  Slowest slowest(options.streams);
  Checkers checkers;
  for (int i = 0; i < kCheckers; ++i) checkers.push_back(std::make_shared<SlowChecker>(i, answers, slowest));
  return Report(Measure(ScansOf(design, checkers), slowest, options));
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoopArguments loop;
  std::string design = "scan";
  CLI::App app("Scans with six slow checkers and measures what a scan adds to them.", "closure_bench_fan_out");
  app.add_option("--design", design, "scan, bare for asking the checkers alone, or plain for one after the other")
      ->check(CLI::IsMember({"scan", "bare", "plain"}));
  loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  return Run(design, loop.options());
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
