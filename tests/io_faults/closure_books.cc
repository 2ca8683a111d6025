// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/closure_books.h"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <set>

#include "fmt/format.h"
#include "protos/money.h"
#include "server/machine.h"
#include "storage/history_chain.h"
#include "tests/simulation/judge_acts.h"
#include "tests/support/listed_move.h"
#include "tests/support/sound_closure.h"

namespace closure {
namespace {

using simulation::MethodOf;
using Counts = std::map<std::string, int>;

// How often an act is done, each time under a key of its own. A freeze that was given up may or may not have reached
// the cloud, so its count is a range.
struct Often {
  int least = 1;
  int most = 1;
};
using Books = std::map<std::string, Often>;

void Add(Books& books, const std::set<std::string>& methods, const Often& often) {
  for (const std::string& method : methods) books.emplace(method, often);
}

// What is done to an account that is deleted for good, and to no other.
const std::set<std::string> kOfDeletion = {"VoidDebt", "PurgeData", "UnbindThirdParties", "DeleteAccount",
                                           "Perform DELETE"};

// As BOOKS of tests/support/books.py, for this way.
Books BooksOf(State end, const Way& way) {
  const int thaws = way.thaws + (end == v1::Closure::ABORTED ? 1 : 0);
  Books books = {{"SendMail", {2, 2 + way.more_codes}}};
  Add(books, {"ReleaseResource", "SendText"}, {});
  Add(books, {"FreezeAccount", "FreezeBilling", "FreezeResources", "Perform FREEZE"},
      {way.freezings, way.confirmations});
  if (thaws > 0) Add(books, {"ThawAccount", "ThawBilling", "ThawResources"}, {thaws, thaws});
  if (way.thaws > 0) Add(books, {"Perform THAW"}, {way.thaws, way.thaws});
  if (end != v1::Closure::CANCELLED) {
    Add(books,
        {"ForfeitBalance", "TerminateSessions", "CreateServiceLinkedRole", "SealBilling", "DeleteServiceLinkedRole"},
        {});
  }
  if (end == v1::Closure::CLOSED) Add(books, kOfDeletion, {});
  if (end == v1::Closure::ABORTED) Add(books, {"UnsealBilling", "Perform RESTORE"}, {});
  return books;
}

std::string InWords(const Counts& counts) {
  std::string words;
  for (const auto& [name, count] : counts) words += fmt::format(" {} {}", name, count);
  return words;
}

// The method; of the archive, which has one for all, with its phase, which is in its key.
std::string WorkOf(const sandbox::v1::SandboxAct& act) {
  const std::string method = MethodOf(act);
  if (method != "Perform") return method;
  for (const char* const phase : {"FREEZE", "THAW", "DELETE", "RESTORE"}) {
    if (act.idempotency_key().find(fmt::format("/{}/", phase)) != std::string::npos)
      return fmt::format("{} {}", method, phase);
  }
  return method;
}

// How many acts of each kind were done, each under one key.
Counts Done(const sandbox::v1::ShowAccountResponse& shown) {
  std::map<std::string, std::set<std::string>> keys;
  for (const sandbox::v1::SandboxAct& act : shown.acts()) {
    if (simulation::IsDone(act)) keys[WorkOf(act)].insert(act.idempotency_key());
  }
  Counts counts;
  for (const auto& [method, used] : keys) counts[method] = static_cast<int>(used.size());
  return counts;
}

std::string JudgeMoney(const sandbox::v1::SandboxAct& act) {
  const std::map<std::string, std::string> expected = {{"ForfeitBalance", "20.00 USD"}, {"VoidDebt", "5.00 USD"}};
  const auto found = expected.find(MethodOf(act));
  if (found == expected.end() || FormatMoney(act.amount()) == found->second) return "";
  return fmt::format("{} was done with {}, renounced were {}", found->first, FormatMoney(act.amount()), found->second);
}

int CountEntriesTo(const v1::ClosureRecord& record, State state) {
  const auto& all = record.transitions();
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const v1::Transition& entry) {
    return entry.to_state() == state && entry.from_state() != state;
  }));
}

std::string HistoryInWords(const v1::ClosureRecord& record) {
  std::string words;
  for (const v1::Transition& entry : record.transitions())
    words += fmt::format(" {}({})", v1::Closure::State_Name(entry.to_state()), entry.event());
  return words;
}

}  // namespace

std::string JudgeHistory(const v1::ClosureRecord& record, State end) {
  const std::vector<v1::Transition> history(record.transitions().begin(), record.transitions().end());
  if (record.closure().state() != end)
    return fmt::format("the end is {}, expected {}:{}", v1::Closure::State_Name(record.closure().state()),
                       v1::Closure::State_Name(end), HistoryInWords(record));
  if (const absl::Status chain = VerifyChain(history, record.closure().name()); !chain.ok())
    return std::string(chain.message());
  if (history.empty() || history.back().to_state() != end) return "the history does not lead to the end";
  for (const v1::Transition& entry : history) {
    if (entry.from_state() == entry.to_state()) continue;
    if (std::string fault = FaultOfDirection(entry.from_state(), entry.to_state()); !fault.empty()) return fault;
    if (!IsListed(entry)) return fmt::format("a move that the table does not list: {}", entry.ShortDebugString());
  }
  return "";
}

std::string JudgeTold(const v1::ClosureRecord& record, const std::vector<Told>& told) {
  auto at = record.transitions().begin();
  State last = v1::Closure::STATE_UNSPECIFIED;
  for (const Told& each : told) {
    if (each.state == last) continue;
    last = each.state;
    at = std::find_if(at, record.transitions().end(),
                      [&](const v1::Transition& entry) { return entry.to_state() == each.state; });
    if (at == record.transitions().end())
      return fmt::format("{} was told and is not in the history:{}", v1::Closure::State_Name(each.state),
                         HistoryInWords(record));
    ++at;
  }
  if (!told.empty() && record.closure().revision() < told.back().revision)
    return fmt::format("revision {} was told, and is {} now", told.back().revision, record.closure().revision());
  return "";
}

Way WayOf(const v1::ClosureRecord& record) {
  const auto& all = record.transitions();
  const auto frozen =
      std::count_if(all.begin(), all.end(), [](const auto& entry) { return entry.event() == "frozen"; });
  return {.confirmations = CountEntriesTo(record, v1::Closure::CONFIRMING),
          .freezings = static_cast<int>(frozen),
          .thaws = CountEntriesTo(record, v1::Closure::THAWING)};
}

std::string JudgeActs(const sandbox::v1::ShowAccountResponse& shown, State end, const Way& way) {
  if (shown.deleted() != (end == v1::Closure::CLOSED))
    return fmt::format("the account is deleted: {}", shown.deleted());
  for (const sandbox::v1::SandboxAct& act : shown.acts()) {
    if (std::string money = JudgeMoney(act); !money.empty()) return money;
  }
  const int least_thaws = end == v1::Closure::CANCELLED ? 1 : 0;
  if (way.confirmations < 1 || way.thaws < least_thaws)
    return fmt::format("the account was frozen {} times and thawed {} times", way.confirmations, way.thaws);
  const Counts done = Done(shown);
  Counts left = done;
  for (const auto& [method, often] : BooksOf(end, way)) {
    if (left[method] < often.least || left[method] > often.most)
      return fmt::format("{} was done under {} keys, expected {} to {}; all acts:{}", method, left[method], often.least,
                         often.most, InWords(done));
    left.erase(method);
  }
  return left.empty() ? "" : fmt::format("acts that nobody asked for:{}", InWords(left));
}

std::string JudgeActsSoFar(const sandbox::v1::ShowAccountResponse& shown, bool may_be_deleted) {
  // Once in each confirmation, and a code is sent anew where one is asked for again.
  const std::set<std::string> repeated = {"FreezeAccount", "FreezeBilling", "FreezeResources", "Perform FREEZE",
                                          "ThawAccount",   "ThawBilling",   "ThawResources",   "Perform THAW",
                                          "SendMail",      "SendText"};
  for (const sandbox::v1::SandboxAct& act : shown.acts()) {
    if (std::string money = JudgeMoney(act); !money.empty()) return money;
  }
  const Counts done = Done(shown);
  for (const auto& [method, count] : done) {
    if (count > 1 && !repeated.contains(method)) return fmt::format("{} was done under {} keys", method, count);
    if (kOfDeletion.contains(method) && !may_be_deleted)
      return fmt::format("{} was done before the silent period was over; all acts:{}", method, InWords(done));
  }
  return shown.deleted() && !may_be_deleted ? "the account is deleted before its silent period was over" : "";
}

std::string JudgeNotices(const sandbox::v1::ListInboxResponse& inbox) {
  Counts channels;
  for (const sandbox::v1::InboxMessage& message : inbox.messages()) {
    if (message.idempotency_key().find("/notice/") != std::string::npos) ++channels[message.channel()];
  }
  if (channels == Counts{{"email", 1}, {"sms", 1}}) return "";
  return fmt::format("notices of the result:{}", InWords(channels));
}

std::string JudgeFile(const std::string& path) {
  sqlite3* database = nullptr;
  std::string found;
  const auto append = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) += fmt::format("{}; ", values[0] == nullptr ? "" : values[0]);
    return 0;
  };
  int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
  for (const char* pragma : {"PRAGMA integrity_check", "PRAGMA foreign_key_check"}) {
    if (code == SQLITE_OK) code = sqlite3_exec(database, pragma, append, &found, nullptr);
  }
  const std::string error = code == SQLITE_OK ? "" : sqlite3_errmsg(database);
  sqlite3_close(database);
  return error.empty() && found == "ok; " ? "" : fmt::format("the database: {}{}", found, error);
}

}  // namespace closure
