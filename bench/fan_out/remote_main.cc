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
#include "bench/fan_out/sample_answer.h"
#include "bench/fixture/locking.h"
#include "bench/load/closed_loop.h"
#include "bench/load/connections.h"
#include "bench/load/loop_arguments.h"
#include "checkers/remote/remote_checker.h"
#include "checkers/upstream_call.h"
#include "closure/v1/checker_service.grpc.pb.h"
#include "server/fan_out.h"

namespace closure::bench {
namespace {

// A connection, and a stub on it.
struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<v1::CheckerService::StubInterface> stub;
};
using Connections = std::vector<Connection>;
// Begins a scan; `ended` is told what was wrong with it, empty when nothing was.
using Scan = std::function<void(std::function<void(std::string)> ended)>;

constexpr char kAccount[] = "1000000001";

std::string NameOf(size_t number) { return "checker_" + std::to_string(number); }

// Each checker is a process of its own as far as its connection tells, and is called what the connection says.
Connections ConnectToCheckers(const std::string& target, size_t checkers) {
  Connections connections;
  for (size_t number = 0; number < checkers; ++number) {
    const auto channel = ConnectOnce(target, NameOf(number));
    connections.push_back({.channel = channel, .stub = v1::CheckerService::NewStub(channel)});
  }
  return connections;
}

Scan ScansWith(const Connections& connections) {
  std::vector<CheckerSlot> slots;
  for (const Connection& each : connections) {
    v1::CheckerDescription description;
    description.set_name(NameOf(slots.size()));
    description.set_version("1.0.0");
    description.add_phases(v1::SCAN);
    slots.push_back(
        {.checker = std::make_shared<RemoteChecker>(std::move(description), each.channel, RemoteChecker::Options())});
  }
  const size_t items = connections.size() * size_t{kItemsEach};
  auto fan_out = std::make_shared<FanOut>(std::move(slots));
  return [fan_out = std::move(fan_out), items](auto ended) {
    fan_out->Run(
        {.check = SampleRequest(kAccount)}, [](const v1::CheckerResult&) {},
        [ended = std::move(ended), items](const ScanFindings& findings) {
          const bool complete = findings.items.size() == items && !findings.required_unanswered;
          ended(complete ? "" : findings.checkers.front().ShortDebugString());
        });
  };
}

// All calls of one scan.
struct BareScan {
  explicit BareScan(size_t checkers) : open(checkers) {}
  std::atomic<size_t> open;
  std::atomic<int> pieces = 0;
  std::atomic<int> failed = 0;
  std::function<void(std::string)> ended;
};

class BareCall final : public grpc::ClientReadReactor<v1::CheckResponse> {
 public:
  BareCall(v1::CheckerService::StubInterface& stub, std::shared_ptr<BareScan> scan)
      : scan_(std::move(scan)), request_(SampleRequest(kAccount)) {
    // Of every call to a checker, for a scan is never to wait for ever.
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(5));
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
    delete this;
    if (!status.ok()) ++scan->failed;
    if (--scan->open == 0) scan->ended(scan->failed == 0 ? "" : "a call failed");
    scan = nullptr;
    CallsToUpstreams().End();
  }

 private:
  std::shared_ptr<BareScan> scan_;
  grpc::ClientContext context_;
  const v1::CheckRequest request_;
  v1::CheckResponse piece_;
};

Scan CallsOf(const Connections& connections) {
  return [&connections](auto ended) {
    auto scan = std::make_shared<BareScan>(connections.size());
    const int pieces = static_cast<int>(connections.size()) * (kItemsEach + 1);
    scan->ended = [scan = scan.get(), pieces, ended = std::move(ended)](std::string fault) {
      ended(scan->pieces == pieces ? std::move(fault) : "pieces are missing");
    };
    for (const Connection& each : connections) new BareCall(*each.stub, scan);
  };
}

// A thread for each scan, which asks one checker after the other, keeps what they say and believes it.
Scan OneAfterTheOther(const Connections& connections) {
  return [&connections](auto ended) {
    std::thread([&connections, ended = std::move(ended)] {
      std::vector<v1::ReportedItem> items;
      for (const Connection& each : connections) {
        grpc::ClientContext context;
        const auto reader = each.stub->Check(&context, SampleRequest(kAccount));
        for (v1::CheckResponse piece; reader->Read(&piece);) {
          if (piece.has_item()) items.push_back(piece.item());
        }
        if (!reader->Finish().ok()) return ended("a call failed");
      }
      ended(items.size() == connections.size() * size_t{kItemsEach} ? "" : "items are missing");
    }).detach();
  };
}

Scan ScansOf(const std::string& design, const Connections& connections) {
  if (design == "scan") return ScansWith(connections);
  return design == "calls" ? CallsOf(connections) : OneAfterTheOther(connections);
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
  const Scan scan = ScansOf(design, connections);
  const LoopResult result =
      RunClosedLoop(loop.options(), [&](int /*stream*/, OperationEnded ended) { scan(std::move(ended)); });
  // What holds a channel goes a moment after its scan has ended, and must not be the last to do so.
  CallsToUpstreams().WaitForNone(absl::Minutes(1));
  return Report(result);
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
