// SPDX-License-Identifier: Apache-2.0
// The program `closured` as it is shipped, with the built-in checkers alone.
#include "server/closured_main.h"

int main(int argc, char** argv) { return closure::ClosuredMain(argc, argv); }
