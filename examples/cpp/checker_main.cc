// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "checkers/serve/serve.h"
#include "queues_checker.h"

int main(int argc, char** argv) {
  return closure::ServeChecker(std::make_shared<queues::QueuesChecker>(queues::RequireVariable("QUEUE_FILE")), argc,
                               argv);
}
