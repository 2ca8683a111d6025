// SPDX-License-Identifier: Apache-2.0
#include "queue_file.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace queues {
namespace {

// What stands behind the account; whether it can be read.
bool ReadLine(std::istringstream& line, Account& account) {
  std::string word;
  if (!(line >> word)) return false;
  if (word == "hangs") return account.hangs = true;
  if (word == "down") return account.is_down = true;
  if (word[0] == '*') {
    const int count = std::atoi(word.c_str() + 1);
    for (int i = 0; i < count; ++i) account.queues.push_back({"queue-" + std::to_string(i), 1});
    return count > 0;
  }
  int messages = 0;
  if (!(line >> messages) || messages < 0) return false;
  account.queues.push_back({word, messages});
  return true;
}

}  // namespace

std::string ReadQueueFile(const std::string& path, std::map<std::string, Account>& accounts) {
  std::ifstream file(path);
  if (!file.is_open()) return path + " cannot be read";
  int number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    if (text.empty() || text[0] == '#') continue;
    std::istringstream line(text);
    std::string id;
    line >> id;
    if (!ReadLine(line, accounts[id]))
      return path + ":" + std::to_string(number) + ": a line is ACCOUNT QUEUE MESSAGES";
  }
  return file.bad() ? path + " cannot be read to its end" : "";
}

std::string RequireVariable(const char* name) {
  const char* const value = std::getenv(name);
  if (value != nullptr && *value != '\0') return value;
  std::fprintf(stderr, "queues: set %s, the file to use\n", name);
  std::exit(2);
}

}  // namespace queues
