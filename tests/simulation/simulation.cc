// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/simulation.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/config.h"
#include "server/time_witness.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/operators.h"
#include "tests/simulation/owner.h"
#include "tests/simulation/process.h"
#include "tests/simulation/simulated_accounts.h"
#include "tests/simulation/stranger.h"
#include "tests/simulation/world.h"

namespace closure::simulation {
namespace {

// Wednesday, 2026-07-01 09:00 in UTC.
constexpr absl::Time kBegin = absl::FromUnixSeconds(1782896400);
constexpr std::int64_t kStepsMax = 5'000'000;
// The longest that a closure has a right to: what expires after 48 hours may be renewed just before the calm, enter its
// silent period of 36 hours just before the expiry, and be tried again for hours at either end.
constexpr absl::Duration kCalmMin = absl::Hours(120);

template <typename... Requests>
std::vector<std::string> FilesOf() {
  return {Requests::descriptor()->file()->name()...};
}

// The other systems, each by a request of its own.
const std::vector<std::string>& Systems() {
  static const auto* const kSystems = new std::vector<std::string>(
      FilesOf<upstream::v1::GetAccountRequest, upstream::v1::ListFundsRequest, upstream::v1::ListDomainsRequest,
              upstream::v1::SendMailRequest, upstream::v1::GetResellerRelationshipRequest,
              upstream::v1::GetMembershipRequest, upstream::v1::ListResourcesRequest,
              upstream::v1::GetTrusteeshipRequest, v1::PerformRequest>());
  return *kSystems;
}

// Short, so that many closures fit into one run; the ratios are those of the defaults.
config::v1::ServerConfig SimulatedConfig(Dice& dice) {
  config::v1::ServerConfig config = WithDefaults({});
  config::v1::Policy& policy = *config.mutable_policy();
  // An owner looks after their closure three times an hour.
  *policy.mutable_code_lifetime() = ToProto(absl::Minutes(30));
  *policy.mutable_silent_period() = ToProto(absl::Hours(36));
  *policy.mutable_idle_expiry_before_agreement() = ToProto(absl::Hours(12));
  *policy.mutable_idle_expiry_after_agreement() = ToProto(absl::Hours(48));
  *policy.mutable_request_id_retention() = ToProto(absl::Hours(24));
  *policy.mutable_notice_retry_limit() = ToProto(absl::Hours(12));
  *policy.mutable_contact_change_window() = ToProto(absl::Hours(24));
  config.mutable_breaker()->set_deletions_per_hour_min(dice.Chance(0.2) ? 1 : 20);
  return config;
}

// Every run has its own mixture of misfortunes, from none to many of each.
WireFaults DrawFaults(Dice& dice) {
  const auto draw = [&](double most) {
    return dice.Chance(0.3) ? 0 : most * static_cast<double>(dice.Below(100)) / 100;
  };
  return {.refused = draw(0.1),
          .lost_request = draw(0.05),
          .lost_reply = draw(0.05),
          .late = draw(0.05),
          .repeated = draw(0.1),
          .empty = draw(0.02)};
}

// Where what cannot be taken back is near, for seconds when nothing goes wrong.
bool IsBrink(State state) {
  return state == v1::Closure::CONFIRMING || state == v1::Closure::FINAL_CHECK || state == v1::Closure::DELETING;
}

class Simulation {
 public:
  explicit Simulation(const Settings& settings);
  Report Run();

 private:
  void Step();
  void StepStore();
  void PlanStore();
  void Start();
  void Crash();
  bool IsClockWitnessed();
  void JumpClock();
  void SetClock(absl::Duration wrong_by);
  // One of the other systems is down for minutes or hours.
  void TakeSystemDown();
  // Makes something happen again and again, at random times around `mean`, until the misfortunes are over.
  void Repeat(absl::Duration mean, std::function<void()> happening);
  // Lets something happen now, or in the middle of the work to come: when a call has just arrived, or a change of a
  // closure was just committed; or while a closure is about to do what cannot be taken back, which lasts seconds. At
  // random times there is hardly any work.
  void Strike(std::function<void()> happening);
  // There was work.
  void StrikeAtWork();
  // A closure changed that is about to do what cannot be taken back.
  void StrikeAtBrink();
  void Calm();
  bool IsOver() const;

  const Settings settings_;
  Dice dice_;
  Schedule schedule_;
  Wire wire_;
  Cloud cloud_;
  Stranger stranger_;
  MachineClock clock_;
  MemoryStore store_;
  const SecretKey secret_key_;
  const Agreements agreements_;
  const config::v1::ServerConfig config_;
  ProcessParts parts_;
  Judge judge_;
  std::vector<Owner> owners_;
  Operators operators_;
  std::unique_ptr<Process> process_;
  Life life_ = kWorld;
  bool store_planned_ = false;
  // From a boot until the next process.
  bool machine_off_ = false;
  bool calm_ = false;
  std::int64_t arrivals_ = 0;
  // A change of a closure was committed, or a call arrived, in this step.
  bool worked_ = false;
  // What strikes after so much more work.
  std::vector<std::pair<std::uint64_t, std::function<void()>>> armed_;
  // Such a closure changed in this step; what strikes then, one at a time.
  bool at_the_brink_ = false;
  std::deque<std::function<void()>> at_brink_;
  Report report_;
};

Simulation::Simulation(const Settings& settings)
    : settings_(settings),
      dice_(settings.seed),
      wire_(schedule_, dice_),
      cloud_(schedule_, wire_, kBegin),
      stranger_(schedule_, dice_),
      clock_(schedule_, kBegin),
      secret_key_(SecretKey::FromBytes(std::string(32, 'k'))),
      agreements_(*Agreements::FromTexts(EmbeddedAgreementTexts())),
      config_(SimulatedConfig(dice_)),
      judge_(schedule_, clock_, store_, cloud_, stranger_, AccountIds(settings.accounts),
             config_.breaker().deletions_per_hour_min()),
      operators_(schedule_, dice_, store_, clock_) {
  schedule_.trace = settings_.trace;
  parts_ = {.schedule = &schedule_,
            .dice = &dice_,
            .cloud = &cloud_,
            .stranger = &stranger_,
            .store = &store_,
            .clock = &clock_,
            .secret_key = &secret_key_,
            .agreements = &agreements_,
            .config = config_};
  wire_.on_act = [this](const std::string& method, const std::string& closure) { judge_.Asked(method, closure); };
  wire_.faults = DrawFaults(dice_);
  stranger_.mischief = dice_.Chance(0.3) ? 0 : 0.5 * static_cast<double>(dice_.Below(100)) / 100;
  cloud_.Load(DrawAccounts(dice_, settings.accounts, kBegin));
  const std::vector<std::string> ids = AccountIds(settings.accounts);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    owners_.emplace_back(
        Owner::Parts{.dice = &dice_, .cloud = &cloud_, .store = &store_, .judge = &judge_, .agreements = &agreements_},
        ids[i], ids[(i + 1) % ids.size()]);
  }
}

void Simulation::Repeat(absl::Duration mean, std::function<void()> happening) {
  schedule_.After(dice_.Between(absl::ZeroDuration(), 2 * mean), kWorld, [this, mean, happening] {
    if (calm_) return;
    happening();
    Repeat(mean, happening);
  });
}

void Simulation::Strike(std::function<void()> happening) {
  constexpr std::uint64_t kWorkMax = 20;
  if (dice_.Chance(0.5)) return happening();
  if (dice_.Chance(0.3)) return at_brink_.push_back(std::move(happening));
  armed_.emplace_back(1 + dice_.Below(kWorkMax), std::move(happening));
}

void Simulation::StrikeAtWork() {
  for (auto& [left, happening] : armed_) {
    if (--left == 0) happening();
  }
  armed_.erase(std::remove_if(armed_.begin(), armed_.end(), [](const auto& each) { return each.first == 0; }),
               armed_.end());
}

void Simulation::StrikeAtBrink() {
  if (at_brink_.empty()) return;
  const std::function<void()> happening = std::move(at_brink_.front());
  at_brink_.pop_front();
  happening();
}

void Simulation::Start() {
  ++life_;
  machine_off_ = false;
  schedule_.Tell("a process starts");
  if (life_ > 1) store_.Reopen();
  judge_.Started();
  process_ = std::make_unique<Process>(parts_, life_);
}

void Simulation::Crash() {
  if (process_ == nullptr) return;
  schedule_.Tell("the process dies");
  ++report_.crashes;
  if (!store_.Idle() || wire_.Waits(life_)) ++report_.crashes_at_work;
  for (std::uint64_t left = dice_.Below(4); left > 0 && store_.CommitBatch(1); --left) judge_.OnCommit();
  schedule_.End(life_);
  wire_.End(life_);
  store_.Die();
  for (Owner& owner : owners_) owner.ForgetCalls();
  process_.reset();
  store_planned_ = false;
  machine_off_ = dice_.Chance(0.2) && IsClockWitnessed();
  if (machine_off_) clock_.Boot();
  // Whoever mends a machine mends its clock.
  if (machine_off_ && clock_.wrong_by() != absl::ZeroDuration() && dice_.Chance(0.5)) SetClock(absl::ZeroDuration());
  const absl::Duration away = dice_.Chance(0.1) ? absl::Hours(6) : absl::Minutes(5);
  schedule_.After(dice_.Between(absl::Seconds(1), away), kWorld, [this] { Start(); });
}

// Whether somebody noted what the wall clock shows. What is set after that and before a boot is like what is set while
// the machine is off.
bool Simulation::IsClockWitnessed() {
  const auto system = store_.LoadSystem();
  const ClockReading reading = clock_.Read();
  return system.ok() && system->clock().boot_id() == reading.boot_id && Observe(system->clock(), reading).jump.empty();
}

void Simulation::JumpClock() {
  const absl::Duration wrongs[] = {absl::Hours(24 * 365), -absl::Hours(24), absl::Hours(23),
                                   absl::Hours(3),        -absl::Hours(5),  -absl::Minutes(20)};
  // Set right again, or from one wrong time to another. What is set wrong while the machine is off nobody can know
  // (time_witness.h); what is set right then must shorten nothing.
  const bool right = clock_.wrong_by() != absl::ZeroDuration() && dice_.Chance(0.5);
  if (machine_off_ && !right) return;
  ++report_.clock_jumps;
  SetClock(right ? absl::ZeroDuration() : wrongs[dice_.Below(std::size(wrongs))]);
}

void Simulation::SetClock(absl::Duration wrong_by) {
  clock_.SetWrong(wrong_by);
  judge_.ClockSet(machine_off_);
  judge_.OnCloud();
  schedule_.Tell("the wall clock is wrong by {}", absl::FormatDuration(wrong_by));
}

void Simulation::TakeSystemDown() {
  const std::string& system = Systems()[dice_.Below(Systems().size())];
  if (wire_.IsDown(system)) return;
  wire_.TakeDown(system, dice_.Chance(0.5));
  schedule_.Tell("the system of {} is down", system);
  const absl::Duration most = dice_.Chance(0.5) ? absl::Minutes(30) : absl::Hours(8);
  schedule_.After(dice_.Between(absl::Minutes(1), most), kWorld, [this, system] {
    wire_.BringUp(system);
    schedule_.Tell("the system of {} is up again", system);
  });
}

void Simulation::PlanStore() {
  if (store_planned_ || process_ == nullptr || store_.Idle()) return;
  store_planned_ = true;
  schedule_.After(dice_.Between(absl::ZeroDuration(), absl::Milliseconds(5)), life_, [this] {
    store_planned_ = false;
    StepStore();
  });
}

void Simulation::StepStore() {
  // Commits run ahead of what is told, as the threads of a real store have it.
  const bool commit_first = dice_.Chance(0.5);
  if (!commit_first && store_.TellOne()) return;
  if (store_.CommitBatch(1)) {
    ++report_.commits;
    judge_.OnCommit();
    const StoreChange* const change = store_.NewestChange();
    if (change == nullptr || change->closure.account_id.empty()) return;
    worked_ = true;
    const auto data = store_.LoadClosure(change->closure);
    at_the_brink_ = at_the_brink_ || (data.ok() && IsBrink(data->closure().state()));
  } else {
    store_.TellOne();
  }
}

void Simulation::Step() {
  ++report_.steps;
  schedule_.RunNext();
  if (arrivals_ != wire_.arrivals()) {
    arrivals_ = wire_.arrivals();
    judge_.OnCloud();
    worked_ = true;
  }
  PlanStore();
  if (process_ != nullptr) process_->Turn();
  if (std::exchange(worked_, false)) StrikeAtWork();
  if (std::exchange(at_the_brink_, false)) StrikeAtBrink();
}

// No more misfortunes; operators lift whatever keeps a closure waiting.
void Simulation::Calm() {
  calm_ = true;
  armed_.clear();
  at_brink_.clear();
  schedule_.Tell("everything calms down");
  wire_.faults = {};
  wire_.BringAllUp();
  stranger_.mischief = 0;
  if (clock_.wrong_by() != absl::ZeroDuration()) SetClock(absl::ZeroDuration());
}

bool Simulation::IsOver() const { return !judge_.fault().empty() || report_.steps > kStepsMax; }

Report Simulation::Run() {
  schedule_.Tell("in this life a silent period lasts {}, so that many closures fit into it",
                 absl::FormatDuration(FromProto(config_.policy().silent_period())));
  Start();
  for (Owner& owner : owners_) {
    Repeat(absl::Minutes(20), [this, &owner] {
      owner.Act(process_ ? &process_->engine() : nullptr);
      judge_.OnCloud();
    });
  }
  Repeat(absl::Hours(5), [this] {
    Strike([this] {
      if (process_) operators_.Meddle(process_->engine());
    });
  });
  Repeat(absl::Hours(8), [this] {
    Strike([this] {
      SomethingComes(dice_, cloud_, owners_[dice_.Below(owners_.size())].account_id());
      judge_.OnCloud();
    });
  });
  const bool crashes = dice_.Chance(0.8);
  if (crashes) Repeat(absl::Hours(4), [this] { Strike([this] { Crash(); }); });
  if (dice_.Chance(0.4)) Repeat(absl::Hours(30), [this] { Strike([this] { JumpClock(); }); });
  if (dice_.Chance(0.4)) Repeat(absl::Hours(10), [this] { Strike([this] { TakeSystemDown(); }); });
  const absl::Duration busy = settings_.days * absl::Hours(24);
  while (schedule_.now() < busy && !IsOver()) Step();
  Calm();
  std::function<void()> lift = [this, &lift] {
    if (process_) operators_.LiftEverything(process_->engine());
    schedule_.After(absl::Minutes(30), kWorld, [&lift] { lift(); });
  };
  lift();
  while (schedule_.now() < busy + std::max(busy, kCalmMin) && !IsOver()) Step();
  if (judge_.fault().empty()) judge_.AtRest();
  report_.fault = judge_.fault();
  report_.wire = wire_.counts();
  report_.mischiefs = stranger_.mischiefs();
  report_.ends = judge_.Ends();
  report_.digest = store_.Digest();
  schedule_.End(life_);
  wire_.End(life_);
  if (process_ != nullptr) store_.Die();
  process_.reset();
  return report_;
}

}  // namespace

Report Simulate(const Settings& settings) { return Simulation(settings).Run(); }

}  // namespace closure::simulation
