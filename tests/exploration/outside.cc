// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/outside.h"

#include <functional>

#include "fmt/format.h"

namespace closure::exploration {
namespace {

constexpr int kRenounceableUnits = 5;
constexpr int kBillUnits = 50;

v1::BlockingItem Item(const std::string& closure_name, const char* id, const char* checker, v1::ItemKind kind,
                      v1::Disposition disposition, int units, std::uint8_t version) {
  v1::BlockingItem item;
  item.set_name(fmt::format("{}/blockingItems/{}", closure_name, id));
  item.set_checker(checker);
  item.set_kind(kind);
  item.set_disposition(disposition);
  item.set_fingerprint(Fingerprint(kind, version));
  item.set_native_id(id);
  item.set_native_state(item.fingerprint());
  item.set_resolution(v1::BlockingItem::OPEN);
  if (units > 0) {
    item.mutable_amount()->set_currency_code("USD");
    item.mutable_amount()->set_units(units);
  }
  return item;
}

// Whether the fence is high enough; remembers it then.
bool Admits(Outside& outside, System system, std::int64_t fence) {
  std::int64_t& seen = outside.fences[static_cast<std::size_t>(system)];
  if (fence < seen) return false;
  seen = fence;
  return true;
}

// Forfeits or voids what was renounced with exactly these facts.
void Execute(Outside& outside, const v1::PerformRequest& request, Act& act) {
  for (const v1::Renunciation& renunciation : request.renunciations()) {
    const bool is_balance = renunciation.kind() == v1::BALANCE;
    std::uint8_t& there = is_balance ? outside.facts.balance : outside.facts.debt;
    if (there == 0 || Fingerprint(renunciation.kind(), there) != renunciation.fingerprint()) continue;
    (is_balance ? act.balance : act.debt) = there;
    there = 0;
  }
}

v1::PerformResponse AnswerOf(const v1::PerformRequest& request, const Act& act) {
  v1::PerformResponse response;
  if (act.balance != 0) response.add_executed_fingerprints(Fingerprint(v1::BALANCE, act.balance));
  if (act.debt != 0) response.add_executed_fingerprints(Fingerprint(v1::DEBT, act.debt));
  const bool moved = response.executed_fingerprints_size() < request.renunciations_size();
  response.set_outcome(moved ? v1::PerformResponse::FACTS_MOVED : v1::PerformResponse::DONE);
  return response;
}

void PerformBilling(Outside& outside, const v1::PerformRequest& request, Act& act) {
  switch (request.phase()) {
    case v1::FREEZE:
      outside.billing_frozen = true;
      break;
    case v1::THAW:
      outside.billing_frozen = false;
      break;
    case v1::ENTER_SILENT_PERIOD:
    case v1::DELETE:
      Execute(outside, request, act);
      break;
    case v1::SEAL:
      outside.sealed = true;
      break;
    default:
      outside.sealed = outside.billing_frozen = false;
  }
}

void PerformAccount(Outside& outside, const v1::PerformRequest& request, std::optional<std::string>& fault) {
  switch (request.phase()) {
    case v1::FREEZE:
      outside.account_frozen = true;
      break;
    case v1::ENTER_SILENT_PERIOD:
      outside.role = true;
      break;
    case v1::DELETE:
      if (!outside.billing_frozen || !outside.sealed)
        fault = "S9: an account was deleted that is not frozen and sealed";
      outside.role = false;
      outside.deleted = true;
      break;
    default:
      outside.account_frozen = outside.role = false;
  }
}

}  // namespace

Sight Look(const Outside& outside) { return {outside.facts, outside.gone}; }

std::uint64_t HashKey(const std::string& idempotency_key) { return std::hash<std::string>{}(idempotency_key); }

std::string Fingerprint(v1::ItemKind kind, std::uint8_t version) {
  return fmt::format("{}-{}", v1::ItemKind_Name(kind), version);
}

ScanFindings Findings(const Sight& sight, unsigned silent, const std::string& closure_name) {
  ScanFindings findings;
  const char* const names[] = {"billing", "resources"};
  for (unsigned index = 0; index < 2; ++index) {
    v1::CheckerResult& checker = findings.checkers.emplace_back();
    checker.set_checker(names[index]);
    checker.set_required(true);
    const bool answers = (silent & (1U << index)) == 0;
    checker.set_status(answers ? v1::CheckerResult::ANSWERED : v1::CheckerResult::UNANSWERED);
    findings.required_unanswered = findings.required_unanswered || !answers;
  }
  const auto add = [&](std::uint8_t version, const char* id, unsigned checker, v1::ItemKind kind,
                       v1::Disposition disposition, int units) {
    if (version == 0 || (silent & (1U << checker)) != 0) return;
    findings.items.push_back(Item(closure_name, id, names[checker], kind, disposition, units, version));
  };
  add(sight.facts.balance, "balance", 0, v1::BALANCE, v1::RENOUNCEABLE, kRenounceableUnits);
  add(sight.facts.bill, "bill", 0, v1::UNPAID_BILL, v1::MUST_HANDLE, kBillUnits);
  add(sight.facts.debt, "debt", 0, v1::DEBT, v1::RENOUNCEABLE, kRenounceableUnits);
  add(sight.facts.server, "server", 1, v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE, 0);
  return findings;
}

v1::PerformResponse Perform(Outside& outside, const std::string& participant, const v1::PerformRequest& request,
                            std::optional<std::string>& fault) {
  const System system = participant == "billing" ? System::kBilling : System::kAccount;
  v1::PerformResponse response;
  response.set_outcome(v1::PerformResponse::FENCED);
  if (!Admits(outside, system, request.fence())) return response;
  response.set_outcome(v1::PerformResponse::ACCOUNT_DELETED);
  if (outside.gone) return response;
  Act& act = outside.acts[static_cast<std::size_t>(system)][request.phase()];
  const std::uint64_t key = HashKey(request.idempotency_key());
  if (act.key == key) return AnswerOf(request, act);
  // Within one state a participant is asked once for each phase, however often that fails.
  if (act.fence == request.fence()) fault = "N6: one act was asked for under two keys";
  act = {.key = key, .fence = request.fence()};
  if (system == System::kBilling) {
    PerformBilling(outside, request, act);
  } else {
    PerformAccount(outside, request, fault);
  }
  return AnswerOf(request, act);
}

v1::DiscardResponse Discard(Outside& outside, const v1::DiscardRequest& request, std::optional<std::string>& fault) {
  v1::DiscardResponse response;
  response.set_outcome(v1::DiscardResponse::FENCED);
  if (!Admits(outside, System::kProduct, request.fence())) return response;
  const std::uint64_t key = HashKey(request.idempotency_key());
  response.set_outcome(v1::DiscardResponse::RELEASED);
  if (outside.facts.server == 0 && outside.release_key == key) return response;
  response.set_outcome(v1::DiscardResponse::FACTS_MOVED);
  if (request.expected().native_state() != Fingerprint(v1::PAY_AS_YOU_GO_RESOURCE, outside.server_version))
    return response;
  // Another closure of the account is another wish.
  const std::uint64_t closure = HashKey(request.closure());
  if (outside.release_key != 0 && outside.release_key != key && outside.released_by == closure)
    fault = "N6: one release was asked for under two keys";
  outside.release_key = key;
  outside.released_by = closure;
  if (outside.facts.server == 0) return response;
  outside.facts.server = 0;
  response.set_outcome(v1::DiscardResponse::RELEASED);
  return response;
}

}  // namespace closure::exploration
