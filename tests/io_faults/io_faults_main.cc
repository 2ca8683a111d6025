// SPDX-License-Identifier: Apache-2.0
// The program closure_io_faults: one fault at every file call of a store's life, each as one that passes and as one
// that lasts, and of a backup's; then faults at random, then cuts of the power.
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "tests/io_faults/every_call.h"
#include "tests/io_faults/fault_kinds.h"
#include "tests/io_faults/faulty_backup.h"
#include "tests/io_faults/faulty_life.h"
#include "tests/io_faults/power_cuts.h"
#include "tests/io_faults/run_folder.h"
#include "tests/support/command_line.h"

namespace closure {
namespace {

constexpr std::uint64_t kOneCallIn = 8;
// Of what a life that begins with a log is to show, little comes later.
constexpr int kWritesAfterStart = 2;

struct Settings {
  uint64_t seed = 1;
  int writes = 40;
  std::int64_t share = 1;
  int random_lives = 200;
  int cut_lives = 50;
  bool only_cuts = false;
  // Of kLies.
  std::string lie;
  // How the names of the runs begin; empty for all.
  std::string only;
};

const std::map<std::string, DiskLie> kLies = {
    {"", DiskLie::kNone}, {"no-sync", DiskLie::kNoSync}, {"late-sync", DiskLie::kLateSync}};

class Runs {
 public:
  explicit Runs(const Settings& settings) : settings_(settings), meant_(settings.only) {}

  // Whether everything was kept.
  bool All() {
    const auto live = [this](const std::string& name, const FaultVfs::Decide& decide, Damage damage) {
      return Live(name, settings_.seed, decide, damage);
    };
    const auto start = [this](const std::string& name, const FaultVfs::Decide& decide, Damage damage) {
      return Start(name, settings_.seed, decide, damage);
    };
    const auto back_up = [this](const std::string& name, const FaultVfs::Decide& decide, Damage) {
      return BackUp(name, decide);
    };
    const std::int64_t share = settings_.share;
    if (!EveryCall(live, kFaultKinds, share, meant_) || !EveryCall(live, kWrongLog, share, meant_) ||
        !EveryCall(start, kFaultKinds, share, meant_) || !EveryCall(start, kWrongLog, share, meant_) ||
        !EveryCall(back_up, kFaultKinds, share, meant_))
      return false;
    for (int life = 0; life < settings_.random_lives; ++life) {
      if (!Random(settings_.seed + static_cast<uint64_t>(life))) return false;
    }
    return !settings_.only.empty() || Cuts();
  }

  bool Cuts() {
    for (int life = 0; life < settings_.cut_lives; ++life) {
      if (!CutPower(settings_.seed + static_cast<uint64_t>(life))) return false;
    }
    return true;
  }

  bool AnyMeant() const { return meant_.any(); }

  // What was tried.
  void Print() const {
    if (lives_ > 0) PrintLives();
    if (cuts_.cuts > 0) PrintCuts();
  }

 private:
  void PrintLives() const {
    fmt::print(
        "figures: {} lives, {} of them from the log of a killed process, with {} faults: {} writes acknowledged, {} "
        "refused, {} of these made all the same, {} new starts, {} starts refused because of damage, {} without the "
        "last write because it was written wrong\n",
        lives_ + starts_, starts_, total_.failures, total_.acknowledged, total_.refused, total_.made_though_refused,
        total_.reopened, total_.given_up, total_.lost_ends);
    fmt::print("figures: {} backups with {} faults: {} made and whole, {} refused\n",
               backups_.acknowledged + backups_.refused, backups_.failures, backups_.acknowledged, backups_.refused);
  }

  void PrintCuts() const {
    fmt::print(
        "figures: {} cuts of the power, with {} faults between: {} writes acknowledged and kept, {} refused, {} made by "
        "the time of a cut and not told, {} stops between, {} starts refused and made again\n",
        cuts_.cuts, cuts_.failures, cuts_.acknowledged, cuts_.refused, cuts_.made_at_cut, cuts_.stops,
        cuts_.starts_refused);
  }

  bool Random(uint64_t seed) {
    const std::string name = fmt::format("random seed {}", seed);
    return !meant_.Has(name) || (Live(name, seed, RandomFaults(seed, kOneCallIn)).broken.empty() &&
                                 Start(name, seed, RandomFaults(seed, kOneCallIn)).broken.empty());
  }

  bool CutPower(uint64_t seed) {
    constexpr CutFaults kFaults[] = {CutFaults::kNone, CutFaults::kAny, CutFaults::kSyncs};
    const CutFaults faults = kFaults[seed % std::size(kFaults)];
    const CutReport report =
        LiveWithPowerCuts({.seed = seed, .faults = faults, .lie = kLies.at(settings_.lie), .directory = folder_.New()});
    cuts_ += report;
    if (!report.broken.empty()) PrintCut(seed, report);
    return report.broken.empty();
  }

  void PrintCut(uint64_t seed, const CutReport& report) {
    fmt::print("BROKEN by a cut of the power: {}\n", report.broken);
    // What was broken on purpose is of no use to anybody.
    if (settings_.lie.empty()) fmt::print("its files are in {}\n", folder_.Keep());
    fmt::print("to come near it again: ./dev iofaults --only-cuts{} --cuts 1 --seed {}\n",
               settings_.lie.empty() ? "" : " --lie " + settings_.lie, seed);
  }

  LifeReport BackUp(const std::string& name, const FaultVfs::Decide& decide) {
    LifeReport report = BackUpWithFaults(
        {.seed = settings_.seed, .writes = settings_.writes, .directory = folder_.New(), .decide = decide});
    backups_ += report;
    if (!report.broken.empty()) PrintBroken("BROKEN backup", name, report);
    return report;
  }

  LifeReport Live(const std::string& name, uint64_t seed, const FaultVfs::Decide& decide,
                  Damage damage = Damage::kNone) {
    ++lives_;
    return Live("BROKEN", name,
                {.seed = seed, .writes = settings_.writes, .directory = "", .damage = damage, .decide = decide});
  }

  // A life that begins with a log which a killed process left.
  LifeReport Start(const std::string& name, uint64_t seed, const FaultVfs::Decide& decide,
                   Damage damage = Damage::kNone) {
    ++starts_;
    return Live("BROKEN start", name,
                {.seed = seed,
                 .writes = kWritesAfterStart,
                 .writes_before = settings_.writes,
                 .directory = "",
                 .damage = damage,
                 .decide = decide});
  }

  // In a directory of its own.
  LifeReport Live(std::string_view broken, const std::string& name, LifeOptions options) {
    options.directory = folder_.New();
    LifeReport report = LiveWithFaults(options);
    total_ += report;
    if (!report.broken.empty()) PrintBroken(broken, name, report);
    return report;
  }

  void PrintBroken(std::string_view what, const std::string& name, const LifeReport& report) {
    fmt::print("{} by {}: {}\nits files are in {}\n", what, name, report.broken, folder_.Keep());
    fmt::print("to come near it again: ./dev iofaults --seed {} --writes {} --random {} --only '{}'\n", settings_.seed,
               settings_.writes, settings_.random_lives, name);
  }

  const Settings settings_;
  RunFolder folder_;
  MeantRuns meant_;
  int64_t lives_ = 0;
  int64_t starts_ = 0;
  LifeReport total_;
  LifeReport backups_;
  CutReport cuts_;
};

int Main(int argc, char** argv) {
  CLI::App app(
      "Lets every file call of a store and of a backup fail, one at a time and at random, cuts the power, and judges "
      "what becomes of it.",
      "./dev iofaults");
  app.footer("./dev iofaults --closures, before all else, does it below whole closures of the running server.");
  Settings settings;
  AddSeed(app, settings.seed, "The seed of writes, faults and cuts");
  const std::vector<CLI::Option*> of_lives = {
      app.add_option("--writes", settings.writes, "How many writes a life has")
          ->check(CLI::Range(1, 10'000))
          ->capture_default_str(),
      AddShare(app, settings.share),
      app.add_option("--random", settings.random_lives, "How many lives with faults at random")
          ->check(CLI::Range(0, 10'000'000))
          ->capture_default_str(),
      AddOnly(app, settings.only)};
  CLI::Option* const cuts_option =
      app.add_option(
             "--cuts", settings.cut_lives,
             "How many lives in which the power is cut, of three one without faults, one with any, one with failed syncs")
          ->check(CLI::Range(0, 10'000'000))
          ->capture_default_str();
  CLI::Option* const only_cuts = app.add_flag("--only-cuts", settings.only_cuts, "Do nothing but cut the power");
  CLI::Option* const lie = app.add_option("--lie", settings.lie,
                                          "Only cut the power, of a disk that lies about syncs; this has to be noticed")
                               ->check(CLI::IsMember({"no-sync", "late-sync"}));
  for (CLI::Option* const option : of_lives) {
    only_cuts->excludes(option);
    lie->excludes(option);
  }
  app.callback([&settings, cuts_option] {
    if (!settings.only.empty() && cuts_option->count() > 0)
      throw CLI::ValidationError("--cuts", "--only names no cuts; leave one of them out");
    const bool cuts = settings.only_cuts || !settings.lie.empty();
    if (cuts && settings.cut_lives == 0) throw CLI::ValidationError("--cuts", "0 leaves nothing to do");
  });
  if (const std::optional<int> done = ReadArguments(app, argc, argv)) return *done;
  Runs runs(settings);
  const bool lies = !settings.lie.empty();
  const bool kept = settings.only_cuts || lies ? runs.Cuts() : runs.All();
  runs.Print();
  if (!runs.AnyMeant()) return NoSuchRun(settings.only);
  // What a lying disk loses has to be noticed.
  if (lies) fmt::print("{}\n", kept ? "NOT NOTICED" : "noticed, as it has to be");
  if (!lies && kept) fmt::print("everything was kept\n");
  return kept != lies ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace closure

int main(int argc, char** argv) { return closure::Main(argc, argv); }
