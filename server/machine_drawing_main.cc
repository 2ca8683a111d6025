// SPDX-License-Identifier: Apache-2.0
// Prints docs/machine.md; `./dev docs` writes it there.
#include <cstdio>

#include "server/machine.h"

int main() {
  std::fputs(closure::MachineDrawing().c_str(), stdout);
  return 0;
}
