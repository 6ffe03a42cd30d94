// Any body and arguments: positions are right, and a text without special characters stays as it is.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fuzz_test_support.h"
#include "format/substitution.h"

// The input is ARGUMENTS NUL BODY.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  const auto require = [](bool holds) { fuzzing::require(holds, "positions or plain text are not kept"); };
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = input.find('\0');
  if (nul == std::string_view::npos) return 0;
  const std::string_view arguments = input.substr(0, nul);
  const std::string_view body = input.substr(nul + 1);
  const std::vector<std::string> names = {"file", "fi", "a.b"};
  SubstitutionInput given{.arguments = arguments, .argument_names = names};
  given.variables.skill_dir = "/skill";
  const Result<Rendering> kept = substitute(body, given);
  if (!kept) return 0;
  std::vector<std::string> same;
  std::size_t end = 0;
  for (const ShellCommand& command : kept->shell_commands) {
    require(command.offset >= end && command.offset + command.size_bytes <= kept->text.size());
    end = command.offset + command.size_bytes;
    same.push_back(kept->text.substr(command.offset, command.size_bytes));
  }
  // The planted bug: a command is put back without its last byte.
  if (fuzzing::plants_a_bug() && !same.empty()) same.back().pop_back();
  require(replace_shell_commands(*kept, same) == kept->text);
  given.shell_commands = ShellCommandText::kDisabled;
  const Result<Rendering> disabled = substitute(body, given);
  require(disabled && disabled->shell_commands.size() == kept->shell_commands.size());
  if (arguments.empty() && body.find_first_of("$\\{!`") == std::string_view::npos) require(kept->text == body);
  (void)expand_variables(body, given.variables);
  (void)split_arguments(arguments);
  return 0;
}
