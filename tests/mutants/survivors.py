# SPDX-License-Identifier: Apache-2.0
"""Mutants that no test can kill, and why: (source, the text of its line, the change) -> the reason."""
from typing import Dict, Tuple

NEVER, ALWAYS = "never jumps", "always jumps"

# Always skipping, or never making, what frees a temporary: no test sees it, LeakSanitizer would.
LEAK = "frees what a temporary holds, and is skipped: a leak, which LeakSanitizer sees"
# The check before the first turn of a loop.
EMPTY = "asks whether there is anything to go through, and here there always is"

SURVIVORS: Dict[Tuple[str, str, str], str] = {
    ("protos/money.cc", "if (found == kCurrencies.end() || found->code != code) return std::nullopt;", NEVER):
        "behind the table lies no code that anybody asks for; AddressSanitizer would see the read",
    ("protos/money.cc", "if (error != std::errc() || end != signed_whole.data() + signed_whole.size()) {", NEVER):
        "only digits come here, so a number that fits is read to its end",
    ("protos/money.cc",
     "bool IsPositive(const v1::Money& money) { return money.units() > 0 || (money.units() == 0 && money.nanos() > 0); }",
     NEVER):
        "units below zero have nanos that are not above it: the signs of valid money agree",
    ("server/actor.cc", "{{\"actor\", actor.ToString()}, {\"account\", FormatAccountName(account_id)}});", ALWAYS):
        LEAK,
    ("storage/history_chain.cc",
     "if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {", NEVER):
        "SHA-256 does not fail where there is memory",
    ("server/decide_items.cc", "{{\"closure\", closure.name()}, {\"holdReason\", closure.hold().reason()}});", ALWAYS):
        LEAK,
    ("server/decide_items.cc", "{{\"closure\", closure.name()}, {\"digest\", closure.risk_prompt().digest()}});", ALWAYS):
        LEAK,
    ("server/decide_items.cc", "{{\"item\", item.name()}, {\"displayName\", item.display_name()}});", ALWAYS):
        LEAK,
    ("server/decide_items.cc", "{{\"item\", item.name()}, {\"resolution\", resolution}});", ALWAYS):
        LEAK,
    ("server/decide_items.cc", "{{\"item\", item.name()}, {\"fingerprint\", item.fingerprint()}});", ALWAYS):
        LEAK,
    ("server/decide_items.cc", ": PrintableText(fmt::format(\"{}: {}\", v1::DiscardResponse::Outcome_Name(response.outcome()),", NEVER):
        "whether a temporary string was made: never is a leak, which LeakSanitizer sees",
    ("server/decide_items.cc", "if (refusal.ok()) {", ALWAYS):
        "on the way of an item that is not found, where the refusal was just made and is never OK",
    ("server/decide_items.cc", "if (violations.size() == kViolationsMax) break;", NEVER):
        "WithViolations takes no more than kViolationsMax itself; the break saves work",
    ("server/decide_ends.cc", "switch (builder.circumstances().task->kind()) {", NEVER):
        "the check before an unreachable Impossible",
    ("server/decide_ends.cc", "if (!over && WaitsUntil(builder, limit)) return builder.Finish();", NEVER):
        "where it is not over the limit lies ahead, and WaitsUntil always waits",
    ("server/decide_ends.cc", "return Error(v1::NOTHING_TO_RELEASE, fmt::format(\"closure {} has no hold\", closure.name()),", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "return Error(v1::CONTACT_POINT_MISSING,", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "return WithRetryAfter(Error(v1::CODE_ATTEMPTS_EXHAUSTED,", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "{{\"account\", name}, {\"state\", state}});", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "return WithField(Error(v1::FIELD_INVALID, fmt::format(\"{}: {}\", kField, fault),", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "{\"attemptsLeft\", fmt::format(\"{}\", std::max(0, challenge.attempts_left() - 1))}};", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "{{\"closure\", closure.name()}, {\"channel\", channel}});", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "Error(v1::RESEND_TOO_SOON,", ALWAYS):
        LEAK,
    ("server/decide_owner.cc", "for (const v1::Channel channel : channels) {", NEVER):
        EMPTY,
    ("server/decide_owner.cc", "for (std::size_t index = 0; index < channels.size(); ++index) {", NEVER):
        EMPTY,
    ("server/decide_owner.cc", "for (const v1::Channel channel : *channels) names.push_back(v1::Channel_Name(channel));", NEVER):
        EMPTY,
    ("server/decide_owner.cc", "for (const auto& challenge : verification.challenges()) {", NEVER):
        EMPTY,
    ("server/decide_owner.cc", "for (std::size_t index = 0; index < meant.size(); ++index) {", NEVER):
        EMPTY,
    ("server/decide_owner.cc", "if (contact != data.contacts().end()) challenge.set_masked_address(MaskAddress(channel, contact->address()));", NEVER):
        "reached only where something was found; where nothing is, the compiled code goes another way",
    ("server/decide_owner.cc", "if (std::any_of(contacts.begin(), contacts.end(),", NEVER):
        "reached only where something was found; where nothing is, the compiled code goes another way",
    ("server/decide_participants.cc", "for (const v1::ParticipantProgress& progress : all) {", NEVER):
        EMPTY,
    ("server/decide_participants.cc", "for (const auto& [participant, its_stages] : stages) {", NEVER):
        EMPTY,
    ("server/decide_participants.cc", "for (const int32_t stage : its_stages) {", ALWAYS):
        EMPTY,
    ("server/decide_participants.cc", "if (!StartNextStage(builder)) Impossible(\"a phase without participants\");", NEVER):
        "the check before an unreachable Impossible",
    ("server/decide_participants.cc", "switch (phase) {", NEVER):
        "the check before an unreachable Impossible",
    ("server/business_calendar.cc", "for (const char c : text.substr(begin, length)) {", NEVER):
        EMPTY,
    ("server/actor.cc", "if (at == std::string_view::npos) return Malformed(text);", NEVER):
        "of an empty text, in which nothing is found all the same; the other jump of the line is killed",
}
