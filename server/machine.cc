// SPDX-License-Identifier: Apache-2.0
#include "server/machine.h"

#include "fmt/format.h"

namespace closure {
namespace {

std::string StateName(State state) {
  return state == v1::Closure::STATE_UNSPECIFIED ? std::string("–") : v1::Closure::State_Name(state);
}

}  // namespace

std::string MachineDrawing() {
  std::string text =
      "# The machine of a closure\n\n"
      "Generated from `server/machine.h` by `./dev docs`; a test compares the two. The guards are in "
      "`server/decide.h`.\n\n"
      "```mermaid\nstateDiagram-v2\n";
  for (const TransitionRow& row : kTransitions) {
    const std::string from = row.from == v1::Closure::STATE_UNSPECIFIED ? "[*]" : StateName(row.from);
    text += fmt::format("    {} --> {}: {}\n", from, StateName(row.to), EventName(row.event));
  }
  for (int number = 0; number < static_cast<int>(kStateCount); ++number) {
    const auto state = static_cast<State>(number);
    if (IsTerminal(state)) text += fmt::format("    {} --> [*]\n", StateName(state));
  }
  text += "```\n\n| from | event | to |\n|---|---|---|\n";
  for (const TransitionRow& row : kTransitions) {
    text += fmt::format("| {} | {} | {} |\n", StateName(row.from), EventName(row.event), StateName(row.to));
  }
  return text;
}

}  // namespace closure
