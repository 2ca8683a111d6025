// SPDX-License-Identifier: Apache-2.0
// The program closure_io_faults: one fault at every file call of a store's life, each as one that passes and as one
// that lasts, then faults at random.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "tests/io_faults/faulty_life.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

struct Kind {
  FileCall call;
  FileFailure failure;
  // Only of this file; of any when absent.
  std::optional<FileRole> role = std::nullopt;

  bool Fits(FileCall other, FileRole of) const { return other == call && (!role || *role == of); }
};
constexpr Kind kKinds[] = {
    {FileCall::kOpen, FileFailure::kError},
    {FileCall::kDelete, FileFailure::kError},
    {FileCall::kAccess, FileFailure::kError},
    {FileCall::kRead, FileFailure::kError},
    {FileCall::kRead, FileFailure::kShort},
    {FileCall::kRead, FileFailure::kFlippedBit},
    {FileCall::kWrite, FileFailure::kShort},
    {FileCall::kWrite, FileFailure::kFull},
    {FileCall::kWrite, FileFailure::kFlippedBit, FileRole::kDatabase},
    {FileCall::kTruncate, FileFailure::kError},
    {FileCall::kTruncate, FileFailure::kFull},
    {FileCall::kSync, FileFailure::kError},
    {FileCall::kFileSize, FileFailure::kError},
    {FileCall::kLock, FileFailure::kError},
    {FileCall::kLock, FileFailure::kBusy},
    {FileCall::kShmMap, FileFailure::kError},
    {FileCall::kShmLock, FileFailure::kError},
    {FileCall::kShmLock, FileFailure::kBusy},
};
// What a write got wrong is on the disk; what a read got wrong is not. In the log it would be found too, but not after
// a crash (checksum_vfs.h).
bool Damages(const Kind& kind) { return kind.call == FileCall::kWrite && kind.failure == FileFailure::kFlippedBit; }
// SQLite waits five seconds for a lock that somebody else has for ever.
bool CanLast(const Kind& kind) { return kind.failure != FileFailure::kBusy; }

struct Settings {
  uint64_t seed = 1;
  int writes = 40;
  int share = 1;
  int random_lives = 200;
};

class Runs {
 public:
  explicit Runs(const Settings& settings) : settings_(settings) {
    std::string name = (MemoryFolder() / "closure-io-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;
  ~Runs() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  // Whether everything was kept.
  bool All() {
    const LifeReport without = Live("no fault", settings_.seed, nullptr);
    if (!without.broken.empty()) return false;
    for (const Kind& kind : kKinds) {
      const int64_t calls = without.calls.at(static_cast<std::size_t>(kind.call));
      for (int64_t number = 1; number <= calls; number += settings_.share) {
        if (!One(kind, number, false) || (CanLast(kind) && !One(kind, number, true))) return false;
      }
    }
    for (int life = 0; life < settings_.random_lives; ++life) {
      if (!Random(settings_.seed + static_cast<uint64_t>(life))) return false;
    }
    return true;
  }

  void Print() const {
    fmt::print(
        "{} lives with {} faults: {} writes acknowledged, {} refused, {} of these made all the same, {} new starts, {} "
        "starts refused because of damage\n",
        lives_, total_.failures, total_.acknowledged, total_.refused, total_.made_though_refused, total_.reopened,
        total_.given_up);
  }

 private:
  // In memory where there is room, so that a disk that others keep busy delays nothing.
  static fs::path MemoryFolder() {
    const fs::path memory = "/dev/shm";
    return fs::is_directory(memory) ? memory : fs::temp_directory_path();
  }

  bool One(const Kind& kind, int64_t number, bool lasting) {
    const std::string name = fmt::format("{} {} at {}{}", FileCallName(kind.call), FileFailureName(kind.failure),
                                         number, lasting ? ", lasting" : "");
    return Live(
               name, settings_.seed,
               [=](FileCall call, int64_t at, FileRole role) {
                 const bool now = kind.Fits(call, role) && (lasting ? at >= number : at == number);
                 return now ? kind.failure : FileFailure::kNone;
               },
               Damages(kind))
        .broken.empty();
  }

  bool Random(uint64_t seed) {
    const auto random = std::make_shared<std::mt19937_64>(seed);
    const auto decide = [random](FileCall call, int64_t, FileRole role) {
      const Kind& kind = kKinds[(*random)() % std::size(kKinds)];
      const bool now = (*random)() % 8 == 0 && kind.Fits(call, role) && !Damages(kind);
      return now ? kind.failure : FileFailure::kNone;
    };
    return Live("faults at random", seed, decide).broken.empty();
  }

  LifeReport Live(const std::string& name, uint64_t seed, FaultVfs::Decide decide, bool may_damage = false) {
    const fs::path folder = folder_ / "life";
    fs::create_directory(folder);
    fs::permissions(folder, fs::perms::owner_all);
    LifeReport report = LiveWithFaults({.seed = seed,
                                        .writes = settings_.writes,
                                        .directory = folder.string(),
                                        .may_damage = may_damage,
                                        .decide = std::move(decide)});
    fs::remove_all(folder);
    ++lives_;
    total_.failures += report.failures;
    total_.acknowledged += report.acknowledged;
    total_.refused += report.refused;
    total_.made_though_refused += report.made_though_refused;
    total_.reopened += report.reopened;
    total_.given_up += report.given_up;
    if (!report.broken.empty()) fmt::print("BROKEN by {} (seed {}): {}\n", name, seed, report.broken);
    return report;
  }

  const Settings settings_;
  fs::path folder_;
  int64_t lives_ = 0;
  LifeReport total_;
};

int Main(int argc, char** argv) {
  CLI::App app("Lets every file call of a store fail, one at a time and at random, and judges what becomes of it.");
  Settings settings;
  app.add_option("--seed", settings.seed, "The seed of the writes")->capture_default_str();
  app.add_option("--writes", settings.writes, "How many writes a life has")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--share", settings.share, "Take every SHARE-th call only")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--random", settings.random_lives, "How many lives with faults at random")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  Runs runs(settings);
  const bool kept = runs.All();
  runs.Print();
  return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace closure

int main(int argc, char** argv) { return closure::Main(argc, argv); }
