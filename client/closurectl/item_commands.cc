// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/item_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/prompt.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/state_check.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"
#include "protos/suggestion.h"

namespace closure {
namespace {

using Items = google::protobuf::RepeatedPtrField<v1::BlockingItem>;

constexpr int kSelectionsMax = 1000;

struct ItemsArguments {
  std::string closure;
  std::string disposition;
  std::string checker;
  bool all = false;
};

bool IsOpen(const v1::BlockingItem& item) {
  return item.resolution() == v1::BlockingItem::OPEN || item.resolution() == v1::BlockingItem::RELEASE_FAILED ||
         item.resolution() == v1::BlockingItem::OUTCOME_UNKNOWN;
}

bool CanDiscard(const v1::BlockingItem& item) { return item.disposition() == v1::RENOUNCEABLE && IsOpen(item); }

// A checker that is named has to be one of the scan, or an empty list would read as "nothing in the way".
absl::Status CheckChecker(const v1::Closure& closure, const std::string& named) {
  std::vector<std::string> known;
  for (const v1::CheckerResult& checker : closure.scan().checkers()) known.push_back(checker.checker());
  if (named.empty() || known.empty() || std::find(known.begin(), known.end(), named) != known.end()) {
    return absl::OkStatus();
  }
  const std::string nearest = NearestWord(absl::AsciiStrToLower(named), known);
  return UsageError(absl::StrCat("the scan has no checker \"", EscapeLine(named), "\"; ",
                                 nearest.empty() ? "" : absl::StrCat("did you mean ", EscapeLine(nearest), "? "),
                                 "its checkers are ", EscapeLine(absl::StrJoin(known, ", "))));
}

// The next steps for one who sees the items already.
std::string StepsBelowItems(const Session& session, const v1::Closure& closure) {
  std::vector<NextStep> steps = NextSteps(closure, session.options().command, session.role());
  for (NextStep& step : steps) {
    if (absl::StartsWith(step.command, absl::StrCat(session.options().command, " items "))) step.command.clear();
  }
  return StepsText(steps);
}

// How many items there are, and what moved since the scan before, where there was one.
std::string CountLine(const v1::Closure& closure, const v1::ListBlockingItemsResponse& response) {
  if (!closure.has_scan()) return "Not scanned yet: what stands in the way is not known.";
  const std::string count = absl::StrCat(response.items_size(), " item(s)");
  const bool first = closure.scan().number() <= 1;
  if (!closure.scan().has_end_time())
    return absl::StrCat(count, first ? " so far; the first" : "; another", " scan is running.");
  if (first) return absl::StrCat(count, ", by the first scan.");
  return absl::StrCat(count, ". Since the scan before: ", response.new_count(), " new, ", response.changed_count(),
                      " changed, ", response.gone_count(), " gone.");
}

absl::StatusOr<ExitCode> ShowItems(Session& session, const ItemsArguments& arguments) {
  v1::ListBlockingItemsRequest request;
  if (!arguments.disposition.empty()) {
    const absl::StatusOr<v1::Disposition> disposition =
        ParseEnum<v1::Disposition>(arguments.disposition, "disposition");
    if (!disposition.ok()) return UsageError(disposition.status().message());
    request.set_disposition(*disposition);
  }
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.closure);
  if (!name.ok()) return name.status();
  request.set_parent(*name);
  request.set_checker(arguments.checker);
  request.set_show_resolved(arguments.all);
  const absl::StatusOr<v1::ListBlockingItemsResponse> response = session.ListItems(request);
  if (!response.ok()) return response.status();
  // What can be done depends on where the closure stands, not on its items alone.
  const absl::StatusOr<v1::Closure> closure = session.GetClosure(*name);
  if (!closure.ok()) return closure.status();
  if (response->items().empty()) {
    if (absl::Status checker = CheckChecker(*closure, arguments.checker); !checker.ok()) return checker;
  }
  Printer& printer = session.printer();
  if (!printer.table()) {
    printer.JsonList(*response);
    return ExitCode::kOk;
  }
  printer.Data(ItemTableText(response->items(), printer.style()));
  if (!response->items().empty()) printer.Data(absl::StrCat("\n", ItemDetailText(response->items(), printer.style())));
  printer.Note(CountLine(*closure, *response));
  for (const v1::CheckerResult& checker : closure->scan().checkers()) {
    const bool is_silent =
        checker.status() == v1::CheckerResult::SKIPPED || checker.status() == v1::CheckerResult::UNANSWERED;
    if (is_silent && checker.checker() == arguments.checker) printer.Note(CheckerLine(checker));
  }
  const bool can_start_anew = IsTerminal(closure->state()) && closure->state() != v1::Closure::CLOSED;
  if (can_start_anew && !response->items().empty())
    printer.Note("The closure has ended: what is left is handled before another one, not rechecked in this one.");
  printer.Note(absl::StrCat("Next: ", StepsBelowItems(session, *closure)));
  return ExitCode::kOk;
}

// What the server would refuse is refused before the risk is shown.
absl::Status CheckDiscardable(const v1::BlockingItem& item) {
  const std::string id = LastSegment(item.name());
  if (item.disposition() != v1::RENOUNCEABLE) {
    return ErrorWithReason(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat(id, " cannot be discarded, it has to be handled by hand: ", item.instructions()),
        "ITEM_NOT_RENOUNCEABLE", {{"item", item.name()}});
  }
  if (IsOpen(item)) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(id, " is not open any more: it is ", EnumText(item.resolution())),
                         "ITEM_NOT_OPEN", {{"item", item.name()}});
}

absl::StatusOr<Items> SelectNamed(const std::string& closure, const std::vector<std::string>& typed,
                                  const Items& listed) {
  Items selected;
  for (const std::string& word : typed) {
    const std::string name = ItemName(closure, word);
    const auto found = std::find_if(listed.begin(), listed.end(),
                                    [&name](const v1::BlockingItem& item) { return item.name() == name; });
    if (found == listed.end()) {
      return ErrorWithReason(absl::StatusCode::kNotFound, absl::StrCat("the closure ", closure, " has no item ", word),
                             "ITEM_NOT_FOUND", {{"item", word}});
    }
    if (absl::Status discardable = CheckDiscardable(*found); !discardable.ok()) return discardable;
    const bool twice = std::any_of(selected.begin(), selected.end(),
                                   [&name](const v1::BlockingItem& item) { return item.name() == name; });
    if (!twice) *selected.Add() = *found;
  }
  return selected;
}

absl::StatusOr<Items> Select(const std::string& closure, const DiscardChoices& choices, const Items& listed) {
  if (!choices.all) return SelectNamed(closure, choices.items, listed);
  Items selected;
  for (const v1::BlockingItem& item : listed) {
    if (CanDiscard(item)) *selected.Add() = item;
  }
  if (selected.empty()) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                           absl::StrCat("the closure ", closure, " has no renounceable item that is open"),
                           "NOTHING_TO_DISCARD");
  }
  return selected;
}

// The server binds the whole risk prompt, also where only a part of what it lists is discarded.
std::string CoverageText(const v1::Closure& closure, int selected) {
  const int all = closure.item_counts().renounceable();
  if (selected >= all) return "";
  return absl::StrCat("Discarded now: the ", selected, " item(s) above. The text below names all ", all,
                      " that could be discarded, and is acknowledged as a whole.\n");
}

// Shows what is discarded, unless that was shown already, and has the risk acknowledged.
absl::Status AskDiscard(Session& session, const v1::Closure& closure, const Items& selected,
                        const DiscardChoices& choices) {
  const Style& style = session.printer().err_style();
  if (!choices.shown) SayRisk(session, ItemTableText(selected, style) + "\n");
  const std::string risk =
      absl::StrCat(CoverageText(closure, selected.size()), EscapeText(closure.risk_prompt().text()), "\n");
  return AcknowledgeRisk(session, risk, choices.acknowledge_risk,
                         {"This cannot be undone. Type \"yes\" to discard:", "yes", "--acknowledge-risk"});
}

struct DiscardArguments {
  std::string closure;
  DiscardChoices choices;
};

absl::StatusOr<ExitCode> DiscardCommand(Session& session, const DiscardArguments& arguments) {
  const DiscardChoices& choices = arguments.choices;
  if (choices.all == !choices.items.empty()) return UsageError("give either --all or the items to discard");
  const absl::StatusOr<std::string> name = session.UseClosure(arguments.closure);
  if (!name.ok()) return name.status();
  const absl::StatusOr<v1::Closure> closure = Discard(session, *name, choices);
  if (!closure.ok()) return closure.status();
  PrintChanged(session, *closure, "Discarding; a scan follows by itself.");
  return ExitCode::kOk;
}

}  // namespace

absl::StatusOr<v1::Closure> Discard(Session& session, const std::string& closure, const DiscardChoices& choices) {
  const absl::StatusOr<v1::Closure> present = session.GetClosure(closure);
  if (!present.ok()) return present.status();
  const absl::Status allowed = CheckAllowed(session, *present, v1::Closure::DISCARD_ITEMS, "nothing can be discarded");
  // In READY there is simply nothing left, which Select says.
  if (!allowed.ok() && present->state() != v1::Closure::READY) return allowed;
  v1::ListBlockingItemsRequest list;
  list.set_parent(closure);
  const absl::StatusOr<v1::ListBlockingItemsResponse> listed = session.ListItems(list);
  if (!listed.ok()) return listed.status();
  absl::StatusOr<Items> selected = Select(closure, choices, listed->items());
  if (!selected.ok()) return selected.status();
  if (!allowed.ok()) return allowed;
  if (absl::Status held = CheckNotHeld(*present, "nothing can be discarded"); !held.ok()) return held;
  if (selected->size() > kSelectionsMax) {
    session.printer().Note(absl::StrCat(selected->size(), " items are selected, ", kSelectionsMax,
                                        " can be discarded at a time; ",
                                        choices.shown ? "the rest follows." : "run this again for the rest."));
    selected->DeleteSubrange(kSelectionsMax, selected->size() - kSelectionsMax);
  }
  if (absl::Status asked = AskDiscard(session, *present, *selected, choices); !asked.ok()) return asked;
  v1::DiscardItemsRequest request;
  request.set_name(closure);
  request.set_risk_digest(present->risk_prompt().digest());
  request.set_etag(present->etag());
  for (const v1::BlockingItem& item : *selected) {
    v1::DiscardItemsRequest::Selection* selection = request.add_selections();
    selection->set_item(item.name());
    selection->set_fingerprint(item.fingerprint());
  }
  return session.client().DiscardItems(std::move(request));
}

void AddItemCommands(CommandSet& commands) {
  CLI::App* items = commands.Add("items", "List what stands in the way, who has to act, how and where",
                                 "closurectl items 1000000001 --disposition MUST_HANDLE");
  auto shown = std::make_shared<ItemsArguments>();
  items->add_option("CLOSURE", shown->closure, "The closure, or its account")->required();
  items->add_option("--disposition", shown->disposition, "Only MUST_HANDLE or RENOUNCEABLE")->type_name("DISPOSITION");
  items->add_option("--checker", shown->checker, "Only items of this checker")->type_name("NAME");
  items->add_flag("--all", shown->all, "Also items that are gone or resolved; renounced ones are always listed");
  commands.Bind(items, [shown](Session& session) { return ShowItems(session, *shown); });

  CLI::App* discard = commands.Add("discard", "Discard renounceable items for good; shows the risk first",
                                   "closurectl discard 1000000001 --all");
  auto arguments = std::make_shared<DiscardArguments>();
  discard->add_option("CLOSURE", arguments->closure, "The closure, or its account")->required();
  discard->add_option("ITEM", arguments->choices.items, "Items, by name or last segment");
  discard->add_flag("--all", arguments->choices.all, "Every renounceable item");
  discard->add_flag("--acknowledge-risk", arguments->choices.acknowledge_risk,
                    "Acknowledge the risk without being asked");
  commands.Bind(discard, [arguments](Session& session) { return DiscardCommand(session, *arguments); });
}

}  // namespace closure
