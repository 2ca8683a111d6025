// SPDX-License-Identifier: Apache-2.0
// Prints what `./dev docs` writes to docs/machine.md; fails when it could not print all of it.
#include <cstdio>

#include "server/machine.h"

int main() {
  const bool printed = std::fputs(closure::MachineDrawing().c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return printed ? 0 : 1;
}
