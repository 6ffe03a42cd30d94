// Reads a command line of a SKILL.md ("python3 -u scripts/x.py a b", "uv run x.py", "./scripts/x"), without a shell.
//
// Thread rule: pure functions over values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "guests/guest_pack.h"

namespace openskills {

struct CommandLine {
  const GuestPack* interpreter = nullptr;   // null: the script says what runs it; borrowed from the registry
  std::vector<std::string> options;         // the interpreter's own, before the script
  std::optional<std::string> script;        // none for "python3 -c …", "-m …" or "-"
  std::vector<std::string> arguments;       // what follows
  std::vector<std::string> requirements;    // packages the command itself asks for ("uv run --with NAME")
};

// Errors: kInvalidArgument for an empty command, kInterpreterNotFound for a program of the host, kTierUnavailable for an
// interpreter that is known and has no guest.
[[nodiscard]] Result<CommandLine> parse_command_line(const GuestRegistry& guests,
                                                     const std::vector<std::string>& command);

}  // namespace openskills
