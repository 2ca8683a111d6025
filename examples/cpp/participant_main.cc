// SPDX-License-Identifier: Apache-2.0
#include "checkers/serve/serve.h"
#include "queue_file.h"
#include "queues_participant.h"

int main(int argc, char** argv) {
  queues::QueuesParticipant participant(queues::RequireVariable("QUEUE_JOURNAL"));
  return closure::ServeServices("Serves the participant \"queues\" to closured.", {&participant}, argc, argv);
}
