// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_START_OBSTACLES_H_
#define CLOSURE_SERVER_START_OBSTACLES_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/account_service.pb.h"
#include "closure/v1/closure_service.pb.h"

// What keeps a closure from being started. Every function is pure and can be called from any thread.
namespace closure {

// Whether a contact point changed within `window` before `now`; a code is then demanded on both channels (D9).
bool ChangedContactLately(const upstream::v1::Account& account, absl::Time now, absl::Duration window);

// Why a closure of this account could not be started, over whichever channel: one is open already (`open_closure`, its
// name or empty), the account is not in good standing, or no code could be sent as D9 demands (on both channels when a
// contact point changed within `contact_change_window` before `now`, on one of them else). Empty when it could.
// CreateClosure refuses with the same reasons, and while the server's clocks disagree it takes every change of a
// contact point for a late one.
std::vector<v1::StartObstacle> FindStartObstacles(const upstream::v1::Account& account, std::string_view open_closure,
                                                  absl::Time now, absl::Duration contact_change_window);

// FAILED_PRECONDITION with ACCOUNT_CLOSED: the account is gone for good, by a closure or by another path.
absl::Status AccountClosed(std::string_view account_id);

}  // namespace closure

#endif  // CLOSURE_SERVER_START_OBSTACLES_H_
