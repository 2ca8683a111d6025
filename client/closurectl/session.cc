// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/session.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/argument_check.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

constexpr absl::Duration kTimeoutDefault = absl::Seconds(30);

// NO_COLOR and TERM=dumb are the customs that clig.dev names; the flag beats them.
bool UseColor(const GlobalOptions& options, const Environment& environment, bool is_tty) {
  if (options.color != "auto") return options.color == "always";
  const bool no_color = !environment.variable("NO_COLOR").value_or("").empty();
  return is_tty && !no_color && environment.variable("TERM").value_or("") != "dumb";
}

// 80 where a terminal does not tell how wide it is.
size_t Columns(const Environment& environment, bool is_tty) {
  constexpr size_t kColumnsDefault = 80;
  if (!is_tty) return 0;
  return environment.columns > 0 ? environment.columns : kColumnsDefault;
}

ClientOptions ToClientOptions(const GlobalOptions& options) {
  return {.server = options.server,
          .actor = options.actor,
          .tls = options.tls,
          .timeout = options.timeout.value_or(kTimeoutDefault)};
}

}  // namespace

Session::Session(GlobalOptions options, Environment& environment)
    : options_(std::move(options)),
      environment_(environment),
      printer_(
          environment.out, environment.err, options_.format,
          Style{UseColor(options_, environment, environment.out_is_tty), Columns(environment, environment.out_is_tty)},
          Style{UseColor(options_, environment, environment.err_is_tty), Columns(environment, environment.err_is_tty)}),
      client_(ToClientOptions(options_)) {}

absl::Status Session::SettleActor(const std::string& fallback) {
  if (!client_.options().actor.empty()) return absl::OkStatus();
  if (!IsLocalServer(options_.server)) {
    return ErrorWithReason(
        absl::StatusCode::kInvalidArgument,
        absl::StrCat("the server ", options_.server, " is not on this machine, so the acting identity has to be named"),
        "ACTOR_REQUIRED");
  }
  client_.set_actor(fallback);
  return absl::OkStatus();
}

void Session::set_resume_command(std::string command) {
  resume_command_ = std::move(command);
  // In JSON nothing but errors and questions goes to the message stream.
  const bool told = printer_.table() || interactive();
  if (told && environment_.on_resume_command) environment_.on_resume_command(resume_command_);
}

Role Session::role() const {
  return absl::StartsWith(client_.options().actor, "operator:") ? Role::kOperator : Role::kOwner;
}

absl::StatusOr<std::string> Session::UseAccount(absl::string_view typed) {
  if (absl::Status checked = CheckAccount(typed); !checked.ok()) return checked;
  return UseAccountOf(typed);
}

absl::StatusOr<std::string> Session::UseAccountOf(absl::string_view typed) {
  const std::string id = AccountId(typed);
  if (subject_.empty()) subject_ = id;
  if (absl::Status settled = SettleActor(absl::StrCat("root:", id)); !settled.ok()) return settled;
  return AccountName(typed);
}

absl::StatusOr<std::string> Session::UseClosure(absl::string_view typed) {
  if (absl::Status checked = CheckClosure(typed); !checked.ok()) return checked;
  subject_ = std::string(typed);
  const absl::StatusOr<std::string> account = UseAccountOf(typed);
  if (!account.ok()) return account.status();
  if (IsClosureName(typed)) return std::string(typed);
  v1::ListClosuresRequest request;
  request.set_parent(*account);
  const absl::StatusOr<v1::ListClosuresResponse> page = client_.ListClosures(request);
  if (!page.ok()) return page.status();
  if (page->closures().empty()) {
    return ErrorWithReason(absl::StatusCode::kNotFound,
                           absl::StrCat("the account ", AccountId(typed), " has no closure"), "NO_CLOSURE");
  }
  const v1::Closure* chosen = &page->closures(0);  // the newest
  for (const v1::Closure& closure : page->closures()) {
    if (!IsTerminal(closure.state())) chosen = &closure;
  }
  subject_ = chosen->name();
  return chosen->name();
}

absl::Status Session::RequireOperator() {
  if (!client_.options().actor.empty()) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kInvalidArgument,
                         "this command is for operators and needs the identity of one", "ACTOR_REQUIRED",
                         {{"next", "Add --as operator:NAME with your own name, or set CLOSURE_AS."}});
}

absl::Status Session::UseAnyReader() { return SettleActor("operator:closurectl"); }

bool Session::HasSandboxAccount(const std::string& account_id) {
  sandbox::v1::ShowAccountRequest request;
  request.set_account_id(account_id);
  return client_.ShowAccount(request).ok();
}

absl::Status Session::Follow(const std::string& closure, absl::Duration limit,
                             const std::function<bool(const v1::Closure&)>& on_change) {
  ClosureFollower::Options options;
  options.limit = limit;
  options.unreachable_max = client_.options().timeout;
  options.pause = environment_.pause;
  options.elapsed = environment_.elapsed;
  options.on_disconnect = [this](const absl::Status& error, int64_t revision) {
    printer_.Note(absl::StrCat("The connection was lost (", EscapeLine(error.message()), "); going on after revision ",
                               revision, "."));
  };
  const absl::Status followed =
      ClosureFollower(client_, std::move(options)).Follow(closure, [this, &on_change](const v1::Closure& changed) {
        return on_change(changed) && printer_.written().ok();
      });
  return followed.ok() ? printer_.written() : followed;
}

absl::StatusOr<v1::Closure> Session::GetClosure(const std::string& name) {
  v1::GetClosureRequest request;
  request.set_name(name);
  return client_.GetClosure(request);
}

absl::StatusOr<std::optional<v1::Closure>> Session::FindOpenClosure(const std::string& account) {
  v1::ListClosuresRequest request;
  request.set_parent(account);
  const absl::StatusOr<v1::ListClosuresResponse> page = client_.ListClosures(request);
  if (!page.ok()) return page.status();
  for (const v1::Closure& closure : page->closures()) {
    if (!IsTerminal(closure.state())) return closure;
  }
  return std::nullopt;
}

absl::StatusOr<v1::ListBlockingItemsResponse> Session::ListItems(v1::ListBlockingItemsRequest request) {
  constexpr int kPageSize = 1000;
  request.set_page_size(kPageSize);
  v1::ListBlockingItemsResponse all;
  const absl::Status read = ReadPages<v1::ListBlockingItemsRequest, v1::ListBlockingItemsResponse>(
      std::move(request), [this](const v1::ListBlockingItemsRequest& page) { return client_.ListBlockingItems(page); },
      [&all](const v1::ListBlockingItemsResponse& page) {
        all.mutable_items()->MergeFrom(page.items());
        all.set_new_count(page.new_count());
        all.set_changed_count(page.changed_count());
        all.set_gone_count(page.gone_count());
      });
  if (!read.ok()) return read;
  return all;
}

bool IsTerminal(v1::Closure::State state) {
  switch (state) {
    case v1::Closure::CLOSED:
    case v1::Closure::ABORTED:
    case v1::Closure::CANCELLED:
    case v1::Closure::EXPIRED:
      return true;
    default:
      return false;  // a state that this client does not know may still move
  }
}

bool IsBeforeConfirm(v1::Closure::State state) {
  switch (state) {
    case v1::Closure::IDENTITY_PENDING:
    case v1::Closure::AGREEMENT_PENDING:
    case v1::Closure::CHECKING:
    case v1::Closure::BLOCKED:
    case v1::Closure::DISCARDING:
    case v1::Closure::READY:
    case v1::Closure::THAWING:
      return true;
    default:
      return false;
  }
}

}  // namespace closure
