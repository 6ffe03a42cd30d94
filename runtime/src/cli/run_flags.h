// The flags of run, exec and wasm, and how they become RunOptions.
//
// Thread rule: the program's main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "openskills/options.h"

namespace openskills::cli {

struct RunFlags {
  std::optional<std::string> workspace;
  std::string workspace_access = "rw";
  std::string cwd = "workspace";
  std::string tier = "auto";
  std::string isolation = "process";
  bool accept_missing_layers = false;
  std::string timeout = "30s";
  std::string memory = "256M";
  std::string output_limit = "1M";
  bool ignore_requirements = false;
  std::string digest;  // expected of the skill
  std::vector<std::string> environment;
  std::vector<std::string> mounts;
  std::optional<std::uint64_t> seed;
  std::string clock;
  std::string stdin_source;
  bool events = false;
  std::string artifacts;
};

// Which of the flags a command has: a bare module has no workspace.
enum class FlagSet : std::uint8_t { kSkill, kModule };

void declare_run_flags(CLI::App& command, RunFlags& flags, FlagSet set);

// Errors: kInvalidArgument naming the flag and what it takes.
[[nodiscard]] Result<RunOptions> to_run_options(const RunFlags& flags);

// "500ms", "30s", "2m" or "1.5s".
[[nodiscard]] Result<std::uint64_t> parse_duration_ms(const std::string& text);

// "64K", "256M", "1G" or a number of bytes; powers of 1024.
[[nodiscard]] Result<std::uint64_t> parse_size_bytes(const std::string& text);

// RFC 3339, e.g. "2026-01-02T03:04:05Z", as nanoseconds since 1970.
[[nodiscard]] Result<std::int64_t> parse_rfc3339_ns(const std::string& text);

}  // namespace openskills::cli
