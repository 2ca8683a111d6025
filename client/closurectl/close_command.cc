// SPDX-License-Identifier: Apache-2.0
// The guided flow: closes an account in one go, from the preview to the silent period. It asks the closure for its
// state again after each step and does what that state needs, so it also goes on with a closure that stands anywhere.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/closurectl/agreement_commands.h"
#include "client/closurectl/close_choices.h"
#include "client/closurectl/closure_lines.h"
#include "client/closurectl/code_questions.h"
#include "client/closurectl/command_set.h"
#include "client/closurectl/confirm_command.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/error_text.h"
#include "client/closurectl/identity_commands.h"
#include "client/closurectl/item_commands.h"
#include "client/closurectl/item_view.h"
#include "client/closurectl/live_view.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/preview_command.h"
#include "client/closurectl/prompt.h"
#include "client/closurectl/resource_names.h"
#include "client/closurectl/sandbox_advice.h"
#include "client/closurectl/sandbox_inbox.h"
#include "client/closurectl/state_check.h"
#include "client/closurectl/terminal_text.h"
#include "client/rpc_status.h"

namespace closure {
namespace {

using v1::Closure;

struct Arguments {
  std::string account;
  bool dry_run = false;
  CloseChoices choices;
};

// More than a screen shows nobody reads; `items` lists all.
constexpr int kItemsShownMax = 50;

// One guided closure. Each step returns the closure as it then stands, or nothing when the flow stops here for the
// owner.
class GuidedClosure {
 public:
  GuidedClosure(Session& session, std::string account, CloseChoices choices)
      : session_(session),
        account_(std::move(account)),
        choices_(std::move(choices)),
        view_(session, LiveView::Stream::kMessages) {}

  absl::StatusOr<ExitCode> Run();

 private:
  absl::StatusOr<Closure> Begin(const std::string& account);
  void ShowPlan(const PreviewResult& plan);
  absl::StatusOr<Closure> Step(const Closure& closure);
  absl::StatusOr<Closure> StepOrLookAgain(const Closure& closure);
  absl::StatusOr<Closure> Verify(const Closure& closure);
  absl::StatusOr<Closure> WatchOn(const Closure& closure);
  absl::StatusOr<Closure> Unblock(const Closure& closure);
  absl::Status ShowItems(const Closure& closure);
  absl::StatusOr<bool> WantsDiscard(const Closure& closure);
  absl::StatusOr<Closure> HandleByHand(const Closure& closure);
  absl::StatusOr<Closure> Rescan(const Closure& closure);
  absl::StatusOr<Closure> RescanOld(const Closure& closure);
  absl::StatusOr<std::string> AskReason();
  absl::StatusOr<Closure> ConfirmReady(const Closure& closure);
  std::string StoppedText(const Closure& closure);
  absl::StatusOr<ExitCode> Finish(const Closure& closure);

  Session& session_;
  const std::string account_;
  CloseChoices choices_;
  LiveView view_;
  // The owner wants to go on later; the closure stays as it is.
  bool stopped_ = false;
  // How often the closure turned out to have changed meanwhile.
  int looks_again_ = 0;
  // It was said where a sandbox shows the code.
  bool told_inbox_ = false;
  // How many items could be renounced when they were last discarded all at once; nothing before that.
  std::optional<int> discarded_of_;
};

// Whether nothing more is to be done by the owner: the silent period has begun, or it has ended.
bool IsOutOfOwnersHands(Closure::State state) {
  return state == Closure::SILENT_PERIOD || state == Closure::FINAL_CHECK || state == Closure::DELETING ||
         state == Closure::RESTORING || IsTerminal(state);
}

absl::StatusOr<Closure> GuidedClosure::Begin(const std::string& account) {
  if (absl::Status drives = CheckDrives(session_, AccountId(account)); !drives.ok()) return drives;
  absl::StatusOr<std::optional<Closure>> open = session_.FindOpenClosure(account);
  if (!open.ok()) return open.status();
  absl::Status choices = CheckCloseChoices(session_, AccountId(account), *open, choices_);
  if (choices.ok()) choices = CheckAcceptedVersion(session_, *open, choices_);
  if (!choices.ok()) return choices;
  const std::string resume = absl::StrCat(session_.options().command, " close ", AccountId(account));
  // A script's next run needs its flags again, which it has.
  if (*open && session_.interactive()) session_.set_resume_command(resume);
  if (session_.interactive() && !(*open && IsOutOfOwnersHands((*open)->state()))) {
    session_.printer().Say(
        absl::StrCat("Leave at any question with Ctrl-C; this goes on where it was:\n  ", resume, "\n"));
  }
  if (*open) {
    session_.printer().Note(
        absl::StrCat("Going on with ", EscapeLine((*open)->name()), ", which is ", EnumText((*open)->state()), "."));
    TellOtherChannel(session_, **open, choices_.via);
    // What was found then may be handled by now: that is why the owner is back.
    return (*open)->state() == Closure::BLOCKED ? Rescan(**open) : **open;
  }
  const absl::StatusOr<PreviewResult> plan = RunPreview(session_, account, PreviewStream::kQuiet);
  if (!plan.ok()) return plan.status();
  ShowPlan(*plan);
  if (absl::Status startable = CheckStartable(plan->plan); !startable.ok()) return startable;
  // Not before it is known that there is something to go on with.
  if (session_.interactive()) session_.set_resume_command(resume);
  if (choices_.via.empty()) {
    const absl::StatusOr<std::string> via =
        AskUntil(session_, "Where shall the identity code be sent, email or sms?", "--via email|sms", CheckChannel);
    if (!via.ok()) return via.status();
    choices_.via = *via;
  }
  return StartClosure(session_, account, choices_.via);
}

// With its steps and items only where something has to be done. Each checker was told as it answered.
void GuidedClosure::ShowPlan(const PreviewResult& plan) {
  Printer& printer = session_.printer();
  if (!printer.table()) return;
  if (!plan.plan.eligible()) {
    printer.Say(PlanText(plan, printer.err_style()));
  } else {
    printer.Say(VerdictText(plan, printer.err_style()));
  }
  printer.Note(ChecklistPointer(session_, AccountId(plan.plan.account())));
}

absl::StatusOr<Closure> GuidedClosure::Verify(const Closure& closure) {
  if (choices_.sandbox_code) {
    const absl::StatusOr<std::vector<std::string>> codes = ReadSandboxCodes(session_, closure);
    if (!codes.ok()) return codes.status();
    return GiveCodes(session_, closure.name(), *codes);
  }
  absl::StatusOr<std::vector<std::string>> codes = std::exchange(choices_.codes, {});
  if (codes->empty()) {
    if (!std::exchange(told_inbox_, true)) TellInbox(session_, closure);
    codes = AskCodes(session_, closure);
  }
  if (!codes.ok()) return codes.status();
  absl::StatusOr<Closure> verified =
      codes->empty() ? ResendCodes(session_, closure.name(), "") : GiveCodes(session_, closure.name(), *codes);
  if (verified.ok() && codes->empty()) session_.printer().Note(kResent);
  if (verified.ok() && !codes->empty() && verified->state() == Closure::IDENTITY_PENDING)
    session_.printer().Note(kAnotherDemanded);
  if (verified.ok() || !session_.interactive() || !CanTryAgain(verified.status())) return verified;
  session_.printer().Say(TryAgainText(verified.status()));
  return session_.GetClosure(closure.name());
}

absl::StatusOr<Closure> GuidedClosure::WatchOn(const Closure& closure) {
  view_.LeavePicture();
  Closure last = closure;
  const absl::Status followed = session_.Follow(closure.name(), absl::InfiniteDuration(), [&](const Closure& changed) {
    view_.Show(changed);
    last = changed;
    return !IsOutOfOwnersHands(changed.state()) && changed.state() != Closure::BLOCKED &&
           changed.state() != Closure::READY;
  });
  if (!followed.ok()) return followed;
  return last;
}

absl::StatusOr<Closure> GuidedClosure::Rescan(const Closure& closure) {
  v1::RecheckRequest request;
  request.set_name(closure.name());
  return session_.client().Recheck(std::move(request));
}

absl::StatusOr<Closure> GuidedClosure::HandleByHand(const Closure& closure) {
  if (!session_.interactive()) {
    stopped_ = true;
    return closure;
  }
  session_.printer().Say(SandboxSettleAdvice(session_, closure));
  const absl::StatusOr<std::string> answer = AskUntil(
      session_,
      absl::StrCat(BeforeNextScan(closure), ", then press Enter to scan again, or type \"stop\" to go on another day:"),
      "--no-input", [](const std::string& typed) {
        if (typed.empty() || typed == "stop") return absl::OkStatus();
        return UsageError("press Enter alone, or type stop");
      });
  if (!answer.ok()) return answer.status();
  if (*answer == "stop") {
    stopped_ = true;
    return closure;
  }
  return Rescan(closure);
}

// What stands in the way, as much of it as can be read.
absl::Status GuidedClosure::ShowItems(const Closure& closure) {
  Printer& printer = session_.printer();
  if (!printer.table() && !session_.interactive()) return absl::OkStatus();
  v1::ListBlockingItemsRequest list;
  list.set_parent(closure.name());
  absl::StatusOr<v1::ListBlockingItemsResponse> items = session_.ListItems(list);
  if (!items.ok()) return items.status();
  const int more = items->items_size() - kItemsShownMax;
  if (more > 0) items->mutable_items()->DeleteSubrange(kItemsShownMax, more);
  printer.Say(absl::StrCat("\n", ItemTableText(items->items(), printer.err_style()), "\n",
                           ItemDetailText(items->items(), printer.err_style()), "\n"));
  if (more > 0) {
    printer.Say(absl::StrCat("There are ", more, " more; for all:\n  ", session_.options().command, " items ",
                             EscapeLine(AccountId(closure.name())), "\n"));
  }
  for (const v1::CheckerResult& checker : closure.scan().checkers()) {
    if (checker.status() == v1::CheckerResult::UNANSWERED) printer.Say(absl::StrCat(CheckerLine(checker), "\n"));
  }
  return absl::OkStatus();
}

// Whether everything that can be renounced is to be discarded now.
absl::StatusOr<bool> GuidedClosure::WantsDiscard(const Closure& closure) {
  const int renounceable = closure.item_counts().renounceable();
  if (renounceable == 0) return false;
  if (choices_.discard_all) return !discarded_of_ || renounceable < *discarded_of_;
  if (!session_.interactive()) return false;
  return AskYesNo(session_, absl::StrCat("Discard the ", renounceable, " renounceable item(s)?"), "--discard-all");
}

absl::StatusOr<Closure> GuidedClosure::Unblock(const Closure& closure) {
  // One call takes a part of very many items, so it is repeated as long as they grow fewer: what could not be released
  // would otherwise be tried for ever. What is left of a list that was shown is not shown again.
  const int renounceable = closure.item_counts().renounceable();
  const bool goes_on = choices_.discard_all && discarded_of_ && renounceable > 0 && renounceable < *discarded_of_;
  if (goes_on) {
    session_.printer().Note(absl::StrCat(renounceable, " renounceable item(s) are left; discarding goes on."));
  } else if (absl::Status shown = ShowItems(closure); !shown.ok()) {
    return shown;
  }
  const absl::StatusOr<bool> discard = WantsDiscard(closure);
  if (!discard.ok()) return discard.status();
  if (!*discard) return HandleByHand(closure);
  discarded_of_ = renounceable;
  DiscardChoices choices;
  choices.all = true;
  choices.acknowledge_risk = choices_.acknowledge_risk;
  choices.shown = true;
  return Discard(session_, closure.name(), choices);
}

absl::StatusOr<std::string> GuidedClosure::AskReason() {
  absl::StatusOr<std::string> reason =
      AskUntil(session_, absl::StrCat("Everything is clear. Why do you leave?\n", ReasonWords(), ":"),
               "--reason REASON", [](const std::string& typed) { return ParseReason(typed).status(); });
  if (DecodeErrorDetails(reason.status()).reason != "USAGE") return reason;
  return UsageError(reason.status().message(), absl::StrCat("Give it with --reason: one of ", ReasonWords()));
}

absl::StatusOr<Closure> GuidedClosure::RescanOld(const Closure& closure) {
  session_.printer().Note("The last scan is too old by now; scanning again.");
  return Rescan(closure);
}

absl::StatusOr<Closure> GuidedClosure::ConfirmReady(const Closure& closure) {
  if (absl::Status held = CheckNotHeld(closure, "the deletion cannot be confirmed"); !held.ok()) return held;
  if (IsScanTooOld(closure)) return RescanOld(closure);
  ConfirmChoices choices = choices_.confirm;
  if (choices.reason.empty()) {
    const absl::StatusOr<std::string> reason = AskReason();
    if (!reason.ok()) return reason.status();
    choices.reason = *reason;
  }
  choices.ask_late_settlement = true;
  absl::StatusOr<Closure> confirmed = Confirm(session_, closure.name(), choices);
  if (DecodeErrorDetails(confirmed.status()).reason != "SCAN_NOT_FRESH") return confirmed;
  return RescanOld(closure);
}

absl::StatusOr<Closure> GuidedClosure::Step(const Closure& closure) {
  switch (closure.state()) {
    case Closure::IDENTITY_PENDING:
      return Verify(closure);
    case Closure::AGREEMENT_PENDING:
      return Agree(session_, closure.name(), choices_.accept_agreement, choices_.language, "--accept-agreement");
    case Closure::BLOCKED:
      return Unblock(closure);
    case Closure::READY:
      return ConfirmReady(closure);
    default:
      return WatchOn(closure);
  }
}

// Somebody else may have changed the closure since it was read: what has to be done now depends on how it stands then.
absl::StatusOr<Closure> GuidedClosure::StepOrLookAgain(const Closure& closure) {
  constexpr int kLooksMax = 3;
  absl::StatusOr<Closure> next = Step(closure);
  if (DecodeErrorDetails(next.status()).reason != "ETAG_MISMATCH" || ++looks_again_ > kLooksMax) return next;
  session_.printer().Note("The closure changed meanwhile; looking at it again.");
  discarded_of_.reset();
  return session_.GetClosure(closure.name());
}

// How to go on with a closure that waits for its owner. What a script was not told to discard is named with its flags.
std::string GuidedClosure::StoppedText(const Closure& closure) {
  const v1::ItemCounts& counts = closure.item_counts();
  const std::string close = absl::StrCat(session_.options().command, " close ", EscapeLine(AccountId(closure.name())));
  std::string discard;
  if (counts.renounceable() > 0 && !choices_.discard_all && !session_.interactive()) {
    discard = absl::StrCat(counts.renounceable(),
                           " renounceable item(s) are left; to discard them for good, run the same command with:\n  ",
                           "--discard-all --acknowledge-risk\n");
  }
  return absl::StrCat(SandboxSettleAdvice(session_, closure), discard, "The closure waits. ", BeforeNextScan(closure),
                      ", then go on:\n  ", close);
}

absl::StatusOr<ExitCode> GuidedClosure::Finish(const Closure& closure) {
  Printer& printer = session_.printer();
  const std::string& program = session_.options().command;
  if (printer.table()) {
    printer.Data(ClosureStatusText(closure, program, printer.style(), session_.role()));
  } else {
    printer.Json(closure);
  }
  if (stopped_) {
    printer.Note(StoppedText(closure));
    return ExitCode::kBlocked;
  }
  if (closure.state() == Closure::SILENT_PERIOD && closure.waits().empty()) {
    printer.Note(absl::StrCat("The silent period has begun and ends at ", TimeText(closure.silent_period_end_time()),
                              ". Nothing more is asked of you; the result is told by mail and text message."));
    if (printer.table()) printer.Say(SandboxClockAdvice(session_, closure));
  }
  const bool failed = IsTerminal(closure.state()) && closure.state() != Closure::CLOSED;
  return failed || closure.state() == Closure::RESTORING ? ExitCode::kFailure : ExitCode::kOk;
}

absl::StatusOr<ExitCode> GuidedClosure::Run() {
  const absl::StatusOr<std::string> account = session_.UseAccount(account_);
  if (!account.ok()) return account.status();
  absl::StatusOr<Closure> closure = Begin(*account);
  while (closure.ok() && !stopped_ && !IsOutOfOwnersHands(closure->state())) closure = StepOrLookAgain(*closure);
  if (!closure.ok()) return closure.status();
  return Finish(*closure);
}

}  // namespace

void AddCloseCommand(CommandSet& commands) {
  CLI::App* command =
      commands.Add("close", "Close an account, step by step, up to the silent period; goes on where a closure stands",
                   "closurectl close 1000000001 --via email");
  auto arguments = std::make_shared<Arguments>();
  CloseChoices& choices = arguments->choices;
  command->add_option("ACCOUNT", arguments->account, "The account's id")->required();
  command->add_option("--via", choices.via, "Where the code is sent: email or sms")->type_name("CHANNEL");
  command->add_flag("--dry-run", arguments->dry_run, "Only preview; start nothing");
  command->add_flag("--sandbox-code", choices.sandbox_code, "Read the code from the sandbox's inbox (closured dev)");
  command->add_option("--code", choices.codes, "The code of a closure that waits for it; may be given twice")
      ->type_name("CODE")
      ->allow_extra_args(false);
  command->add_option("--accept-agreement", choices.accept_agreement, "Agree to this version without being asked")
      ->type_name("VERSION");
  command->add_option("--language", choices.language, "The agreement's language, BCP-47 [en]")->type_name("LANGUAGE");
  command->add_flag("--discard-all", choices.discard_all, "Discard every renounceable item");
  command->add_flag("--acknowledge-risk", choices.acknowledge_risk,
                    "Acknowledge the risk of discarding without being asked");
  command->add_option("--reason", choices.confirm.reason, absl::StrCat("Why: ", ReasonWords()))->type_name("REASON");
  command->add_option("--reason-text", choices.confirm.reason_text, "More in your own words")->type_name("TEXT");
  command->add_flag("--consent-late-settlement", choices.confirm.consent_late_settlement,
                    "A small debt or balance that the final check finds may be voided or forfeited");
  command->add_option("--confirm", choices.confirm.confirm, "The account, instead of typing its id when asked")
      ->type_name("ACCOUNT");
  commands.Bind(command, [arguments](Session& session) -> absl::StatusOr<ExitCode> {
    if (arguments->dry_run) return DryRun(session, arguments->account);
    return GuidedClosure(session, arguments->account, arguments->choices).Run();
  });
}

}  // namespace closure
