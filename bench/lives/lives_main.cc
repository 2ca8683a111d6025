// SPDX-License-Identifier: Apache-2.0
// closure_bench_lives: whole closures from Create to CLOSED, by so many owners at once, in rounds: all of them reach
// the silent period, which is then let pass, and end.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/blocking_counter.h"
#include "bench/fixture/locking.h"
#include "bench/lives/owner.h"
#include "bench/lives/whole_service.h"
#include "bench/load/closed_loop.h"
#include "bench/load/loop_arguments.h"
#include "protos/failpoint.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// One round: how long it took; a fault ends the program.
SteadyClock::duration RunRound(WholeService& service, int owners, std::string& fault) {
  const std::vector<std::string> accounts = service.AddAccounts(owners);
  if (accounts.size() != static_cast<size_t>(owners)) {
    fault = "the cloud takes no accounts";
    return {};
  }
  std::vector<std::string> faults(accounts.size());
  absl::BlockingCounter on_their_way(owners);
  std::vector<std::thread> threads;
  const auto began = SteadyClock::now();
  for (size_t i = 0; i < accounts.size(); ++i) {
    threads.emplace_back([&, i] {
      bool is_counted = false;
      const auto arrive = [&] {
        if (!std::exchange(is_counted, true)) on_their_way.DecrementCount();
      };
      faults[i] = Owner({.closures = &service.closures(),
                         .mailbox = &service.mailbox(),
                         .account_id = accounts[i],
                         .on_silent_period = arrive})
                      .Close();
      // An owner that failed keeps nobody waiting.
      arrive();
    });
  }
  on_their_way.Wait();
  service.PassSilentPeriod();
  for (std::thread& thread : threads) thread.join();
  const auto took = SteadyClock::now() - began;
  for (const std::string& each : faults) fault = fault.empty() ? each : fault;
  return took;
}

// How often a commit was made durable so far, from the trace of failpoints.
int64_t CountCommits(const std::string& trace_path) {
  std::ifstream trace(trace_path);
  int64_t commits = 0;
  for (std::string line; std::getline(trace, line);) commits += line == "commit.durable" ? 1 : 0;
  return commits;
}

// How many durable commits one whole closure makes, and how many of them are transitions. Prints both.
absl::Status Count(WholeService& service, const std::string& trace_path) {
  const std::vector<std::string> accounts = service.AddAccounts(1);
  if (accounts.empty()) return absl::InternalError("the cloud takes no account");
  Owner owner({.closures = &service.closures(),
               .mailbox = &service.mailbox(),
               .account_id = accounts.front(),
               .on_silent_period = [&service] { service.PassSilentPeriod(); }});
  const int64_t before = CountCommits(trace_path);
  if (const std::string fault = owner.Close(); !fault.empty()) return absl::InternalError(fault);
  const int64_t commits = CountCommits(trace_path) - before;
  CLOSURE_ASSIGN_OR_RETURN(const int64_t transitions, owner.CountTransitions());
  if (transitions == 0 || commits < transitions) return absl::InternalError("the trace has fewer commits than it must");
  std::printf("%s\n", nlohmann::json({{"commits", commits}, {"transitions", transitions}}).dump().c_str());
  return absl::OkStatus();
}

int Measure(WholeService& service, const LoopArguments& loop) {
  std::string fault;
  std::vector<uint32_t> round_micros;
  double seconds = 0;
  int64_t rounds = 0;
  const auto warm_until = SteadyClock::now() + loop.options().warm_up;
  do {
    RunRound(service, loop.streams, fault);
  } while (fault.empty() && SteadyClock::now() < warm_until);
  while (fault.empty() && (seconds < loop.seconds || rounds == 0)) {
    seconds += std::chrono::duration<double>(RunRound(service, loop.streams, fault)).count();
    ++rounds;
  }
  const int64_t closures = rounds * loop.streams;
  std::printf("%s\n", nlohmann::json({{"operations", closures},
                                      {"per_second", static_cast<double>(closures) / seconds},
                                      {"round_ms", 1000 * seconds / static_cast<double>(rounds)},
                                      {"faults", fault.empty() ? 0 : 1},
                                      {"first_fault", fault}})
                          .dump()
                          .c_str());
  return fault.empty() ? 0 : 1;
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoopArguments loop;
  std::string database;
  CLI::App app(
      "Closes accounts from Create to CLOSED. Where CLOSURE_FAILPOINT_TRACE names a file, counts the commits and "
      "the transitions of one closure instead.",
      "closure_bench_lives");
  app.add_option("--database", database, "The database, which is made")->required();
  loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  const char* const trace = std::getenv(kFailpointTraceVariable);
  if (const absl::Status armed = ArmFailpoints(); !armed.ok()) {
    std::fprintf(stderr, "closure_bench_lives: %s\n", std::string(armed.message()).c_str());
    return 2;
  }
  const absl::StatusOr<std::unique_ptr<WholeService>> service = WholeService::Start(database);
  if (!service.ok()) {
    std::fprintf(stderr, "closure_bench_lives: %s\n", std::string(service.status().message()).c_str());
    return 2;
  }
  if (trace == nullptr) return Measure(**service, loop);
  const absl::Status counted = Count(**service, trace);
  if (!counted.ok()) std::fprintf(stderr, "closure_bench_lives: %s\n", std::string(counted.message()).c_str());
  return counted.ok() ? 0 : 1;
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
