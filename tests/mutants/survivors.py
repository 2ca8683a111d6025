# SPDX-License-Identifier: Apache-2.0
"""Mutants that no test can kill, and why: (source, the text of its line, the change) -> the reason."""
from typing import Dict, Tuple

NEVER, ALWAYS = "never jumps", "always jumps"

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
        "frees the storage of a string only where it has some: always skipping that is a leak, which LeakSanitizer sees",
    ("storage/history_chain.cc",
     "if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {", NEVER):
        "SHA-256 does not fail where there is memory",
}
