// SPDX-License-Identifier: Apache-2.0
#include "server/account_lookup.h"

#include <utility>

#include "checkers/upstream_call.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/strings.h"

namespace closure {

void LookUpAccount(const Upstreams& upstreams, const std::string& account_id, const CallOptions& options,
                   absl::AnyInvocable<void(absl::StatusOr<upstream::v1::Account>) &&> done) {
  upstream::v1::GetAccountRequest request;
  request.set_account_id(account_id);
  CallUpstream<upstream::v1::Account>(
      "account system", request, options,
      [stub = upstreams.account](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->GetAccount(context, asked, answer, std::move(on_done));
      },
      [account_id, done = std::move(done)](absl::StatusOr<upstream::v1::Account> account) mutable {
        if (account.ok() &&
            (account->account_id() != account_id || account->state() == upstream::v1::Account::STATE_UNSPECIFIED)) {
          account = absl::UnavailableError("account system: it answered something else");
        } else if (!account.ok() && !absl::IsNotFound(account.status())) {
          account = absl::UnavailableError(std::string(account.status().message()));
        }
        std::move(done)(std::move(account));
      });
}

absl::Status LookupError(std::string_view account_id, const absl::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string name = FormatAccountName(account_id);
  if (absl::IsNotFound(status)) {
    return Error(v1::ACCOUNT_NOT_FOUND, Concat("the account system does not know ", name), {{"account", name}});
  }
  return Error(v1::ACCOUNT_SYSTEM_UNAVAILABLE,
               Concat("the account system did not tell about ", name, ": ", status.message()), {{"account", name}});
}

}  // namespace closure
