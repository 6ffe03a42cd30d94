// How a run shows on the command line: passed through, as one JSON outcome, or as events.
//
// Thread rule: the program's main thread.
#pragma once

#include <functional>

#include "cli/command.h"
#include "cli/run_flags.h"
#include "openskills/outcome.h"

namespace openskills::cli {

// Makes the run with the given options, shows it as the flags say, and gives the exit code. Ctrl-C cancels the run.
[[nodiscard]] int run_and_show(const GlobalFlags& global, const RunFlags& flags, RunOptions options,
                               const std::function<Outcome(const RunOptions&)>& run);

// Shows an outcome that is complete, as the flags say.
void show_outcome(const GlobalFlags& global, const RunFlags& flags, const Outcome& outcome);

// The exit code an outcome stands for.
[[nodiscard]] int exit_code_of(const Outcome& outcome) noexcept;

}  // namespace openskills::cli
