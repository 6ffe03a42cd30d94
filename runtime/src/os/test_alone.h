// TEST_ALONE(Suite, Name) { … }: a test whose body runs in a process of its own, started by exec. For code that forks
// and therefore needs a process with one thread, whatever the tests before it have left running.
#pragma once

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace openskills {

inline constexpr const char* kAloneVariable = "OPENSKILLS_TEST_ALONE";

inline bool running_alone() { return std::getenv(kAloneVariable) != nullptr; }

// Runs one test of this program in a fresh process; gives its wait status, 0 when it passed.
inline int run_alone(const std::string& test) {
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=" + test;
  std::string brief = "--gtest_brief=1";
  std::string mark = std::string(kAloneVariable) + "=1";
  std::vector<char*> arguments = {program.data(), filter.data(), brief.data(), nullptr};
  std::vector<char*> environment = {mark.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  pid_t pid = -1;
  if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments.data(), environment.data()) != 0) return -1;
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace openskills

#define TEST_ALONE(suite, name)                                                  \
  static void suite##_##name##_alone();                                          \
  TEST(suite, name) {                                                            \
    if (::openskills::running_alone()) return suite##_##name##_alone();          \
    EXPECT_EQ(::openskills::run_alone(#suite "." #name), 0) << "in its process"; \
  }                                                                              \
  static void suite##_##name##_alone()
