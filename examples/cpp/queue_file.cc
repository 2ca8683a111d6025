// SPDX-License-Identifier: Apache-2.0
#include "queue_file.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace queues {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "queues: %s\n", what.c_str());
  std::exit(2);
}

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

std::map<std::string, Account> ReadQueueFile(const std::string& path) {
  std::ifstream file(path);
  if (!file.is_open()) Fail(path + " cannot be read");
  std::map<std::string, Account> accounts;
  int number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    if (text.empty() || text[0] == '#') continue;
    std::istringstream line(text);
    std::string id;
    line >> id;
    if (!ReadLine(line, accounts[id])) Fail(path + ":" + std::to_string(number) + ": a line is ACCOUNT QUEUE MESSAGES");
  }
  return accounts;
}

std::string RequireVariable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') Fail(std::string("set ") + name + ", see README.md");
  return value;
}

}  // namespace queues
