# SPDX-License-Identifier: Apache-2.0
"""The rules of the service that are broken on purpose, each in one place; see mutations.py."""
from broken_rules import Mutation

ENGINE = "server/closure_engine.cc"
CREATE = "server/closure_engine_create.cc"
HANDLERS = "server/task_handlers.cc"
ROUNDS = "server/task_rounds.cc"
FAN_OUT = "server/fan_out.cc"
MESSAGES = "server/task_messages.cc"
NOTICES = "server/decide_notices.cc"
TEXTS = "server/texts.cc"
PARTICIPANTS = "server/participants/builtin_participants.cc"
SEQUENCE = "server/participants/act_sequence.cc"
ITEMS = "server/decide_items.cc"
CONFIRM = "server/decide_confirm.cc"
SCAN = "server/decide_scan.cc"
BUILDER = "server/decision_builder.cc"
DECIDED_PARTICIPANTS = "server/decide_participants.cc"
MEMORY_STORE = "tests/simulation/memory_store.cc"
WITNESS = "server/time_witness.cc"
RUN = "checkers/check_run.cc"
BILLING = "checkers/billing/billing_checker.cc"
DOMAINS = "checkers/domains/domains_checker.cc"
DIRECTORY = "checkers/resource_directory/resource_directory_checker.cc"
RESELLER = "checkers/reseller/reseller_checker.cc"
TRUSTEESHIP = "checkers/trusteeship/trusteeship_checker.cc"

MUTATIONS = [
    # ---- what owners ask for ----
    Mutation("an old etag is good", ENGINE, "  if (etag.empty() || etag == closure.etag()) return absl::OkStatus();",
             "  if (true) return absl::OkStatus();"),
    Mutation("a repeated command is done again", ENGINE,
             "    if (replay.has_value()) return Prepared{std::nullopt, *std::move(replay)};\n", ""),
    Mutation("a command leaves no record", ENGINE,
             "  if (attempt.context.has_value() && prepared.answer.ok()) {", "  if (false) {"),
    Mutation("a creation leaves no record", CREATE,
             "  decision->commit.request =\n      RequestRecord{account_id, context.request_id, context.body_hash, "
             "answer.SerializeAsString(), circumstances->now};\n", ""),
    Mutation("every code is right", ENGINE, "result.right = key.IsIdentityCode(challenge.challenge_id(), code.code);",
             "result.right = true;"),
    Mutation("a code is right for any channel", ENGINE, "      if (challenge.channel() == result.channel) result.right =",
             "      if (!result.right) result.right ="),
    Mutation("items are discarded that nobody selected", HANDLERS,
             "  request.set_native_id(item.native_id());\n  *request.mutable_expected() = ExpectedFacts(item);\n",
             "  const auto others = parts_.store->ListItems(key, {.limit = 0});\n"
             "  const auto other = std::find_if(others->begin(), others->end(), [&](const auto& each) {\n"
             "    return each.checker() == item.checker() && each.name() != item.name() && "
             "each.disposition() == v1::RENOUNCEABLE; });\n"
             "  const v1::BlockingItem& taken = other == others->end() ? item : *other;\n"
             "  request.set_native_id(taken.native_id());\n  *request.mutable_expected() = ExpectedFacts(taken);\n"),
    Mutation("more money is renounced than was shown", ITEMS, "  *renunciation.mutable_amount() = item.amount();\n",
             "  *renunciation.mutable_amount() = item.amount();\n"
             "  renunciation.mutable_amount()->set_units(item.amount().units() + 1);\n"),
    Mutation("late settlements need no consent", CONFIRM,
             "  builder.data().set_late_settlement_consent(command.late_settlement_consent);\n",
             "  builder.data().set_late_settlement_consent(true);\n"),
    Mutation("late settlements are not marked", SCAN, "    renunciation.set_by_consent(true);\n", ""),
    # ---- what halts ----
    Mutation("a halt stops no act", HANDLERS,
             "  if (MustWait(task, *data)) return Report(task, TaskHeld{}, std::move(done));\n", ""),
    Mutation("the breaker counts nothing", ENGINE, "  absl::Time since = circumstances.now - kBreakerWindow;",
             "  absl::Time since = circumstances.now + absl::Hours(1);"),
    # ---- answers of checkers ----
    Mutation("an error is an empty answer", FAN_OUT,
             "    return EndUnanswered(number, FaultOf(answer.status()), std::string(answer.status().message()));\n",
             "    answer = CheckAnswer{.items = {}, .as_of = *TimeFromProto(request_.check.check_time())};\n"),
    Mutation("a broken answer counts", FAN_OUT,
             "  if (!valid.ok()) return EndUnanswered(number, FaultOf(valid), std::string(valid.message()));\n", ""),
    Mutation("old facts count", FAN_OUT, "    limits.as_of_min = *check_time;\n", ""),
    Mutation("silence at the deadline is a pass", FAN_OUT,
             "run->EndUnanswered(number, v1::CheckerResult::TIMED_OUT, detail);\n",
             "run->OnAnswer(number, CheckAnswer{.items = {}, "
             ".as_of = *TimeFromProto(run->request_.check.check_time())});\n"),
    Mutation("silence does not matter", FAN_OUT, "      findings.required_unanswered = true;\n", ""),
    Mutation("what was found is lost", FAN_OUT,
             "    AppendMoved(std::move(ask.items), findings.items);\n", ""),
    Mutation("an upstream's silence is an empty list", RUN,
             "    if (over_) return;\n    done = TakeDone();\n    items_.clear();\n  }\n  std::move(done)(std::move(status));\n",
             "    if (over_) return;\n    done = TakeDone();\n    items_.clear();\n  }\n"
             "  std::move(done)(CheckAnswer{.items = {}, .as_of = check_time_});\n"),
    Mutation("a check ends with its first part", RUN, "    if (over_ || --parts_open_ > 0) return;",
             "    if (over_) return;"),
    # ---- what checkers look for ----
    Mutation("the domain checker finds nothing", DOMAINS,
             "    items.push_back(DomainItem(domain, expire_time, console));\n", ""),
    Mutation("a domain that ends some day has ended", DOMAINS,
             "      if (*expire_time <= check_time) continue;\n", "      continue;\n"),
    Mutation("the final check overlooks domains", DOMAINS,
             "  auto names = DomainNames(domains_, run->check_time(), settings_.console_base_uri);\n",
             "  auto names = DomainNames(domains_, run->check_time(), settings_.console_base_uri);\n"
             "  if (run->request().phase() == v1::FINAL)\n"
             "    names.read = [](const auto&) { return std::vector<v1::ReportedItem>(); };\n"),
    Mutation("an ICP filing counts as nothing", DOMAINS, "    items.push_back(std::move(item));\n", ""),
    Mutation("the relations checker overlooks the reseller", RESELLER, "  return std::vector{std::move(item)};\n",
             "  return std::vector<v1::ReportedItem>();\n"),
    Mutation("a management account may go", DIRECTORY, "    return std::vector{ManagementItem(membership, console)};\n",
             "    return std::vector<v1::ReportedItem>();\n"),
    Mutation("a member of a directory may go", DIRECTORY,
             "  return std::vector{MemberItem(membership, account_id, console)};\n",
             "  return std::vector<v1::ReportedItem>();\n"),
    Mutation("an administrator counts as a member", TRUSTEESHIP, "    case up::Trusteeship::ADMINISTRATOR:\n      break;\n",
             "    case up::Trusteeship::ADMINISTRATOR:\n      return run->PartDone();\n"),
    Mutation("a credit note counts as nothing", BILLING, "  WalkPages(run, kCreditNotes, std::move(credit_notes));\n",
             "  run->PartDone();\n"),
    Mutation("the final check overlooks credit notes", BILLING,
             "  WalkPages(run, kCreditNotes, std::move(credit_notes));\n",
             "  if (request.phase() == v1::FINAL) run->PartDone();\n"
             "  else WalkPages(run, kCreditNotes, std::move(credit_notes));\n"),
    Mutation("a charge counts as nothing", BILLING, "  WalkPages(run, kCharges, std::move(charges));\n",
             "  run->PartDone();\n"),
    Mutation("a bill counts as nothing", BILLING, "  WalkPages(run, kBills, std::move(bills));\n",
             "  run->PartDone();\n"),
    # ---- tasks ----
    Mutation("each try of a release has another key", HANDLERS,
             "  *request.mutable_expected() = ExpectedFacts(item);\n"
             "  request.set_idempotency_key(task.idempotency_key());\n",
             "  *request.mutable_expected() = ExpectedFacts(item);\n"
             "  request.set_idempotency_key(task.idempotency_key() + std::string(task.attempts(), '+'));\n"),
    Mutation("each try of a participant has another key", HANDLERS,
             "  request.set_closure(data.closure().name());\n  request.set_idempotency_key(task.idempotency_key());\n",
             "  request.set_closure(data.closure().name());\n"
             "  request.set_idempotency_key(task.idempotency_key() + std::string(task.attempts(), '+'));\n"),
    Mutation("a participant is asked with a fence of the future", HANDLERS,
             "  request.set_fence(task.payload().fence());\n  if (payload.participant() == kBillingName)",
             "  request.set_fence(task.payload().fence() + 1000);\n  if (payload.participant() == kBillingName)"),
    Mutation("money is never taken", HANDLERS,
             "  if (payload.participant() == kBillingName) AddRenunciations(data, request);\n", ""),
    Mutation("a failure is not counted", HANDLERS,
             "  Report(task, TaskFailed{std::string(error), delay}, std::move(done));\n", "  std::move(done)();\n"),
    Mutation("a task that ended is thought to go on", ROUNDS, "    running.erase(task.id());\n", ""),
    # ---- acts ----
    Mutation("an act without an answer counts as done", SEQUENCE,
             "    if (!result.ok()) return std::move(progress->done)(result.status());\n",
             "    if (!result.ok()) return RunNext(progress);\n"),
    Mutation("the first act is the last", SEQUENCE, "  if (progress->next == progress->steps.size()) {",
             "  if (progress->next == progress->steps.size() || progress->next == 1) {"),
    Mutation("billing is not frozen", PARTICIPANTS,
             "        acts.Add(\"freeze\", billing_, &Async::FreezeBilling, upstream::v1::FreezeBillingRequest());\n", ""),
    Mutation("resources are not frozen", PARTICIPANTS,
             "        acts.Add(\"freeze\", resources_, &Async::FreezeResources, "
             "upstream::v1::FreezeResourcesRequest());\n", ""),
    Mutation("nothing is sealed", PARTICIPANTS,
             "        acts.Add(\"seal\", billing_, &Async::SealBilling, upstream::v1::SealBillingRequest());\n", ""),
    Mutation("nothing is unsealed", PARTICIPANTS,
             "        acts.Add(\"unseal\", billing_, &Async::UnsealBilling, upstream::v1::UnsealBillingRequest());\n", ""),
    Mutation("an account stays frozen after an abort", PARTICIPANTS,
             "        acts.Add(\"delete-role\", account_, &Async::DeleteServiceLinkedRole, std::move(delete_role));\n"
             "        acts.Add(\"thaw\", account_, &Async::ThawAccount, upstream::v1::ThawAccountRequest());\n",
             "        acts.Add(\"delete-role\", account_, &Async::DeleteServiceLinkedRole, std::move(delete_role));\n"),
    Mutation("nobody is logged out", PARTICIPANTS,
             "        acts.Add(\"logout\", account_, &Async::TerminateSessions, "
             "upstream::v1::TerminateSessionsRequest());\n", ""),
    Mutation("the account goes before its data", PARTICIPANTS, "{v1::DELETE, 3}", "{v1::DELETE, 1}"),
    Mutation("data outlives its account", PARTICIPANTS,
             "        acts.Add(\"purge\", resources_, &Async::PurgeData, upstream::v1::PurgeDataRequest());\n", ""),
    Mutation("the account outlives its closure", PARTICIPANTS,
             "        acts.Add(\"delete-account\", account_, &Async::DeleteAccount, "
             "upstream::v1::DeleteAccountRequest());\n", ""),
    # ---- messages ----
    Mutation("every end reads as a cancelled one", TEXTS,
             "  const ResultPhrases result = ResultPhrasesOf(phrases, data.closure());\n",
             "  const ResultPhrases result = {phrases.cancelled_subject, phrases.cancelled_mail, "
             "phrases.cancelled_text};\n"),
    Mutation("results are told in English", TEXTS,
             "  const Phrases& phrases = PhrasesIn(data.language_code());\n  const ResultPhrases result",
             "  const Phrases& phrases = PhrasesIn(\"en\");\n  const ResultPhrases result"),
    Mutation("results are told without the account", TEXTS,
             "return FillIn(format, data.account_id(), reason);", "return FillIn(format, \"1\", reason);"),
    Mutation("a refused message counts as sent", MESSAGES,
             "    if (!result.ok()) {\n", "    if (!result.ok()) return Report(task, MessageSent{}, std::move(done));\n"
             "    if (!result.ok()) {\n"),
    Mutation("only mail tells a result", NOTICES, "  for (const v1::Channel channel : {v1::EMAIL, v1::SMS}) {",
             "  for (const v1::Channel channel : {v1::EMAIL}) {"),
    Mutation("a code is sent by the other channel", MESSAGES,
             "  const v1::Channel channel = task.payload().channel();\n  const auto& codes",
             "  const v1::Channel channel = task.payload().channel() == v1::EMAIL ? v1::SMS : v1::EMAIL;\n"
             "  const auto& codes"),
    # ---- decisions and their commits ----
    Mutation("an abort ends as an expiry", BUILDER, "  closure().set_state(*to);\n",
             "  closure().set_state(*to == v1::Closure::ABORTED ? v1::Closure::EXPIRED : *to);\n"),
    Mutation("a revision stands still", BUILDER, "  closure().set_revision(closure().revision() + 1);\n",
             "  closure().set_revision(std::max<int64_t>(1, closure().revision()));\n"),
    Mutation("the end of a silent period moves", DECIDED_PARTICIPANTS,
             "      builder.Note(\"silent_period_acts_done\", \"\");\n",
             "      builder.Note(\"silent_period_acts_done\", \"\");\n"
             "      *builder.closure().mutable_silent_period_end_time() = ToProto(builder.now() + absl::Hours(36));\n"),
    Mutation("the gate stays shut after an abort", DECIDED_PARTICIPANTS,
             "      builder.Move(Event::kRestored, \"every participant restored the account\");\n"
             "      builder.commit().gate = v1::GATE_OPEN;\n",
             "      builder.Move(Event::kRestored, \"every participant restored the account\");\n"),
    Mutation("nothing watches the end of a silent period", DECIDED_PARTICIPANTS,
             "      builder.AddTask(v1::Task::SILENT_PERIOD_END, fmt::format(\"silent-period-end/{}\", "
             "builder.data().fence()),\n                      std::max(builder.now(), "
             "FromProto(builder.closure().silent_period_end_time())));\n", ""),
    Mutation("personal data is never erased", NOTICES,
             "  builder.AddTask(v1::Task::ERASURE, \"erasure\", builder.now());\n", ""),
    Mutation("a move is not written down", BUILDER, "  commit_.history =\n      HistoryEntry{from, *to,",
             "  if (*to != v1::Closure::THAWING) commit_.history =\n      HistoryEntry{from, *to,"),
    Mutation("the store loses some of what it acknowledges", MEMORY_STORE,
             "         CLOSURE_ASSIGN_OR_RETURN(StoreChange change, ApplyCommit(tables, commit));\n",
             "         static int commands = 0;\n"
             "         if (commit.closure.has_value() && commit.request.has_value() && ++commands % 50 == 0)\n"
             "           return StoreChange{.closure = {commit.closure->account_id(), commit.closure->closure_id()}};\n"
             "         CLOSURE_ASSIGN_OR_RETURN(StoreChange change, ApplyCommit(tables, commit));\n"),
    # ---- time ----
    Mutation("a final check passes while the clocks disagree", SCAN, "  if (!waits && !answered.clocks_disagreed) return false;\n",
             "  if (!waits || waits) return false;\n"),
    Mutation("a silent period begins while the clocks disagree", CONFIRM,
             "  } else if (answered.clocks_disagreed || DoClocksDisagree(builder.circumstances())) {\n",
             "  } else if (answered.clocks_disagreed && !answered.clocks_disagreed) {\n"),
    Mutation("a clock that is ahead is believed", WITNESS,
             "  Add(std::max(boot_passed, absl::ZeroDuration()), *next.witness.mutable_elapsed());\n",
             "  Add(std::max(wall_passed, absl::ZeroDuration()), *next.witness.mutable_elapsed());\n"),
]
