// SPDX-License-Identifier: Apache-2.0
// What happens, in words; how it happens is in moves.cc.
#include "fmt/format.h"
#include "tests/exploration/moves.h"

namespace closure::exploration {
namespace {

std::string TaskWords(const internal::v1::TaskData& task) {
  return fmt::format("{} {}", v1::Task::Kind_Name(task.kind()),
                     task.idempotency_key().substr(task.idempotency_key().find('/', 20) + 1));
}

}  // namespace

std::string Describe(const World& world, Move move) {
  static constexpr const char* kWords[] = {
      "the owner gives the right code",
      "the owner gives a wrong code",
      "the owner gives the right code by SMS",
      "the owner gives a wrong code by SMS",
      "the owner gives both codes",
      "the owner gives the right code by mail and a wrong one by SMS",
      "the owner asks for another code",
      "the owner agrees",
      "the owner rechecks",
      "the owner discards everything renounceable",
      "the owner confirms",
      "the owner confirms and consents to late settlements",
      "the owner cancels",
      "the owner agrees to an old version",
      "the owner confirms without the risk",
      "the owner discards the bill",
      "the owner discards what was other before",
      "the owner starts a closure",
      "an operator places a hold",
      "an operator releases the hold",
      "an operator pauses irreversible work",
      "an operator resumes it",
      "ann approves the breaker's release",
      "bob approves the breaker's release",
      "an operator acknowledges the clock jump",
      "an operator retries",
      "an unpaid bill arrives",
      "the bill is paid",
      "a small debt arises",
      "a refund changes the balance",
      "a server is bought",
      "the account is deleted by another path",
      "the hour's deletions reach their limit",
      "runs",
      "runs, and billing does not answer",
      "runs, and resources does not answer",
      "fails",
      "goes out and is late",
      "arrives late",
      "is reported late",
      "time passes",
      "the wall clock jumps a year ahead",
      "the wall clock jumps a day back",
      "the wall clock is set right",
      "the machine is booted",
  };
  static_assert(std::size(kWords) == static_cast<std::size_t>(MoveKind::kBoot) + 1, "each kind of move has its words");
  std::string words = kWords[static_cast<std::size_t>(move.kind)];
  if (move.kind == MoveKind::kArrive || move.kind == MoveKind::kReport)
    return fmt::format("{} {}", TaskWords(world.calls[move.which].task), words);
  if (move.kind >= MoveKind::kRun && move.kind <= MoveKind::kRunLate)
    return fmt::format("{} {}", TaskWords(world.tasks[move.which]), words);
  return words;
}

}  // namespace closure::exploration
