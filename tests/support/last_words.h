// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_LAST_WORDS_H_
#define CLOSURE_TESTS_SUPPORT_LAST_WORDS_H_

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <string>

namespace closure {

// What a process says on standard error that `die` ends with SIGABRT, which is checked. It is a copy of this one, which
// may have no other threads.
inline std::string LastWordsOf(const std::function<void()>& die) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // past the test's own handler
    dup2(ends[1], STDERR_FILENO);
    die();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char buffer[512];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof(buffer))) > 0;)
    words.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
  return words;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_LAST_WORDS_H_
