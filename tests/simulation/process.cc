// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/process.h"

#include <functional>
#include <utility>

#include "checkers/catalog.h"
#include "checkers/proto_time.h"
#include "server/participants/remote_participant.h"

namespace closure::simulation {
namespace {

constexpr absl::Duration kWakingMax = absl::Milliseconds(20);

// The archive of the sandbox takes part as a participant outside of the process.
v1::ParticipantDescription ArchiveDescription() {
  v1::ParticipantDescription description;
  description.set_name("sandbox_archive");
  const std::pair<v1::ParticipantPhase, int> kStages[] = {
      {v1::FREEZE, 1}, {v1::THAW, 1}, {v1::DELETE, 2}, {v1::RESTORE, 1}};
  for (const auto& [phase, stage] : kStages) {
    auto& added = *description.add_stages();
    added.set_phase(phase);
    added.set_stage(stage);
  }
  return description;
}

std::vector<CheckerSlot> MakeCheckers(const ProcessParts& parts, const Upstreams& upstreams, Life life) {
  const config::v1::Policy& policy = parts.config.policy();
  std::vector<CheckerSlot> slots;
  for (std::shared_ptr<Checker>& checker : MakeBuiltinCheckers(
           upstreams,
           {.forfeit_limit_units = policy.forfeit_limit_units(), .void_limit_units = policy.void_limit_units()}))
    slots.push_back({.checker = std::move(checker), .deadline = absl::Minutes(1)});
  slots.push_back(
      {.checker = parts.stranger->CheckerFor(life), .deadline = absl::Minutes(1), .max_items = Stranger::kItemsMax});
  return slots;
}

}  // namespace

class Process::SimulatedTimers final : public Timers {
 public:
  SimulatedTimers(Schedule& schedule, Life life) : schedule_(schedule), life_(life) {}

  std::unique_ptr<Timer> NewTimer() override { return std::make_unique<SimulatedTimer>(schedule_, life_); }
  absl::Duration Elapsed() const override { return schedule_.now(); }

 private:
  // A timer that is stopped calls at once, as Timer promises.
  class SimulatedTimer final : public Timer {
   public:
    SimulatedTimer(Schedule& schedule, Life life) : schedule_(schedule), life_(life) {}

    void Start(absl::Duration after, std::function<void()> function) override {
      ticket_ = schedule_.After(stopped_ ? absl::ZeroDuration() : after, life_,
                                [function = std::move(function)]() mutable { std::exchange(function, nullptr)(); });
    }
    void Stop() override {
      stopped_ = true;
      if (ticket_) schedule_.Hurry(*ticket_);
    }

   private:
    Schedule& schedule_;
    const Life life_;
    bool stopped_ = false;
    std::optional<Schedule::Ticket> ticket_;
  };

  Schedule& schedule_;
  const Life life_;
};

class Process::SimulatedRandom final : public RandomSource {
 public:
  explicit SimulatedRandom(Dice& dice) : dice_(dice) {}

  std::string Id() override {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string id;
    while (id.size() < 32) id.push_back(kDigits[dice_.Below(kDigits.size())]);
    return id;
  }
  double RetryFactor() override {
    constexpr std::uint64_t kParts = 400;
    return 0.8 + static_cast<double>(dice_.Below(kParts)) / 1000;
  }

 private:
  Dice& dice_;
};

Process::Process(const ProcessParts& parts, Life life)
    : parts_(parts),
      life_(life),
      timers_(std::make_unique<SimulatedTimers>(*parts.schedule, life)),
      random_(std::make_unique<SimulatedRandom>(*parts.dice)) {
  const Upstreams upstreams = parts.cloud->StubsFor(life);
  std::vector<ParticipantSlot> participants;
  for (std::shared_ptr<Participant>& participant : MakeBuiltinParticipants(upstreams))
    participants.push_back({.participant = std::move(participant)});
  participants.push_back(
      {.participant = std::make_shared<RemoteParticipant>(ArchiveDescription(), parts.cloud->ArchiveFor(life))});
  const auto plugins = std::make_shared<const Plugins>(
      PluginSet(FanOut(MakeCheckers(parts, upstreams, life), timers_.get()), std::move(participants)));
  ClosureEngine::Parts engine{.store = parts.store,
                              .clock = parts.clock,
                              .secret_key = parts.secret_key,
                              .agreements = parts.agreements,
                              .upstreams = upstreams,
                              .policy = parts.config.policy(),
                              .plugins = plugins,
                              .random = random_.get()};
  engine.breaker = parts.config.breaker();
  engine_.emplace(std::move(engine));
  rounds_.emplace(TaskRounds::Parts{.store = parts.store,
                                    .clock = parts.clock,
                                    .engine = &*engine_,
                                    .handlers = {.store = parts.store,
                                                 .clock = parts.clock,
                                                 .secret_key = parts.secret_key,
                                                 .engine = &*engine_,
                                                 .upstreams = upstreams,
                                                 .plugins = plugins,
                                                 .cancel = std::make_shared<CancelSignal>(),
                                                 .random = random_.get()}});
  parts_.store->SetObserver([this](const StoreChange& change) { Observe(change); });
  BeginRound();
}

void Process::Observe(const StoreChange& change) {
  if (change.tasks_added) rounds_->Wake();
}

void Process::BeginRound() {
  next_round_.reset();
  rounds_->Begin();
}

void Process::Turn() {
  const auto plan = [this](absl::Duration delay) {
    if (next_round_) parts_.schedule->Cancel(*next_round_);
    next_round_ = parts_.schedule->After(delay, life_, [this] { BeginRound(); });
  };
  if (rounds_->begun()) {
    if (rounds_->leasing()) return;
    plan(rounds_->End());
  }
  if (rounds_->woken() && next_round_ && next_round_->first > parts_.schedule->now() + kWakingMax)
    plan(parts_.dice->Between(absl::ZeroDuration(), kWakingMax));
}

}  // namespace closure::simulation
