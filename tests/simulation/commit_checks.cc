// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/commit_checks.h"

#include <fmt/format.h>

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;

bool IsAboutAClosure(const Commit& commit) {
  const bool writes = commit.history || !commit.items.empty() || !commit.consents.empty() ||
                      !commit.codes_made.empty() || commit.gate || commit.tombstone || commit.admission;
  return writes || commit.drop_state_tasks || commit.unpark_hold || commit.erase_responses || commit.forget_requests;
}

}  // namespace

ClosureKey KeyOf(const ClosureData& data) { return {.account_id = data.account_id(), .closure_id = data.closure_id()}; }

absl::Status Contradiction(const ClosureKey& key, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("commit of {}: {}", FormatClosureName(key), what));
}

absl::Status CheckCommit(const Commit& commit) {
  if (!commit.closure.has_value()) {
    if (!IsAboutAClosure(commit)) return absl::OkStatus();
    return absl::InvalidArgumentError("commit: it has history, items or the like of a closure, but no closure");
  }
  const ClosureData& next = *commit.closure;
  const ClosureKey key = KeyOf(next);
  const std::string& name = next.closure().name();
  if (key.account_id.empty() || key.closure_id.empty() || name != FormatClosureName(key)) {
    return Contradiction(key, fmt::format("its name is \"{}\"", name));
  }
  if (commit.expected_version < 0 || next.version() != commit.expected_version + 1) {
    return Contradiction(key,
                         fmt::format("version {} does not follow version {}", next.version(), commit.expected_version));
  }
  if (commit.history.has_value() && commit.history->to_state != next.closure().state()) {
    return Contradiction(key, "the history ends in another state than the closure");
  }
  if (!ClosureData().ParseFromString(next.SerializeAsString()))
    return Contradiction(key, "its data does not parse back");
  if (!commit.request.has_value()) return absl::OkStatus();
  const std::string& account_id = commit.request->account_id;
  if (account_id.empty() || account_id == key.account_id) return absl::OkStatus();
  return Contradiction(key, fmt::format("the request id is one of account {}", account_id));
}

absl::Status CheckSuccessor(const ClosureData& stored, int64_t account_fence, const Commit& commit) {
  const ClosureData& next = *commit.closure;
  const ClosureKey key = KeyOf(next);
  if (stored.version() != commit.expected_version) {
    return absl::AbortedError(fmt::format("{} is at version {}, the commit was made for version {}",
                                          FormatClosureName(key), stored.version(), commit.expected_version));
  }
  if (next.fence() < stored.fence()) return Contradiction(key, "its fence falls");
  if (next.closure().state() == stored.closure().state() || next.fence() > account_fence) return absl::OkStatus();
  return Contradiction(
      key, fmt::format("its state changes, and its fence {} does not rise above {}", next.fence(), account_fence));
}

absl::Status CheckHistory(v1::Closure::State before, const Commit& commit) {
  const ClosureData& next = *commit.closure;
  if (!commit.history.has_value()) {
    if (next.closure().state() == before) return absl::OkStatus();
    return Contradiction(KeyOf(next), "its state changes without history");
  }
  if (commit.history->from_state == before) return absl::OkStatus();
  return Contradiction(
      KeyOf(next), fmt::format("its history begins at {}, the closure is at {}",
                               v1::Closure::State_Name(commit.history->from_state), v1::Closure::State_Name(before)));
}

}  // namespace closure::simulation
