// SPDX-License-Identifier: Apache-2.0
// closured with a checker of one's own among its built-in ones.
#include "server/closured_main.h"

#include "queues_checker.h"

int main(int argc, char** argv) {
  return closure::ClosuredMain(argc, argv,
                               {std::make_shared<queues::QueuesChecker>(queues::RequireVariable("QUEUE_FILE"))});
}
