// SPDX-License-Identifier: Apache-2.0
#include "server/actor.h"

#include "absl/strings/ascii.h"
#include "checkers/text.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::size_t kNameMax = 64;

bool IsPersonName(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kAfterFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return name.size() <= kNameMax && name.find_first_of(kLetters) == 0 &&
         name.find_first_not_of(kAfterFirst) == std::string_view::npos;
}

absl::Status Malformed(std::string_view text) {
  return Error(
      v1::IDENTITY_INVALID,
      Concat("identity ", Quoted(text), " is malformed: it is root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME"),
      {{"identity", std::string(text)}});
}

absl::Status Mismatch(const Actor& actor, std::string_view account_id) {
  return Error(v1::ACCOUNT_MISMATCH,
               Concat(actor.ToString(), " may not act on account ", account_id, ": it is another account"),
               {{"actor", actor.ToString()}, {"account", FormatAccountName(account_id)}});
}

absl::Status RootRequired(const Actor& actor, std::string_view account_id) {
  const bool operator_asks = actor.kind == Actor::Kind::kOperator;
  return Error(v1::ROOT_IDENTITY_REQUIRED,
               Concat(actor.ToString(), operator_asks ? " may not drive" : " may neither drive nor see",
                      " the closure of account ", account_id, ": only its root identity root:", account_id, " may",
                      operator_asks ? "; an operator can read, hold and release it"
                                    : "; RAM users, roles and their sessions cannot"),
               {{"actor", actor.ToString()}, {"account", FormatAccountName(account_id)}});
}

}  // namespace

std::string Actor::ToString() const {
  switch (kind) {
    case Kind::kRoot:
      return Concat("root:", account_id);
    case Kind::kRam:
      return Concat("ram:", name, "@", account_id);
    case Kind::kOperator:
      return Concat("operator:", name);
    case Kind::kSystem:
      break;
  }
  return "system";
}

absl::StatusOr<Actor> Actor::Parse(std::string_view text) {
  std::string_view rest = text;
  if (TakePrefix(rest, "root:")) {
    if (!IsValidAccountId(rest)) return Malformed(text);
    return Actor{.kind = Kind::kRoot, .account_id = std::string(rest)};
  }
  if (TakePrefix(rest, "operator:")) {
    if (!IsPersonName(rest)) return Malformed(text);
    return Actor{.kind = Kind::kOperator, .name = absl::AsciiStrToLower(ToAbsl(rest))};
  }
  if (TakePrefix(rest, "ram:")) {
    const std::size_t at = rest.find('@');
    if (at == std::string_view::npos) return Malformed(text);
    const std::string_view name = rest.substr(0, at);
    const std::string_view account_id = rest.substr(at + 1);
    if (!IsPersonName(name) || !IsValidAccountId(account_id)) return Malformed(text);
    return Actor{.kind = Kind::kRam, .name = std::string(name), .account_id = std::string(account_id)};
  }
  return Malformed(text);
}

absl::Status RequireRootOf(const Actor& actor, std::string_view account_id) {
  if (actor.kind == Actor::Kind::kOperator) return RootRequired(actor, account_id);
  if (actor.account_id != account_id) return Mismatch(actor, account_id);
  if (actor.kind != Actor::Kind::kRoot) return RootRequired(actor, account_id);
  return absl::OkStatus();
}

absl::Status RequireReaderOf(const Actor& actor, std::string_view account_id) {
  if (actor.kind == Actor::Kind::kOperator) return absl::OkStatus();
  return RequireRootOf(actor, account_id);
}

absl::Status RequireOperator(const Actor& actor) {
  if (actor.kind == Actor::Kind::kOperator) return absl::OkStatus();
  return Error(v1::OPERATOR_REQUIRED,
               Concat(actor.ToString(), " may not call this: it is for operators (operator:NAME)"),
               {{"actor", actor.ToString()}});
}

}  // namespace closure
