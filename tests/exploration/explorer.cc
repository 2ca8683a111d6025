// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/explorer.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

#include "fmt/format.h"

namespace closure::exploration {
namespace {

// 128 bits of SHA-256: among 10^9 worlds two share them with a probability of about 10^-21.
using Digest = std::pair<std::uint64_t, std::uint64_t>;

Digest DigestOf(const World& world) {
  const std::string text = Canonical(world);
  unsigned char bytes[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes);
  Digest digest;
  std::memcpy(&digest.first, bytes, sizeof digest.first);
  std::memcpy(&digest.second, bytes + sizeof digest.first, sizeof digest.second);
  return digest;
}

bool IsFoundGone(const World& world) { return world.data.closure().cause() == v1::Closure::ACCOUNT_GONE; }

class Exploration {
 public:
  Exploration(const Scenario& scenario, std::uint64_t states_max) : scenario_(scenario), states_max_(states_max) {
    result_.per_state.resize(kStateCount);
  }

  Result Run() && {
    Meet(Begin(scenario_), 0, {});
    while (!frontier_.empty() && result_.broken.empty() && known_.size() < states_max_) {
      const std::string packed = std::move(frontier_.front());
      frontier_.pop_front();
      Expand(packed);
    }
    result_.complete = frontier_.empty() && result_.broken.empty();
    result_.states = known_.size();
    if (result_.complete) JudgeLiveness();
    return std::move(result_);
  }

 private:
  // How a world was first reached.
  struct Origin {
    std::uint32_t from = 0;
    Move move{};
  };

  // Answers the number of the world; it is explored later when it is new.
  std::uint32_t Meet(const World& world, std::uint32_t from, Move move) {
    const auto [entry, is_new] = known_.try_emplace(DigestOf(world), static_cast<std::uint32_t>(origins_.size()));
    if (is_new) {
      origins_.push_back({from, move});
      const State state = world.data.closure().state();
      // The owner was told, and forgotten (L2, D12).
      ends_.push_back(IsTerminal(state) && world.data.closure().has_personal_data_erase_time());
      ++result_.per_state[state];
      frontier_.push_back(Pack(world));
    }
    return entry->second;
  }

  void Expand(const std::string& packed) {
    const std::uint32_t number = expanded_++;
    const World world = Unpack(packed);
    fair_from_.push_back(fair_to_.size());
    for (const Move move : MovesOf(world)) {
      World next = world;
      ++result_.transitions;
      if (const Fault fault = Make(next, move); fault.has_value()) return Blame(*fault, number, &move);
      const std::uint32_t to = Meet(next, number, move);
      const State from_state = world.data.closure().state();
      const State to_state = next.data.closure().state();
      const bool begins = from_state == v1::Closure::STATE_UNSPECIFIED || IsTerminal(from_state);
      const bool gone = IsFoundGone(next) && !IsFoundGone(world);
      if (from_state != to_state && !begins) result_.walked.emplace(from_state, to_state, gone);
      if (IsFair(move.kind) && to != number) fair_to_.push_back(to);
    }
  }

  // The path to a world, told again from the beginning.
  void Blame(const std::string& broken, std::uint32_t number, const Move* last) {
    std::vector<Move> moves;
    if (last != nullptr) moves.push_back(*last);
    for (std::uint32_t at = number; at != 0; at = origins_[at].from) moves.push_back(origins_[at].move);
    std::reverse(moves.begin(), moves.end());
    result_.broken = broken;
    World world = Begin(scenario_);
    for (const Move move : moves) {
      std::string words = Describe(world, move);
      // The world stays as it was before a move that breaks something; the fault says where that leads.
      if (!Make(world, move).has_value()) {
        const char* const hold = world.data.closure().has_hold() ? ", on hold" : "";
        words += fmt::format(" -> {}{}", v1::Closure::State_Name(world.data.closure().state()), hold);
      }
      result_.path.push_back(std::move(words));
    }
  }

  // Backwards from the ends: whatever is not met has no fair way to an end.
  void JudgeLiveness() {
    const std::size_t count = origins_.size();
    fair_from_.push_back(fair_to_.size());
    std::vector<std::uint32_t> in_degree(count + 1);
    for (const std::uint32_t to : fair_to_) ++in_degree[to + 1];
    for (std::size_t i = 0; i < count; ++i) in_degree[i + 1] += in_degree[i];
    std::vector<std::uint32_t> sources(fair_to_.size());
    std::vector<std::uint32_t> next(in_degree.begin(), in_degree.end() - 1);
    for (std::uint32_t from = 0; from < count; ++from) {
      for (std::size_t edge = fair_from_[from]; edge < fair_from_[from + 1]; ++edge)
        sources[next[fair_to_[edge]]++] = from;
    }
    std::vector<bool> can_end = ends_;
    std::vector<std::uint32_t> queue;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (ends_[i]) queue.push_back(i);
    }
    while (!queue.empty()) {
      const std::uint32_t at = queue.back();
      queue.pop_back();
      for (std::size_t edge = in_degree[at]; edge < in_degree[at + 1]; ++edge) {
        if (can_end[sources[edge]]) continue;
        can_end[sources[edge]] = true;
        queue.push_back(sources[edge]);
      }
    }
    // The world before the first closure has nothing to end.
    for (std::uint32_t i = 1; i < count; ++i) {
      if (!can_end[i]) return Blame("N8, L1: no fair way leads to an end", i, nullptr);
    }
  }

  const Scenario& scenario_;
  const std::uint64_t states_max_;
  Result result_;
  absl::flat_hash_map<Digest, std::uint32_t> known_;
  std::vector<Origin> origins_;
  std::vector<bool> ends_;
  // In the order of their numbers, and so are those that are expanded.
  std::deque<std::string> frontier_;
  std::uint32_t expanded_ = 0;
  // Fair moves: those of world n are fair_to_[fair_from_[n]] up to fair_to_[fair_from_[n + 1]].
  std::vector<std::size_t> fair_from_;
  std::vector<std::uint32_t> fair_to_;
};

}  // namespace

Result Explore(const Scenario& scenario, std::uint64_t states_max) { return Exploration(scenario, states_max).Run(); }

}  // namespace closure::exploration
