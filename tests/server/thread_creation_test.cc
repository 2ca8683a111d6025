// SPDX-License-Identifier: Apache-2.0
// With server/thread_creation.cc linked in.
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "catch2/catch.hpp"

namespace closure {
namespace {

void* Return(void* argument) { return argument; }

// What a child process does that asks for a thread where there is no memory for its stack. A library asks the C library
// for it, not this program.
[[noreturn]] void AskForAThread(int error_output) {
  dup2(error_output, STDERR_FILENO);
  // Larger than any stack that the C library has kept of another thread.
  constexpr size_t kStackBytes = size_t{256} << 20;
  pthread_attr_t attributes;
  const bool large = pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, kStackBytes) == 0 &&
                     pthread_setattr_default_np(&attributes) == 0;
  constexpr rlimit kNothing = {0, 0};
  if (!large || setrlimit(RLIMIT_DATA, &kNothing) != 0) _exit(1);
  std::thread([] {}).detach();
  _exit(2);
}

TEST_CASE("a thread is made as ever", "[process_end]") {
  pthread_t thread;
  int argument = 0;
  void* result = nullptr;
  REQUIRE(pthread_create(&thread, nullptr, Return, &argument) == 0);
  REQUIRE(pthread_join(thread, &result) == 0);
  CHECK(result == &argument);
}

TEST_CASE("a process that gets no thread ends with 71 and says so", "[process_end]") {
  std::array<int, 2> pipe_ends = {};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) AskForAThread(pipe_ends[1]);
  close(pipe_ends[1]);
  std::string said(512, '\0');
  const ssize_t size = read(pipe_ends[0], said.data(), said.size());
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 71);
  REQUIRE(size > 0);
  CHECK_THAT(said, Catch::Contains("the process ends: there is no room for another thread left"));
}

}  // namespace
}  // namespace closure
