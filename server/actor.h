// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_ACTOR_H_
#define CLOSURE_SERVER_ACTOR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace closure {

// Who makes a call.
struct Actor {
  enum class Kind {
    // The root identity of an account: its owner (R41).
    kRoot,
    // A RAM user, role or session of an account; may do nothing here (R42).
    kRam,
    // Somebody who runs the service.
    kOperator,
    // The service itself.
    kSystem,
  };
  Kind kind = Kind::kSystem;
  // The RAM user's or operator's name; empty for others. An operator's is in lower case, however it was given: one
  // person is one operator (D14 asks for two).
  std::string name;
  // The account of a root or RAM identity; empty for others.
  std::string account_id;

  // "root:ACCOUNT", "ram:NAME@ACCOUNT", "operator:NAME" or "system".
  std::string ToString() const;
  // The same form; "system" cannot be claimed.
  // Errors: UNAUTHENTICATED with IDENTITY_INVALID.
  static absl::StatusOr<Actor> Parse(std::string_view text);
};

// Errors: PERMISSION_DENIED with ACCOUNT_MISMATCH or ROOT_IDENTITY_REQUIRED, without any look-up.
absl::Status RequireRootOf(const Actor& actor, std::string_view account_id);
// As above, but an operator may too (reads).
absl::Status RequireReaderOf(const Actor& actor, std::string_view account_id);
// Errors: PERMISSION_DENIED with OPERATOR_REQUIRED.
absl::Status RequireOperator(const Actor& actor);

}  // namespace closure

#endif  // CLOSURE_SERVER_ACTOR_H_
