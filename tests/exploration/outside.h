// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_OUTSIDE_H_
#define CLOSURE_TESTS_EXPLORATION_OUTSIDE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure.pb.h"
#include "closure/v1/participant_service.pb.h"
#include "server/fan_out.h"

// The world beside the service, as small as the promises need it: what one account has and owes, and the systems that
// act on it. Plain values: copied with every explored state, compared byte by byte.
namespace closure::exploration {

// What the account has and owes. 0 means none; any other number is the version of the facts, so that what comes again
// has other facts than before.
struct Facts {
  // An unpaid bill: to be handled by hand.
  std::uint8_t bill = 0;
  // A small debt: may be renounced, and is then voided by the deletion.
  std::uint8_t debt = 0;
  // A small balance: may be renounced, and is then forfeited in the silent period.
  std::uint8_t balance = 0;
  // A running server: may be released.
  std::uint8_t server = 0;
  // A contact point was changed lately, so that a code is demanded on both channels (D9).
  std::uint8_t contact_changed = 0;

  friend bool operator==(const Facts&, const Facts&) = default;
};

// Who is asked to act.
enum class System : std::uint8_t { kBilling, kAccount, kProduct };
inline constexpr std::size_t kSystemCount = 3;
inline constexpr std::size_t kPhaseCount = v1::ParticipantPhase_ARRAYSIZE;

// One act that was done: the hash of its key, the fence that it was asked with, and the versions of the money that it
// took.
struct Act {
  std::uint64_t key = 0;
  std::int64_t fence = 0;
  std::uint8_t balance = 0;
  std::uint8_t debt = 0;
};

struct Outside {
  Facts facts;
  // No orders, no top-ups.
  bool billing_frozen = false;
  // No changes of contact points.
  bool account_frozen = false;
  // No further bill.
  bool sealed = false;
  // The service-linked role exists.
  bool role = false;
  // The deletion of the account was done, by the service.
  bool deleted = false;
  // The account was deleted by another path (D17).
  bool gone = false;
  // The highest fence that each system has seen.
  std::array<std::int64_t, kSystemCount> fences{};
  // What billing and the account system did last in each phase, by which they know a repetition.
  std::array<std::array<Act, kPhaseCount>, 2> acts{};
  // Under which key (hashed), and by which closure (hashed), the present server was asked to be released; 0 before.
  std::uint64_t release_key = 0;
  std::uint64_t released_by = 0;
  // The version of the present server, or of the last one.
  std::uint8_t server_version = 0;
};

// What a scan reads at one moment.
struct Sight {
  Facts facts;
  bool gone = false;
};

Sight Look(const Outside& outside);

// What the two checkers, billing and resources, make of a sight. `silent` is a set of bits: 1 for billing, 2 for
// resources.
ScanFindings Findings(const Sight& sight, unsigned silent, const std::string& closure_name);

// The fingerprint of an item with the facts of a version.
std::string Fingerprint(v1::ItemKind kind, std::uint8_t version);

// How systems remember a key.
std::uint64_t HashKey(const std::string& idempotency_key);

// A call of the service arrives. Both answer like a correct upstream: a lower fence than one seen is refused, a
// repetition under the same key changes nothing and gets the first answer. `fault` gets what must never happen.
v1::PerformResponse Perform(Outside& outside, const std::string& participant, const v1::PerformRequest& request,
                            std::optional<std::string>& fault);
v1::DiscardResponse Discard(Outside& outside, const v1::DiscardRequest& request, std::optional<std::string>& fault);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_OUTSIDE_H_
