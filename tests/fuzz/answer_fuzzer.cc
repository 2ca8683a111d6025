// SPDX-License-Identifier: Apache-2.0
// What checkers answer. An input is the answers of two scans with a line "===" between them; an answer is items in text
// format with a line "---" between them, the last of which may be a summary. Promises: an answer counts whole or not at
// all; one that does not count says why, in printable text; nothing that was reported is overlooked, and silence is
// never a pass; the facts of a stored item are those that were reported.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"
#include "server/item_identity.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/text_messages.h"
#include "tests/server/fake_checker.h"
#include "tests/support/decided_closure.h"

namespace closure::fuzz {
namespace {

constexpr char kBetweenScans[] = "\n===\n";
constexpr char kBetweenParts[] = "\n---\n";
constexpr char kChecker[] = "billing";

CheckAnswer ReadAnswer(const std::string& text) {
  CheckAnswer answer{.items = {}, .as_of = testing::TestNow()};
  for (const auto part_text : absl::StrSplit(text, kBetweenParts, absl::SkipWhitespace())) {
    v1::CheckResponse part;
    if (!ReadTextMessage(std::string(part_text), part)) continue;
    if (part.has_item()) answer.items.push_back(part.item());
    if (part.has_summary()) answer.as_of = FromProto(part.summary().as_of_time());
  }
  return answer;
}

class AnswerTarget final : public Target {
 public:
  AnswerTarget() { google::protobuf::SetLogHandler(nullptr); }

  void Try(std::string_view input) override {
    const std::vector<std::string> scans = absl::StrSplit(std::string(input), kBetweenScans);
    DecidedClosure closure;
    closure.GoToFirstScan();
    for (std::size_t i = 0; i < std::min<std::size_t>(scans.size(), 2); ++i) {
      if (i > 0) REQUIRE(closure.Do(Recheck{}).ok());
      const CheckAnswer answer = ReadAnswer(scans[i]);
      const ScanFindings findings = Scan(answer);
      JudgeFindings(answer, findings);
      const bool is_clean = findings.items.empty() && !findings.required_unanswered;
      closure.FinishScan(findings);
      REQUIRE(closure.state() == (is_clean ? v1::Closure::READY : v1::Closure::BLOCKED));
      for (const v1::BlockingItem& item : findings.items) {
        const std::string id = ItemId(kChecker, item.native_id());
        REQUIRE(Fingerprint(ExpectedFacts(closure.item(id))) == item.fingerprint());
      }
    }
  }

  std::string Mutate(std::string_view input, size_t size_max, std::mt19937& random) override {
    std::vector<std::string> scans = absl::StrSplit(std::string(input), kBetweenScans);
    std::string& scan = scans[random() % scans.size()];
    std::vector<std::string> parts = absl::StrSplit(scan, kBetweenParts);
    v1::CheckResponse part;
    ReadTextMessage(parts[random() % parts.size()], part);
    const MessageMutator mutator({"bill/1", "USD", "JPY", "XXX", "https://console.example.com/", "http://x", "\n",
                                  "\x1b[31m", "\xc3\x28", "账", std::string(501, 'x')},
                                 random);
    mutator.Mutate(part);
    std::string text;
    google::protobuf::TextFormat::PrintToString(part, &text);
    if (random() % 3 == 0) {
      parts.push_back(text);
    } else {
      parts[random() % parts.size()] = text;
    }
    scan = absl::StrJoin(parts, kBetweenParts);
    if (random() % 16 == 0) scans.push_back(scans.front());
    const std::string made = absl::StrJoin(scans, kBetweenScans);
    return made.size() <= size_max ? made : "";
  }

 private:
  static ScanFindings Scan(const CheckAnswer& answer) {
    const FanOut fan_out(
        {testing::Slot(kChecker, [&](const auto&, const auto&, Checker::CheckDone done) { std::move(done)(answer); })});
    return testing::RunScan(fan_out).findings;
  }

  static void JudgeFindings(const CheckAnswer& answer, const ScanFindings& findings) {
    REQUIRE(findings.checkers.size() == 1);
    const v1::CheckerResult& result = findings.checkers.front();
    if (result.status() != v1::CheckerResult::ANSWERED) {
      REQUIRE(result.status() == v1::CheckerResult::UNANSWERED);
      REQUIRE((result.fault() == v1::CheckerResult::MALFORMED || result.fault() == v1::CheckerResult::TOO_MUCH));
      REQUIRE_FALSE(result.detail().empty());
      REQUIRE_FALSE(HasControlCharacters(result.detail(), /*line_feed_allowed=*/false));
      REQUIRE(findings.required_unanswered);
      REQUIRE(findings.items.empty());
      return;
    }
    REQUIRE(findings.items.size() == answer.items.size());
    std::set<std::string> names;
    for (const v1::BlockingItem& item : findings.items) REQUIRE(names.insert(item.name()).second);
  }
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<AnswerTarget>(); }

}  // namespace closure::fuzz
