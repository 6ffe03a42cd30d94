#include "run/command_line.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace openskills {
namespace {

// How an interpreter's options are told from its script.
struct OptionSyntax {
  std::string_view language;
  std::array<std::string_view, 4> takes_value;   // the next argument belongs to the option
  std::array<std::string_view, 4> ends_options;  // what follows is the program itself: "-c CODE", "-m MODULE", "-"
};

constexpr OptionSyntax kSyntaxes[] = {
    {"python", {"-W", "-X", "--check-hash-based-pycs"}, {"-c", "-m", "-"}},
    {"javascript", {"-r", "--require", "--import"}, {"-e", "-p", "--eval", "-"}},
    {"shell", {"-o", "+o", "-O"}, {"-c", "-s", "-"}},
};

// Interpreters that SKILL.md files name and a guest may answer to one day; anything else is a program of the host.
constexpr std::string_view kKnownInterpreters[] = {
    "python", "python3", "node", "nodejs", "deno", "bun", "npx",     "tsx",  "ts-node", "bash", "sh",
    "zsh",    "dash",    "ruby", "perl",   "php",  "lua", "Rscript", "pwsh", "uv",      "uvx",
};

template <class Range>
bool contains(const Range& range, std::string_view text) {
  return std::find(std::begin(range), std::end(range), text) != std::end(range);
}

const OptionSyntax& syntax_of(std::string_view language) {
  // Of a language that is a pack's own, only what is common to all: options begin with a hyphen.
  static constexpr OptionSyntax kPlain{"", {}, {"-"}};
  for (const OptionSyntax& syntax : kSyntaxes) {
    if (syntax.language == language) return syntax;
  }
  return kPlain;
}

CommandLine parse_interpreter(const GuestPack& pack, const std::vector<std::string>& command, std::size_t at) {
  const OptionSyntax& syntax = syntax_of(pack.language);
  CommandLine line;
  line.interpreter = &pack;
  const auto rest_from = [&](std::size_t begin) {
    line.arguments.assign(command.begin() + static_cast<std::ptrdiff_t>(std::min(begin, command.size())),
                          command.end());
  };
  for (; at < command.size(); ++at) {
    const std::string& argument = command[at];
    if (!argument.starts_with('-')) {
      line.script = argument;
      rest_from(at + 1);
      return line;
    }
    // "-cCODE" and "-mMODULE" carry their value themselves.
    const bool joined =
        argument.size() > 2 && argument[1] != '-' && contains(syntax.ends_options, argument.substr(0, 2));
    if (joined || contains(syntax.ends_options, argument)) {
      rest_from(at);
      return line;
    }
    line.options.push_back(argument);
    if (contains(syntax.takes_value, argument) && at + 1 < command.size()) line.options.push_back(command[++at]);
  }
  return line;
}

// "uv run [--option …] [python] SCRIPT …" is the Python script; of uv's own options only those that name packages have a
// meaning here. "-m MODULE" and "--module MODULE" are Python's.
std::size_t skip_uv_run(const std::vector<std::string>& command, std::vector<std::string>& requirements) {
  constexpr std::string_view kTakesValue[] = {"--with",  "--python",      "-p",      "--project",    "--directory",
                                              "--extra", "--index-url",   "--index", "--env-file",   "--group",
                                              "--only-group", "--no-group", "--package", "--with-requirements",
                                              "--with-editable", "--cache-dir", "--color", "--config-file"};
  constexpr std::string_view kWith = "--with=";
  std::size_t at = 2;
  while (at < command.size() && command[at].starts_with("-") && command[at] != "-" && command[at] != "-m") {
    if (command[at] == "--") return at + 1;
    if (command[at].starts_with(kWith)) requirements.push_back(command[at].substr(kWith.size()));
    if (command[at] == "--with" && at + 1 < command.size()) requirements.push_back(command[at + 1]);
    at += contains(kTakesValue, command[at]) ? 2 : 1;
  }
  return at;
}

// "python", "python3" and "python3.x" of another minor version: a script says which Python it was written with, and
// the guest's stands for all of them.
bool names_python(std::string_view name) {
  constexpr std::string_view kPython3 = "python3.";
  if (!name.starts_with(kPython3) || name.size() == kPython3.size()) return false;
  return std::all_of(name.begin() + kPython3.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool names_a_script(const std::string& command) {
  return command.find('/') != std::string::npos || command.find('.') != std::string::npos;
}

}  // namespace

Result<CommandLine> parse_command_line(const GuestRegistry& guests, const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty()) {
    return fail_with_hint(ErrorCode::kInvalidArgument, "there is no command to run",
                          "give it after --, e.g. openskills exec -- python3 scripts/x.py");
  }
  const std::string& program = command.front();
  if (program == "uv" && command.size() > 2 && command[1] == "run") {
    std::vector<std::string> requirements;
    std::size_t at = skip_uv_run(command, requirements);
    const bool names_interpreter =
        at < command.size() && (guests.find_interpreter(command[at]) != nullptr || names_python(command[at]));
    if (names_interpreter) ++at;
    if (const GuestPack* python = guests.find_language("python")) {
      CommandLine line = parse_interpreter(*python, command, at);
      line.requirements = std::move(requirements);
      return line;
    }
  }
  // "/usr/bin/python3" and "/usr/bin/env python3" mean the same guest.
  const bool from_system = program.starts_with("/usr/") || program.starts_with("/bin/");
  const std::string name = from_system ? base_name(program) : program;
  if (name == "env" && command.size() > 1) {
    // All of them at once: a call for each would be as deep as the command is long.
    const auto first = std::find_if(command.begin() + 1, command.end(), [](const std::string& argument) {
      return !argument.starts_with('-') && base_name(argument) != "env";
    });
    return parse_command_line(guests, std::vector<std::string>(first, command.end()));
  }
  const GuestPack* pack = guests.find_interpreter(name);
  if (pack == nullptr && names_python(name)) pack = guests.find_language("python");
  if (pack != nullptr) return parse_interpreter(*pack, command, 1);
  if (name == "python" || name == "python3" || names_python(name) || (name == "uv" && command.size() > 2 && command[1] == "run")) {
    return fail_with_hint(ErrorCode::kGuestMissing,
                          fmt::format("'{}' needs the Python guest, which is not installed", name),
                          guests.mend_missing_guest());
  }
  if (contains(kKnownInterpreters, name)) {
    return fail_with_hint(ErrorCode::kTierUnavailable,
                          fmt::format("'{}' has no guest here, and there is no native tier in this version", name),
                          "openskills guests list shows the guests that are installed");
  }
  if (!from_system && names_a_script(program)) {
    CommandLine line;
    line.script = program;
    line.arguments.assign(command.begin() + 1, command.end());
    return line;
  }
  return fail_with_hint(ErrorCode::kInterpreterNotFound,
                        fmt::format("'{}' is neither an interpreter that OpenSkills provides nor a script", program),
                        "programs of the host are never run; name an interpreter or a script's path");
}

}  // namespace openskills
