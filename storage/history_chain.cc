// SPDX-License-Identifier: Apache-2.0
#include "storage/history_chain.h"

#include <fmt/format.h>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "protos/sha256.h"

namespace closure {
namespace {

// Comes first in what is hashed, so that no other hash of this service has the same input.
constexpr std::string_view kFormat = "closure.history.v1";
constexpr size_t kHashDigits = 64;

// Each field is its length as eight bytes, the most significant first, and then its bytes. So no two entries have the
// same form.
void AppendField(std::string& bytes, std::string_view field) {
  const uint64_t size = field.size();
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>((size >> shift) & 0xff));
  bytes.append(field);
}

// Seconds since the epoch, a point and nine digits.
std::string CanonicalTime(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  const int64_t nanos = absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds));
  return absl::StrFormat("%d.%09d", seconds, nanos);
}

HistoryEntry EntryOf(const v1::Transition& transition) {
  HistoryEntry entry;
  entry.from_state = transition.from_state();
  entry.to_state = transition.to_state();
  entry.event = transition.event();
  entry.actor = transition.actor();
  entry.detail = transition.detail();
  entry.time =
      absl::FromUnixSeconds(transition.create_time().seconds()) + absl::Nanoseconds(transition.create_time().nanos());
  return entry;
}

absl::Status Broken(int64_t number, std::string_view closure_name, std::string_view what) {
  return absl::DataLossError(fmt::format("history of {}: entry {}: {}", closure_name, number, what));
}

}  // namespace

std::string FirstPreviousHash() { return std::string(kHashDigits, '0'); }

std::string HashEntry(std::string_view previous_hash, const HistoryEntry& entry, int64_t number,
                      std::string_view closure_name) {
  std::string bytes;
  AppendField(bytes, kFormat);
  AppendField(bytes, closure_name);
  AppendField(bytes, fmt::format("{}", number));
  AppendField(bytes, previous_hash);
  AppendField(bytes, v1::Closure::State_Name(entry.from_state));
  AppendField(bytes, entry.event);
  AppendField(bytes, v1::Closure::State_Name(entry.to_state));
  AppendField(bytes, CanonicalTime(entry.time));
  AppendField(bytes, entry.actor);
  AppendField(bytes, entry.detail);
  return Sha256Hex(bytes);
}

absl::Status VerifyChain(const std::vector<v1::Transition>& transitions, std::string_view closure_name) {
  std::string previous_hash = FirstPreviousHash();
  v1::Closure::State state = v1::Closure::STATE_UNSPECIFIED;
  int64_t number = 0;
  for (const v1::Transition& transition : transitions) {
    ++number;
    if (transition.name() != fmt::format("{}/transitions/{}", closure_name, number)) {
      return Broken(number, closure_name,
                    fmt::format("its name is \"{}\", so it is missing, moved or foreign", transition.name()));
    }
    if (transition.previous_hash() != previous_hash) {
      return Broken(number, closure_name, "its previous_hash is not the hash of the entry before");
    }
    if (transition.from_state() != state) {
      return Broken(number, closure_name, "its from_state is not the to_state of the entry before");
    }
    if (transition.hash() != HashEntry(previous_hash, EntryOf(transition), number, closure_name)) {
      return Broken(number, closure_name, "its hash does not fit its content");
    }
    previous_hash = transition.hash();
    state = transition.to_state();
  }
  return absl::OkStatus();
}

}  // namespace closure
