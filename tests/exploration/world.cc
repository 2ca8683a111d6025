// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/world.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/item_identity.h"

namespace closure::exploration {
namespace {

// ---- packing ----

class Packer {
 public:
  void Text(const std::string& text) {
    Plain(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  template <typename T>
  void Plain(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <typename Message>
  void Messages(const std::vector<Message>& messages) {
    Plain(static_cast<std::uint32_t>(messages.size()));
    for (const Message& message : messages) Text(message.SerializeAsString());
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(const std::string& bytes) : bytes_(bytes) {}
  std::string Text() {
    const auto size = Plain<std::uint32_t>();
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  template <typename T>
  T Plain() {
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  template <typename Message>
  void Read(Message& message) {
    message.ParseFromString(Text());
  }
  template <typename Message>
  void Read(std::vector<Message>& messages) {
    messages.resize(Plain<std::uint32_t>());
    for (Message& message : messages) Read(message);
  }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

void PackCall(const Call& call, Packer& packer) {
  packer.Text(call.task.SerializeAsString());
  packer.Plain(call.answered);
  packer.Messages(call.renunciations);
  packer.Text(call.expected.SerializeAsString());
  packer.Plain(call.clocks_disagreed);
  packer.Plain(call.sight);
  packer.Plain(call.silent);
  packer.Text(call.performed.SerializeAsString());
  packer.Text(call.released.SerializeAsString());
}

Call UnpackCall(Unpacker& unpacker) {
  Call call;
  unpacker.Read(call.task);
  call.answered = unpacker.Plain<bool>();
  unpacker.Read(call.renunciations);
  unpacker.Read(call.expected);
  call.clocks_disagreed = unpacker.Plain<bool>();
  call.sight = unpacker.Plain<Sight>();
  call.silent = unpacker.Plain<std::uint8_t>();
  unpacker.Read(call.performed);
  unpacker.Read(call.released);
  return call;
}

// ---- the canonical text ----

class Canon {
 public:
  explicit Canon(const World& world)
      : now_(world.clock.wall), witness_(TimeOf(world).witness), back_(StillBack(world)), fences_(Fences(world)) {}

  const internal::v1::ClockWitness& witness() const { return witness_; }
  void Number(std::int64_t number) { packer_.Plain(number); }
  void Text(const std::string& text) { packer_.Text(text); }
  template <typename T>
  void Plain(const T& value) {
    packer_.Plain(value);
  }
  // How long a moment is ahead. How long it is past counts only as far as the clock can still be set back.
  void Ahead(bool present, const google::protobuf::Timestamp& time) {
    Number(present);
    if (present) Number(absl::ToInt64Milliseconds(std::max(-back_, FromProto(time) - now_)));
  }
  // How long ago on the trusted clock, up to `most`.
  void Elapsed(bool present, const internal::v1::ElapsedMark& since, absl::Duration most) {
    Number(present);
    if (!present) return;
    Number(absl::ToInt64Milliseconds(std::min(most, PassedSince(since, witness_))));
    // What will not count when it is credited.
    const absl::Duration credited = FromProto(witness_.acknowledged()) - FromProto(since.acknowledged());
    Number(absl::ToInt64Milliseconds(std::max(absl::ZeroDuration(), FromProto(since.withheld()) - credited)));
  }
  // Fences are only compared: what counts is their order.
  void Fence(std::int64_t fence) { Number(std::distance(fences_.begin(), fences_.find(fence))); }
  std::string Take() { return packer_.Take(); }

 private:
  static std::set<std::int64_t> Fences(const World& world) {
    std::set<std::int64_t> fences(world.outside.fences.begin(), world.outside.fences.end());
    fences.insert(world.data.fence());
    for (const internal::v1::TaskData& task : world.tasks) fences.insert(task.payload().fence());
    for (const Call& call : world.calls) fences.insert(call.task.payload().fence());
    return fences;
  }

  // By how much the wall clock may still go back.
  static absl::Duration StillBack(const World& world) {
    return kStepBack * world.left.clock_jumps + std::max(absl::ZeroDuration(), world.memory.wrong_by);
  }

  const absl::Time now_;
  const internal::v1::ClockWitness witness_;
  const absl::Duration back_;
  const std::set<std::int64_t> fences_;
  Packer packer_;
};

void AddIdentity(const v1::Closure& closure, Canon& canon) {
  canon.Number(closure.identity_verification().challenges_size());
  for (const auto& challenge : closure.identity_verification().challenges()) {
    canon.Number(challenge.attempts_left());
    canon.Number(challenge.verified());
    canon.Ahead(challenge.has_expire_time(), challenge.expire_time());
    canon.Ahead(challenge.has_resend_time(), challenge.resend_time());
  }
}

void AddClosure(const World& world, Canon& canon) {
  const v1::Closure& closure = world.data.closure();
  const config::v1::Policy& policy = world.data.policy();
  const State state = closure.state();
  canon.Number(state);
  canon.Fence(world.data.fence());
  if (state == v1::Closure::IDENTITY_PENDING) AddIdentity(closure, canon);
  canon.Ahead(closure.has_expire_time(), closure.expire_time());
  canon.Number(closure.scan().phase());
  canon.Number(closure.scan().has_end_time());
  canon.Number(closure.scan().clean());
  canon.Ahead(closure.scan().has_fresh_until_time() && state == v1::Closure::READY, closure.scan().fresh_until_time());
  canon.Number(closure.has_hold());
  canon.Number(closure.cause());
  const bool confirming = state == v1::Closure::CONFIRMING;
  canon.Ahead(confirming, ToProto(FromProto(closure.confirm_time()) + FromProto(policy.confirm_limit())));
  const std::optional<absl::Duration> within_boot = PassedWithinBoot(world.data.confirm_start(), canon.witness());
  const absl::Duration enough = FromProto(policy.confirm_limit()) + absl::Seconds(1);
  canon.Number(confirming && within_boot ? absl::ToInt64Milliseconds(std::min(*within_boot, enough)) : -1);
  const bool silent = state == v1::Closure::SILENT_PERIOD;
  canon.Ahead(silent, closure.silent_period_end_time());
  canon.Elapsed(silent, world.data.silent_period_start(), FromProto(policy.silent_period()));
  const bool discarding = state == v1::Closure::DISCARDING;
  canon.Ahead(discarding, ToProto(FromProto(closure.state_enter_time()) + FromProto(policy.discard_limit())));
  // What the promises ask of a silent period long after it was decided.
  canon.Number(closure.identity_verification().has_verify_time() + 2 * closure.has_agreement_acceptance() +
               4 * (closure.reason() != v1::Closure::REASON_UNSPECIFIED) + 8 * closure.has_confirm_time());
  canon.Number(world.data.late_settlement_consent());
  canon.Number(world.data.releases_open());
  canon.Number(closure.has_personal_data_erase_time());
  canon.Number(closure.participants_size());
  for (const v1::ParticipantProgress& progress : closure.participants()) {
    canon.Text(progress.participant());
    canon.Number(progress.phase() * 100 + progress.stage() * 10 + progress.status());
  }
  canon.Number(closure.renunciations_size());
  for (const v1::Renunciation& renunciation : closure.renunciations()) {
    canon.Number(renunciation.kind() * 10 + renunciation.status());
    canon.Text(renunciation.fingerprint());
  }
  for (const v1::Notice& notice : closure.notices()) canon.Number(notice.status());
  canon.Ahead(IsTerminal(state), ToProto(FromProto(closure.end_time()) + FromProto(policy.request_id_retention())));
  canon.Elapsed(IsTerminal(state), world.data.end(), FromProto(policy.notice_retry_limit()) + absl::Seconds(1));
}

// Whether a release of the item would be a repetition.
bool WasReleased(const World& world, const v1::BlockingItem& item) {
  return world.outside.release_key == HashKey(fmt::format("{}/{}", world.data.closure().name(), ReleaseKey(item)));
}

void AddItems(const World& world, Canon& canon) {
  canon.Number(static_cast<std::int64_t>(world.items.size()));
  for (const v1::BlockingItem& item : world.items) {
    canon.Text(item.native_id());
    // What first_seen_time decides.
    canon.Number(WasReleased(world, item));
    canon.Number(item.resolution() * 10 + item.change());
    canon.Text(item.fingerprint());
  }
}

// Without when it is due, which decides nothing once it runs.
void AddTask(const internal::v1::TaskData& task, Canon& canon) {
  canon.Number(task.kind() * 10 + task.parked());
  canon.Number(task.attempts());
  canon.Number(task.has_first_failure_time());
  canon.Fence(task.payload().fence());
  canon.Number(task.payload().participant_phase() * 100 + task.payload().stage() * 10 + task.payload().channel());
  canon.Text(task.payload().participant());
  canon.Text(task.payload().item_id());
}

void AddCalls(const World& world, Canon& canon) {
  canon.Number(static_cast<std::int64_t>(world.calls.size()));
  for (const Call& call : world.calls) {
    canon.Number(call.task.closure_id() == world.data.closure_id());
    const auto stored = std::find_if(world.tasks.begin(), world.tasks.end(),
                                     [&](const auto& task) { return task.id() == call.task.id(); });
    canon.Number(stored == world.tasks.end() ? -1 : stored - world.tasks.begin());
    AddTask(call.task, canon);
    canon.Number(call.answered + 2 * call.clocks_disagreed);
    canon.Plain(call.sight);
    canon.Number(call.silent * 100 + call.performed.outcome() * 10 + call.released.outcome());
    canon.Number(call.performed.executed_fingerprints_size());
    for (const std::string& fingerprint : call.performed.executed_fingerprints()) canon.Text(fingerprint);
    canon.Number(static_cast<std::int64_t>(call.renunciations.size()));
    for (const v1::Renunciation& renunciation : call.renunciations)
      canon.Text(std::to_string(renunciation.kind()) + renunciation.fingerprint());
    canon.Text(call.expected.native_state());
  }
}

void AddOutside(const World& world, Canon& canon) {
  const Outside& outside = world.outside;
  canon.Plain(outside.facts);
  canon.Number(outside.billing_frozen + 2 * outside.account_frozen + 4 * outside.sealed + 8 * outside.role +
               16 * outside.deleted + 32 * outside.gone + 64 * (outside.release_key != 0));
  for (const std::int64_t fence : outside.fences) canon.Fence(fence);
  // What was done matters only where it may be asked for again.
  const auto add = [&](const internal::v1::TaskData& task) {
    if (task.kind() == v1::Task::DISCARD) canon.Number(outside.release_key == HashKey(task.idempotency_key()));
    if (task.kind() != v1::Task::PARTICIPANT) return;
    const std::size_t system = task.payload().participant() == "billing" ? 0 : 1;
    const Act& act = outside.acts[system][task.payload().participant_phase()];
    const bool repeated = act.key == HashKey(task.idempotency_key());
    canon.Number(repeated ? 1 + act.balance * 16 + act.debt * 256 : 0);
    canon.Number(act.fence == task.payload().fence());
  };
  for (const internal::v1::TaskData& task : world.tasks) add(task);
  for (const Call& call : world.calls) add(call.task);
  canon.Plain(outside.server_version);
  canon.Number(outside.released_by == HashKey(world.data.closure_id()));
}

void AddSystem(const World& world, Canon& canon) {
  const Observation observed = TimeOf(world);
  canon.Number(world.system.has_pause() + 2 * world.system.has_breaker() + 4 * world.system.has_clock_jump() +
               8 * !observed.jump.empty() + 16 * observed.went_back + 32 * world.hour_is_full);
  canon.Number(world.system.breaker().approvals_size());
  canon.Number(absl::ToInt64Milliseconds(FromProto(observed.witness.withheld())));
  canon.Number(absl::ToInt64Milliseconds(FromProto(observed.witness.behind())));
  // How far the clocks have drifted apart since they were last witnessed, and over which boot.
  const internal::v1::ClockWitness& witness = world.system.clock();
  canon.Number(witness.boot_id() == world.clock.boot_id);
  canon.Number(absl::ToInt64Milliseconds(world.clock.wall - FromProto(witness.wall_time()) - world.clock.boot_time +
                                         FromProto(witness.boot_time())));
  canon.Text(world.system.breaker().approvals_size() == 1 ? world.system.breaker().approvals(0) : "");
  const State state = world.data.closure().state();
  const auto add = [&](State of, absl::Duration passed, absl::Duration enough) {
    canon.Number(state == of ? absl::ToInt64Milliseconds(std::min(enough, passed)) : -1);
  };
  const config::v1::Policy& policy = world.data.policy();
  add(v1::Closure::SILENT_PERIOD, world.memory.silent_for, FromProto(policy.silent_period()));
  add(v1::Closure::CONFIRMING, world.memory.confirming_for, FromProto(policy.confirm_limit()) + absl::Seconds(1));
}

}  // namespace

config::v1::Policy ExploredPolicy() {
  config::v1::Policy policy;
  *policy.mutable_silent_period() = ToProto(absl::Hours(168));
  *policy.mutable_idle_expiry_before_agreement() = ToProto(absl::Hours(24));
  *policy.mutable_idle_expiry_after_agreement() = ToProto(absl::Hours(720));
  *policy.mutable_code_lifetime() = ToProto(absl::Minutes(10));
  policy.set_code_attempts(2);
  *policy.mutable_resend_spacing() = ToProto(absl::Seconds(60));
  policy.set_codes_per_account_per_day(20);
  *policy.mutable_scan_freshness() = ToProto(absl::Minutes(30));
  *policy.mutable_confirm_limit() = ToProto(absl::Minutes(5));
  *policy.mutable_discard_limit() = ToProto(absl::Minutes(10));
  *policy.mutable_request_id_retention() = ToProto(absl::Hours(720));
  *policy.mutable_notice_retry_limit() = ToProto(absl::Hours(72));
  *policy.mutable_contact_change_window() = ToProto(absl::Hours(72));
  *policy.mutable_stuck_threshold() = ToProto(absl::Minutes(15));
  policy.set_forfeit_limit_units(1000);
  policy.set_void_limit_units(10);
  return policy;
}

Observation TimeOf(const World& world) { return Observe(world.system.clock(), world.clock); }

World Begin(const Scenario& scenario) {
  World world;
  world.clock = {absl::FromUnixSeconds(1782896400), absl::Hours(5), "boot-1"};
  *world.system.mutable_clock() = Observe({}, world.clock).witness;
  world.outside.facts = scenario.facts;
  world.outside.server_version = scenario.facts.server;
  world.left = scenario.bounds;
  return world;
}

std::string Canonical(const World& world) {
  Canon canon(world);
  AddClosure(world, canon);
  canon.Number(world.gate);
  AddItems(world, canon);
  canon.Number(static_cast<std::int64_t>(world.tasks.size()));
  for (const internal::v1::TaskData& task : world.tasks) {
    AddTask(task, canon);
    canon.Ahead(true, task.due_time());
  }
  AddCalls(world, canon);
  AddOutside(world, canon);
  AddSystem(world, canon);
  canon.Number(absl::ToInt64Milliseconds(world.memory.wrong_by));
  canon.Plain(world.memory.channels_verified);
  canon.Plain(world.memory.balances_renounced);
  canon.Plain(world.memory.debts_renounced);
  canon.Plain(world.memory.balances_taken);
  canon.Plain(world.memory.debts_taken);
  canon.Plain(world.left);
  return canon.Take();
}

std::string Pack(const World& world) {
  Packer packer;
  internal::v1::ClosureData data = world.data;
  data.clear_policy();
  packer.Text(data.SerializeAsString());
  packer.Plain(world.gate);
  packer.Messages(world.items);
  packer.Messages(world.tasks);
  packer.Plain(world.last_task_id);
  packer.Text(world.system.SerializeAsString());
  packer.Plain(world.hour_is_full);
  packer.Plain(world.clock.wall);
  packer.Plain(world.clock.boot_time);
  packer.Text(world.clock.boot_id);
  packer.Plain(static_cast<std::uint32_t>(world.calls.size()));
  for (const Call& call : world.calls) PackCall(call, packer);
  packer.Plain(world.outside);
  packer.Plain(world.memory);
  packer.Plain(world.left);
  return packer.Take();
}

World Unpack(const std::string& bytes) {
  Unpacker unpacker(bytes);
  World world;
  unpacker.Read(world.data);
  if (world.data.version() > 0) *world.data.mutable_policy() = ExploredPolicy();
  world.gate = unpacker.Plain<v1::GateState>();
  unpacker.Read(world.items);
  unpacker.Read(world.tasks);
  world.last_task_id = unpacker.Plain<std::int64_t>();
  unpacker.Read(world.system);
  world.hour_is_full = unpacker.Plain<bool>();
  world.clock.wall = unpacker.Plain<absl::Time>();
  world.clock.boot_time = unpacker.Plain<absl::Duration>();
  world.clock.boot_id = unpacker.Text();
  world.calls.resize(unpacker.Plain<std::uint32_t>());
  for (Call& call : world.calls) call = UnpackCall(unpacker);
  world.outside = unpacker.Plain<Outside>();
  world.memory = unpacker.Plain<Memory>();
  world.left = unpacker.Plain<Bounds>();
  return world;
}

}  // namespace closure::exploration
