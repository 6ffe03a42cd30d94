// expect_run: what a program that runs one script calls as soon as it knows which that may be.
//
// Thread rule: a process with one thread; in any other it does nothing.
// Loading a guest's code takes as long as finding the skill and planning its run. A child forked at once does it
// meanwhile, and carries the run then (wasm/prepared_child.h).
#pragma once

#include <string>
#include <vector>

namespace openskills {

struct ExpectedRun {
  // Words one of which is the script's name ("scripts/x.py") or the command ("python3"): the first one that a guest is
  // known for counts.
  std::vector<std::string> programs;
  std::vector<std::string> guest_directories = {};  // as in RuntimeOptions
  std::string cache_directory = {};
};

// A hint: nothing fails, and another run may come instead, or none. A child that finds no guest for any of the words
// leaves.
void expect_run(const ExpectedRun& run);

// No run comes any more: ends a child that waits for one and waits for its end, so that nobody else has to.
void expect_no_run();

}  // namespace openskills
