// SPDX-License-Identifier: Apache-2.0
// The program closure_closure_faults: one fault at every file call of whole closures of the running server, each as one
// that passes by itself and as one that lasts until it is noticed; then faults at random.
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "server/library_logs.h"
#include "tests/io_faults/every_call.h"
#include "tests/io_faults/fault_kinds.h"
#include "tests/io_faults/faulty_closure.h"
#include "tests/io_faults/run_folder.h"
#include "tests/support/command_line.h"

namespace closure {
namespace {

constexpr std::uint64_t kOneCallIn = 200;

struct Settings {
  std::uint64_t seed = 1;
  std::int64_t share = 1;
  int random_lives = 200;
  std::vector<std::string> ends = {"CLOSED", "ABORTED", "CANCELLED"};
  // How the names of the runs begin; empty for all.
  std::string only;
  bool loses_confirmation = false;
};

class Runs {
 public:
  explicit Runs(const Settings& settings) : settings_(settings), meant_(settings.only) {}

  // Whether everything was kept.
  bool All() {
    for (const std::string& end : settings_.ends) {
      const auto run = [&](const std::string& name, const FaultVfs::Decide& decide, Damage damage) {
        return Close(end, name, {.may_damage = damage != Damage::kNone, .decide = decide});
      };
      if (!EveryCall(run, kFaultKinds, settings_.share, meant_)) return false;
      for (int life = 0; life < settings_.random_lives; ++life) {
        if (!Random(end, settings_.seed + static_cast<std::uint64_t>(life))) return false;
      }
    }
    return true;
  }

  // Where hardly a fault is met, little is proved.
  bool IsEnough() const { return !settings_.only.empty() || without_ <= closures_ / 3; }
  bool AnyMeant() const { return meant_.any(); }

  void Print() const {
    fmt::print(
        "figures: {} closures with {} faults, {} of them without: {} states told and kept, {} calls refused and "
        "repeated, {} starts refused, {} new starts, {} waits, {} freezings taken back, {} codes sent anew, {} starts "
        "refused because of damage\n",
        closures_, total_.failures, without_, total_.answered, total_.refused, total_.starts_refused, total_.restarted,
        total_.waits, total_.detours, total_.more_codes, total_.given_up);
  }

 private:
  bool Random(const std::string& end, std::uint64_t seed) {
    const std::string name = fmt::format("random seed {}", seed);
    if (!meant_.Has(name)) return true;
    return Close(end, name, {.decide = RandomFaults(seed, kOneCallIn), .comes_back = true}).broken.empty();
  }

  ClosureReport Close(const std::string& end, const std::string& name, ClosureOptions options) {
    options.directory = folder_.New();
    options.dies = Dies(name);
    options.loses_confirmation = settings_.loses_confirmation;
    v1::Closure::State_Parse(end, &options.end);
    ClosureReport report = CloseWithFaults(options);
    ++closures_;
    if (report.failures == 0) ++without_;
    total_ += report;
    if (!options.decide) PrintCalls(end, report);
    if (!report.broken.empty()) PrintBroken(end, name, report);
    return report;
  }

  void PrintBroken(const std::string& end, const std::string& name, const ClosureReport& report) {
    fmt::print("BROKEN {} by {}: {}\n", end, name, report.broken);
    // What was broken on purpose is of no use to anybody.
    if (!settings_.loses_confirmation) fmt::print("its files are in {}\n", folder_.Keep());
    fmt::print("to come near it again: ./dev iofaults --closures{} --end {} --seed {} --random {} --only '{}'\n",
               settings_.loses_confirmation ? " --loses-confirmation" : "", end, settings_.seed, settings_.random_lives,
               name);
  }

  // Every other one, always the same, so that a run of some repeats what they did in a run of all.
  static bool Dies(const std::string& name) { return std::accumulate(name.begin(), name.end(), 0) % 2 != 0; }

  static void PrintCalls(const std::string& end, const ClosureReport& report) {
    fmt::print("a closure to {} makes", end);
    for (int call = 0; call < kFileCalls; ++call)
      fmt::print(" {} {}", FileCallName(static_cast<FileCall>(call)), report.calls.at(static_cast<std::size_t>(call)));
    fmt::print("\n");
  }

  const Settings settings_;
  RunFolder folder_;
  MeantRuns meant_;
  std::int64_t closures_ = 0;
  // A call with such a number was not made this time.
  std::int64_t without_ = 0;
  ClosureReport total_;
};

int Main(int argc, char** argv) {
  CLI::App app("Lets every file call of whole closures fail, one at a time and at random, and judges their ends.",
               "./dev iofaults --closures");
  Settings settings;
  AddSeed(app, settings.seed, "The seed of the faults at random");
  AddShare(app, settings.share);
  app.add_option("--random", settings.random_lives, "How many closures to each end with faults at random")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  app.add_option("--end", settings.ends, "The ends that closures are to come to")
      ->check(CLI::IsMember({"CLOSED", "ABORTED", "CANCELLED"}))
      ->capture_default_str();
  AddOnly(app, settings.only);
  app.add_flag("--loses-confirmation", settings.loses_confirmation,
               "Lose the confirmation after it was acknowledged; this has to be noticed. Needs --end CLOSED");
  app.callback([&settings] {
    // Only there a confirmation that is lost must change the end.
    if (settings.loses_confirmation && settings.ends != std::vector<std::string>{"CLOSED"})
      throw CLI::ValidationError("--loses-confirmation", "needs --end CLOSED, and no other end");
  });
  if (const std::optional<int> done = ReadArguments(app, argc, argv)) return *done;
  HushLibraries();
  Runs runs(settings);
  const bool kept = runs.All();
  runs.Print();
  if (settings.loses_confirmation) {
    fmt::print("{}\n", kept ? "NOT NOTICED" : "noticed, as it has to be");
    return kept ? EXIT_FAILURE : EXIT_SUCCESS;
  }
  if (!kept) return EXIT_FAILURE;
  if (!runs.AnyMeant()) return NoSuchRun(settings.only);
  if (!runs.IsEnough()) fmt::print("TOO FEW FAULTS: in more than a third of the closures nothing failed\n");
  if (!runs.IsEnough()) return EXIT_FAILURE;
  fmt::print("everything was kept\n");
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace closure

int main(int argc, char** argv) { return closure::Main(argc, argv); }
