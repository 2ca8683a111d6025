# SPDX-License-Identifier: Apache-2.0
"""Mutants that no test can kill, and why: (source, the text of its line, the change) -> the reason, and how many."""
from typing import Dict, List, Tuple, Union

NEVER, ALWAYS = "never jumps", "always jumps"

# The check before the first turn of a loop.
EMPTY = "asks whether there is anything to go through, and here there always is"
UNREACHABLE = "the check before an unreachable Impossible"
INFINITE = "where both times are infinite, which no time of a closure or the system is"

# Why, of which source and change, and the texts of the lines; with a number where several of a line survive.
GROUPS: List[Tuple[str, str, str, List[Union[str, Tuple[str, int]]]]] = [
    ("behind the table lies no code that anybody asks for; AddressSanitizer would see the read", "protos/money.cc", NEVER, [
        "if (found == kCurrencies.end() || found->code != code) return std::nullopt;",
    ]),
    ("only digits come here, so a number that fits is read to its end", "protos/money.cc", NEVER, [
        "if (error != std::errc() || end != signed_whole.data() + signed_whole.size()) {",
    ]),
    ("units below zero have nanos that are not above it: the signs of valid money agree", "protos/money.cc", NEVER, [
        "bool IsPositive(const v1::Money& money) { return money.units() > 0 || (money.units() == 0 && money.nanos() > 0); }",
    ]),
    ("SHA-256 does not fail where there is memory", "storage/history_chain.cc", NEVER, [
        "if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {",
    ]),
    ("on the way of an item that is not found, where the refusal was just made and is never OK", "server/decide_items.cc", ALWAYS, [
        "if (refusal.ok()) {",
    ]),
    ("WithViolations takes no more than kViolationsMax itself; the break saves work", "server/decide_items.cc", NEVER, [
        "if (violations.size() == kViolationsMax) break;",
    ]),
    ("what writes the system itself is decided by clocks that agree", "server/decision_builder.cc", ALWAYS, [
        "if (!circumstances_.time.jump.empty() && !commit_.system.has_value()) WitnessTime();",
    ]),
    *((INFINITE, source, change, [text]) for change in (NEVER, ALWAYS) for source, text in (
        ("server/decision_builder.cc", "} else if (due < before) {"),
        ("server/decide_confirm.cc",
         "const bool by_jump = *passed < limit && DoClocksDisagree(builder.circumstances());"),
        ("server/decide_system.cc", "if (FromProto(next.breaker_release_time()) > now) next.clear_breaker_release_time();"))),
    ("on the way of a refusal that was just made", "server/decide_confirm.cc", NEVER, [
        "if (absl::Status clocks = RequireClocks(builder); !clocks.ok()) return clocks;",
    ]),
    (UNREACHABLE, "server/decide_ends.cc", NEVER, [
        "switch (builder.circumstances().task->kind()) {",
    ]),
    ("where it is not over the limit lies ahead, and WaitUntil always waits", "server/decide_ends.cc", NEVER, [
        "if (!over && WaitUntil(builder, limit)) return builder.Finish();",
    ]),
    ("frees a string that is always short enough to lie in itself", "server/decide_owner.cc", ALWAYS, [
        "return WithField(Error(v1::FIELD_INVALID, fmt::format(\"{}: {}\", kField, fault),",
    ]),
    (EMPTY, "server/decide_owner.cc", NEVER, [
        ("for (const v1::Channel channel : channels) {", 2),
        "for (std::size_t index = 0; index < channels.size(); ++index) {",
        "for (const v1::Channel channel : *channels) names.push_back(v1::Channel_Name(channel));",
        "for (const auto& challenge : verification.challenges()) {",
        "for (std::size_t index = 0; index < meant.size(); ++index) {",
    ]),
    ("reached only where something was found; where nothing is, the compiled code goes another way", "server/decide_owner.cc", NEVER, [
        "if (contact != data.contacts().end()) challenge.set_masked_address(MaskAddress(channel, contact->address()));",
        "if (std::any_of(contacts.begin(), contacts.end(),",
    ]),
    ("reached only where something was found; where nothing is, the compiled code goes another way", "server/scan_merge.cc", NEVER, [
        "const bool known = before != nullptr && before->resolution() != v1::BlockingItem::RESOLVED;",
    ]),
    (EMPTY, "server/decide_participants.cc", NEVER, [
        "for (const v1::ParticipantProgress& progress : all) {",
        "for (const auto& [participant, its_stages] : stages) {",
    ]),
    (EMPTY, "server/decide_participants.cc", ALWAYS, [
        "for (const int32_t stage : its_stages) {",
    ]),
    (UNREACHABLE, "server/decide_participants.cc", NEVER, [
        "if (!StartNextStage(builder)) Impossible(\"a phase without participants\");",
        "switch (phase) {",
    ]),
    (EMPTY, "server/business_calendar.cc", NEVER, [
        "for (const char c : text.substr(begin, length)) {",
    ]),
    ("asks whether a pointer to a getter is one to a virtual function, and here none is", "checkers/answer_validation.cc", ALWAYS, [
        "std::string complaint = TextComplaint(rule, (item.*rule.text)());",
    ]),
    (EMPTY, "server/config_rules.cc", ALWAYS, [
        "for (const auto& checker : MakeBuiltinCheckers(Upstreams{}, CheckerSettings{}))",
        "for (const auto& participant : MakeBuiltinParticipants(Upstreams{}))",
    ]),
    ("on the way of a complaint or refusal that was just made", "checkers/answer_validation.cc", NEVER, [
        "if (!complaint.empty()) return complaint;",
        "if (auto little = ValidateAmountOfAnswer(answer, limits); !little.ok()) return little;",
    ]),
    ("on the way of a kind that was found, and what is found is not the end", "checkers/answer_validation.cc", NEVER, [
        "if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {",
    ]),
    (EMPTY, "storage/sqlite/log_end.cc", NEVER, [
        "for (sqlite3_int64 at = kLogHeaderBytes; at + std::ssize(frame) <= size; at += std::ssize(frame)) {",
        "for (const auto& [page, place] : pages.at) {",
        "if (!std::ranges::equal(SaltsOfFrame(frame), salts)) continue;",
    ]),
    (EMPTY, "storage/sqlite/log_end.cc", ALWAYS, [
        "for (const auto& [page, place] : std::exchange(open, {})) pages.at[page] = place;",
    ]),
    ("a header that was not read is of zeros, and not sound either", "storage/sqlite/log_end.cc", NEVER, [
        "if (log.pMethods->xFileSize(&log, &size) != SQLITE_OK || !Read(log, header, 0)) return LogEnd::kUnread;",
    ]),
    (EMPTY, "storage/sqlite/page_checksum.cc", NEVER, [
        "for (std::size_t at = 0; at < bytes.size(); at += 8) {",
        "for (std::size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {",
    ]),
    ("before the other scans there is no cause: Confirm has cleared it", "server/decide_scan.cc", ALWAYS, [
        "if (phase == v1::SCAN) {",
    ]),
    (EMPTY, "server/decide_scan.cc", ALWAYS, [
        "for (v1::BlockingItem& stored : merge.items) {",
    ]),
    (UNREACHABLE, "server/decide_scan.cc", ALWAYS, [
        "switch (builder.state()) {",
    ]),
    ("the check before an unreachable default", "server/decide_system.cc", NEVER, [
        ("switch (command.kind) {", 2),
    ]),
    ("on the way of an approval that was found, and what is found is not the end", "server/decide_system.cc", NEVER, [
        "if (std::any_of(approvals.begin(), approvals.end(),",
    ]),
    ("on the way of a refusal that was just made", "server/decide_system.cc", NEVER, [
        "if (!released.ok()) return released.status();",
        "if (absl::Status seen = RequireSeenJump(system, command); !seen.ok()) return seen;",
    ]),
    ("on the way of an excess that was just put in words", "server/decide_silent_period.cc", NEVER, [
        "if (excess.empty()) return false;",
    ]),
    ("of an empty text, in which nothing is found all the same; the other jump of the line is killed", "server/actor.cc", NEVER, [
        "if (at == std::string_view::npos) return Malformed(text);",
    ]),
]

SURVIVORS: Dict[Tuple[str, str, str], Tuple[str, int]] = {
    (source, text if isinstance(text, str) else text[0], change): (why, 1 if isinstance(text, str) else text[1])
    for why, source, change, texts in GROUPS for text in texts}
