// SPDX-License-Identifier: Apache-2.0
#include "server/start_obstacles.h"

#include <string>
#include <string_view>

#include "checkers/proto_time.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/strings.h"

namespace closure {
namespace {

using upstream::v1::Account;

v1::StartObstacle Obstacle(v1::ErrorReason reason, std::string detail) {
  v1::StartObstacle obstacle;
  obstacle.set_reason(reason);
  obstacle.set_detail(std::move(detail));
  return obstacle;
}

// Which contact point is missing; empty when none is needed that is not there.
std::string_view MissingContact(const Account& account, bool both) {
  const bool email = !account.email().address().empty();
  const bool phone = !account.phone().address().empty();
  if (!email && !phone) return "neither a mail address nor a telephone number";
  if (both && !email) return "no mail address";
  return both && !phone ? "no telephone number" : "";
}

}  // namespace

bool ChangedContactLately(const Account& account, absl::Time now, absl::Duration window) {
  const auto changed = [&](const upstream::v1::ContactPoint& contact) {
    return contact.has_change_time() && now - FromProto(contact.change_time()) < window;
  };
  return changed(account.email()) || changed(account.phone());
}

std::vector<v1::StartObstacle> FindStartObstacles(const Account& account, std::string_view open_closure, absl::Time now,
                                                  absl::Duration contact_change_window) {
  std::vector<v1::StartObstacle> obstacles;
  const std::string name = FormatAccountName(account.account_id());
  if (!open_closure.empty()) {
    obstacles.push_back(Obstacle(v1::CLOSURE_ALREADY_OPEN, Concat(name, " has the open closure ", open_closure,
                                                                  "; go on with it, or cancel it first")));
  }
  if (account.state() != Account::ACTIVE) {
    obstacles.push_back(Obstacle(v1::ACCOUNT_NOT_ACTIVE, Concat(name, " is ", Account::State_Name(account.state()),
                                                                "; only an active account can be closed")));
  }
  const bool both = ChangedContactLately(account, now, contact_change_window);
  if (const std::string_view missing = MissingContact(account, both); !missing.empty()) {
    obstacles.push_back(
        Obstacle(v1::CONTACT_POINT_MISSING,
                 Concat(name, " has ", missing, ", where an identity code could be sent",
                        both ? "; a contact point changed lately, so a code is demanded on both channels" : "",
                        "; add it in the account center")));
  }
  return obstacles;
}

absl::Status AccountClosed(std::string_view account_id) {
  const std::string name = FormatAccountName(account_id);
  return Error(v1::ACCOUNT_CLOSED, Concat(name, " was closed for good"), {{"account", name}});
}

}  // namespace closure
