// SPDX-License-Identifier: Apache-2.0
#ifndef EXAMPLES_CPP_QUEUE_FILE_H_
#define EXAMPLES_CPP_QUEUE_FILE_H_

#include <map>
#include <string>
#include <vector>

// The system that the examples stand for: message queues, kept in a text file with a line "ACCOUNT QUEUE MESSAGES" for
// each. In your own checker this is a client of your system.
namespace queues {

struct Queue {
  std::string name;
  int messages = 0;
};

struct Account {
  std::vector<Queue> queues;
  // Whether the system does not answer about this account, or says that it is down.
  bool hangs = false;
  bool is_down = false;
};

// Reads the file into `accounts`, by account id. Answers what is wrong, the file's line and all; empty when nothing is.
std::string ReadQueueFile(const std::string& path, std::map<std::string, Account>& accounts);

// The value of an environment variable. Ends the process with a message when it is not set.
std::string RequireVariable(const char* name);

}  // namespace queues

#endif  // EXAMPLES_CPP_QUEUE_FILE_H_
