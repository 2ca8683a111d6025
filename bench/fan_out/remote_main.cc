// SPDX-License-Identifier: Apache-2.0
// closure_bench_remote: scans with remote checkers; or the same calls made and read, and nothing else.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bench/fan_out/remote_connections.h"
#include "bench/fan_out/remote_scans.h"
#include "bench/fan_out/sample_answer.h"
#include "bench/fan_out/scan_figures.h"
#include "bench/fan_out/slowest.h"
#include "bench/fixture/locking.h"
#include "bench/load/loop_arguments.h"
#include "checkers/upstream_call.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// All calls of one scan.
struct BareScan {
  BareScan(int scan, Slowest& times, size_t checkers) : number(scan), slowest(times), open(checkers) {}
  const int number;
  Slowest& slowest;
  std::atomic<size_t> open;
  std::atomic<int> pieces = 0;
  std::atomic<int> failed = 0;
  std::function<void(std::string)> ended;
};

class BareCall final : public grpc::ClientReadReactor<v1::CheckResponse> {
 public:
  BareCall(v1::CheckerService::StubInterface& stub, std::shared_ptr<BareScan> scan)
      : scan_(std::move(scan)), request_(SampleRequest(AccountOfScan(scan_->number))) {
    // Of every call to a checker, for a scan is never to wait for ever.
    context_.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kCheckDeadline));
    CallsToUpstreams().Begin();
    stub.async()->Check(&context_, &request_, this);
    StartRead(&piece_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    ++scan_->pieces;
    StartRead(&piece_);
  }
  void OnDone(const grpc::Status& status) override {
    std::shared_ptr<BareScan> scan = std::move(scan_);
    scan->slowest.Answered(scan->number, SteadyClock::now() - asked_);
    delete this;
    if (!status.ok()) ++scan->failed;
    if (--scan->open == 0) scan->ended(scan->failed == 0 ? "" : "a call failed");
    scan = nullptr;
    CallsToUpstreams().End();
  }

 private:
  std::shared_ptr<BareScan> scan_;
  const SteadyClock::time_point asked_ = SteadyClock::now();
  grpc::ClientContext context_;
  const v1::CheckRequest request_;
  v1::CheckResponse piece_;
};

Scan CallsOf(const Connections& connections, Slowest& slowest) {
  return [&connections, &slowest](int number, auto ended) {
    auto scan = std::make_shared<BareScan>(number, slowest, connections.size());
    const int pieces = static_cast<int>(connections.size()) * (kItemsEach + 1);
    scan->ended = [scan = scan.get(), pieces, ended = std::move(ended)](std::string fault) {
      ended(scan->pieces == pieces ? std::move(fault) : "pieces are missing");
    };
    for (const Connection& each : connections) new BareCall(*each.stub, scan);
  };
}

// Asks one checker and waits; what is wrong with the call, empty when nothing is.
std::string AskAndWait(const Connection& connection, int scan, Slowest& slowest, std::vector<v1::ReportedItem>& items) {
  const auto asked = SteadyClock::now();
  grpc::ClientContext context;
  const auto reader = connection.stub->Check(&context, SampleRequest(AccountOfScan(scan)));
  for (v1::CheckResponse piece; reader->Read(&piece);) {
    if (piece.has_item()) items.push_back(piece.item());
  }
  const grpc::Status status = reader->Finish();
  slowest.Answered(scan, SteadyClock::now() - asked);
  return status.ok() ? "" : "a call failed";
}

// A thread for each scan, which asks one checker after the other, keeps what they say and believes it.
Scan OneAfterTheOther(const Connections& connections, Slowest& slowest) {
  return [&connections, &slowest](int scan, auto ended) {
    std::thread([&connections, &slowest, scan, ended = std::move(ended)] {
      std::vector<v1::ReportedItem> items;
      for (const Connection& each : connections) {
        if (std::string fault = AskAndWait(each, scan, slowest, items); !fault.empty()) return ended(std::move(fault));
      }
      ended(items.size() == connections.size() * size_t{kItemsEach} ? "" : "items are missing");
    }).detach();
  };
}

Scan ScansOf(const std::string& design, const Connections& connections, Slowest& slowest) {
  if (design == "scan") return ScansWith(RemoteCheckersOf(connections), slowest);
  return design == "calls" ? CallsOf(connections, slowest) : OneAfterTheOther(connections, slowest);
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoopArguments loop;
  std::string target;
  std::string design;
  int checkers = 6;
  CLI::App app("Scans with remote checkers.", "closure_bench_remote");
  app.add_option("--target", target, "Where closure_bench_checkers listens")->required();
  app.add_option("--design", design, "scan, calls for making and reading them alone, or plain for one after the other")
      ->required()
      ->check(CLI::IsMember({"scan", "calls", "plain"}));
  app.add_option("--checkers", checkers, "How many there are")->check(CLI::Range(1, 100));
  loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  const Connections connections = ConnectToCheckers(target, checkers);
  Slowest slowest(loop.streams);
  const ScanFigures figures = MeasureScans(ScansOf(design, connections, slowest), slowest, loop.options());
  // What holds a channel goes a moment after its scan has ended, and must not be the last to do so.
  CallsToUpstreams().WaitForNone(absl::Minutes(1));
  return Report(figures);
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
