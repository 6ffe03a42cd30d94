#include "format/substitution.h"

#include <algorithm>
#include <array>
#include <utility>

namespace openskills {
namespace {

constexpr std::string_view kArguments = "ARGUMENTS";
constexpr std::string_view kBaseDir = "{baseDir}";
constexpr std::string_view kFence = "```!";
constexpr std::size_t kMaxIndexDigits = 6;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_word(char c) noexcept { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

struct Variable {
  std::string_view text;
  std::optional<std::string> SubstitutionVariables::* value;
};

constexpr std::array<Variable, 6> kVariables = {{
    {"${CLAUDE_SKILL_DIR}", &SubstitutionVariables::skill_dir},
    {"${CLAUDE_PROJECT_DIR}", &SubstitutionVariables::project_dir},
    {"${CLAUDE_SESSION_ID}", &SubstitutionVariables::session_id},
    {"${CLAUDE_EFFORT}", &SubstitutionVariables::effort},
    {"${CLAUDE_PLUGIN_ROOT}", &SubstitutionVariables::plugin_root},
    {"${CLAUDE_PLUGIN_DATA}", &SubstitutionVariables::plugin_data},
}};

// What stands at a place of the text: how long it is and what it becomes; without a value it stays.
struct Placeholder {
  std::size_t size = 0;
  std::optional<std::string_view> value;
  bool takes_arguments = false;
};

std::optional<Placeholder> variable_at(std::string_view text, const SubstitutionVariables& variables) {
  for (const Variable& variable : kVariables) {
    if (!text.starts_with(variable.text)) continue;
    const std::optional<std::string>& value = variables.*variable.value;
    if (!value) return std::nullopt;
    return Placeholder{variable.text.size(), *value};
  }
  return std::nullopt;
}

// The number at the beginning of the text, or nothing; a number of many digits is an index that nothing has.
struct Index {
  std::size_t digits = 0;
  std::size_t value = 0;
};

std::optional<Index> index_at(std::string_view text) noexcept {
  Index index;
  while (index.digits < text.size() && is_digit(text[index.digits])) {
    if (index.digits < kMaxIndexDigits)
      index.value = index.value * 10 + static_cast<std::size_t>(text[index.digits] - '0');
    ++index.digits;
  }
  if (index.digits == 0) return std::nullopt;
  if (index.digits > kMaxIndexDigits) index.value = std::string_view::npos;
  return index;
}

class Substituter {
 public:
  Substituter(std::string_view text, const SubstitutionInput& input)
      : text_(text),
        input_(input),
        names_(input.argument_names.first(std::min(input.argument_names.size(), kMaxArgumentNames))),
        values_(split_arguments(input.arguments)) {}

  Result<Rendering> run();

 private:
  // The placeholder for arguments at `at`, where a '$' stands.
  [[nodiscard]] std::optional<Placeholder> argument_at(std::size_t at) const;
  [[nodiscard]] std::optional<Placeholder> name_at(std::string_view rest) const;
  [[nodiscard]] std::optional<std::string_view> value_at(std::size_t index) const {
    if (index >= values_.size()) return std::nullopt;
    return values_[index];
  }
  [[nodiscard]] bool ends_word(std::size_t at) const { return at >= text_.size() || !is_word(text_[at]); }

  // Where a command begins and ends in the text, and its own text within.
  struct CommandRange {
    std::size_t end = 0;
    std::size_t command_begin = 0;
    std::size_t command_end = 0;
    bool is_script = false;
  };
  [[nodiscard]] std::optional<CommandRange> command_at(std::size_t at);
  [[nodiscard]] std::optional<CommandRange> script_at(std::size_t at);

  bool append(std::string_view text) {
    if (text.size() > kMaxRenderedBytes - rendering_.text.size()) return false;
    rendering_.text += text;
    return true;
  }
  // Renders up to `end` without looking for commands. False: too large.
  bool render_plain(std::size_t end);
  bool render_command(const CommandRange& range);
  bool render_escape(std::size_t end);

  std::string_view text_;
  const SubstitutionInput& input_;
  std::span<const std::string> names_;
  std::vector<std::string> values_;
  Rendering rendering_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // up to where line ends are counted in line_
  std::uint32_t line_ = 1;
  bool took_arguments_ = false;
  bool no_fence_closes_ = false;  // from some place on; not searched again
};

std::optional<Placeholder> Substituter::name_at(std::string_view rest) const {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::string& name = names_[i];
    if (name.empty() || !rest.starts_with(name)) continue;
    if (rest.size() > name.size() && (is_word(rest[name.size()]) || rest[name.size()] == '[')) continue;
    if (!found || name.size() > names_[*found].size()) found = i;
  }
  if (!found) return std::nullopt;
  return Placeholder{1 + names_[*found].size(), value_at(*found).value_or(""), true};
}

std::optional<Placeholder> Substituter::argument_at(std::size_t at) const {
  const std::string_view rest = text_.substr(at + 1);
  if (const auto index = index_at(rest)) {
    if (!ends_word(at + 1 + index->digits)) return std::nullopt;
    return Placeholder{1 + index->digits, value_at(index->value), true};
  }
  if (rest.starts_with(kArguments)) {
    const std::size_t end = at + 1 + kArguments.size();
    if (end < text_.size() && text_[end] == '[') {
      const auto index = index_at(text_.substr(end + 1));
      if (index && end + 1 + index->digits < text_.size() && text_[end + 1 + index->digits] == ']') {
        return Placeholder{1 + kArguments.size() + index->digits + 2, value_at(index->value), true};
      }
    }
    if (ends_word(end)) return Placeholder{1 + kArguments.size(), input_.arguments, true};
  }
  return name_at(rest);
}

std::optional<Substituter::CommandRange> Substituter::script_at(std::size_t at) {
  if (no_fence_closes_ || !text_.substr(at).starts_with(kFence)) return std::nullopt;
  if (at > 0 && text_[at - 1] != '\n' && text_[at - 1] != '\r') return std::nullopt;
  const std::size_t begin = text_.find('\n', at);
  if (begin == std::string_view::npos) return std::nullopt;
  for (std::size_t line = begin + 1; line < text_.size();) {
    const std::size_t feed = std::min(text_.find('\n', line), text_.size());
    std::string_view content = text_.substr(line, feed - line);
    while (!content.empty() && is_blank(content.back())) content.remove_suffix(1);
    if (content == "```") return CommandRange{line + content.size(), begin + 1, line, true};
    line = feed + 1;
  }
  no_fence_closes_ = true;
  return std::nullopt;
}

std::optional<Substituter::CommandRange> Substituter::command_at(std::size_t at) {
  if (text_[at] == '`') return script_at(at);
  if (text_[at] != '!' || at + 2 >= text_.size() || text_[at + 1] != '`' || text_[at + 2] == '`') return std::nullopt;
  if (at > 0 && !is_blank(text_[at - 1])) return std::nullopt;
  const std::size_t end = text_.find_first_of("`\n\r", at + 2);
  if (end == std::string_view::npos || text_[end] != '`') return std::nullopt;
  return CommandRange{end + 1, at + 2, end, false};
}

// At a run of backslashes: an odd one before a placeholder for arguments escapes it.
bool Substituter::render_escape(std::size_t end) {
  std::size_t after = at_;
  while (after < end && text_[after] == '\\') ++after;
  const bool odd = (after - at_) % 2 == 1;
  const std::optional<Placeholder> escaped =
      odd && after < end && text_[after] == '$' ? argument_at(after) : std::nullopt;
  if (!escaped || after + escaped->size > end) {
    const bool fits = append(text_.substr(at_, after - at_));
    at_ = after;
    return fits;
  }
  const bool fits = append(text_.substr(at_, after - at_ - 1)) && append(text_.substr(after, escaped->size));
  at_ = after + escaped->size;
  return fits;
}

bool Substituter::render_plain(std::size_t end) {
  while (at_ < end) {
    const std::size_t next = std::min(text_.substr(0, end).find_first_of("\\${", at_), end);
    if (!append(text_.substr(at_, next - at_))) return false;
    at_ = next;
    if (at_ == end) break;
    if (text_[at_] == '\\') {
      if (!render_escape(end)) return false;
      continue;
    }
    std::optional<Placeholder> found;
    if (text_[at_] == '$') {
      found = variable_at(text_.substr(at_), input_.variables);
      if (!found) found = argument_at(at_);
    } else if (text_.substr(at_).starts_with(kBaseDir) && (at_ == 0 || text_[at_ - 1] != '$')) {
      if (input_.variables.skill_dir) found = Placeholder{kBaseDir.size(), *input_.variables.skill_dir};
    }
    if (found && at_ + found->size <= end && found->value) {
      took_arguments_ = took_arguments_ || found->takes_arguments;
      if (!append(*found->value)) return false;
      at_ += found->size;
    } else {
      if (!append(text_.substr(at_, 1))) return false;
      ++at_;
    }
  }
  return true;
}

bool Substituter::render_command(const CommandRange& range) {
  line_ += static_cast<std::uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                                 text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'));
  counted_ = at_;
  ShellCommand command;
  command.line = line_;
  command.is_script = range.is_script;
  command.offset = rendering_.text.size();
  if (!append(text_.substr(at_, range.command_begin - at_))) return false;
  const std::size_t begin = rendering_.text.size();
  at_ = range.command_begin;
  if (!render_plain(range.command_end)) return false;
  command.command = rendering_.text.substr(begin);
  if (range.is_script && command.command.ends_with('\n')) command.command.pop_back();
  if (!append(text_.substr(range.command_end, range.end - range.command_end))) return false;
  at_ = range.end;
  if (input_.shell_commands == ShellCommandText::kDisabled) {
    rendering_.text.resize(command.offset);
    if (!append(kShellCommandDisabled)) return false;
  }
  command.size_bytes = rendering_.text.size() - command.offset;
  rendering_.shell_commands.push_back(std::move(command));
  return true;
}

Result<Rendering> Substituter::run() {
  bool fits = true;
  while (fits && at_ < text_.size()) {
    // A command begins with one of these two; what stands before it has none.
    std::size_t next = at_;
    std::optional<CommandRange> command;
    for (; next < text_.size() && !command; ++next) {
      next = text_.find_first_of("!`", next);
      if (next == std::string_view::npos) break;
      command = command_at(next);
      if (command) break;
    }
    fits = render_plain(command ? next : text_.size()) && (!command || render_command(*command));
  }
  if (fits && !took_arguments_ && !input_.arguments.empty()) {
    rendering_.arguments_appended = true;
    fits = append(rendering_.text.empty() ? "ARGUMENTS: " : "\n\nARGUMENTS: ") && append(input_.arguments);
  }
  if (!fits) {
    return fail_with_hint(ErrorCode::kTooLarge, "the instructions with their arguments put in are larger than 32 MiB",
                          "pass shorter arguments");
  }
  return std::move(rendering_);
}

std::vector<std::string> split_at_blanks(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    while (at < text.size() && !is_blank(text[at])) ++at;
    if (at > begin) words.emplace_back(text.substr(begin, at - begin));
    ++at;
  }
  return words;
}

}  // namespace

Result<Rendering> substitute(std::string_view body, const SubstitutionInput& input) {
  return Substituter(body, input).run();
}

std::string replace_shell_commands(const Rendering& rendering, std::span<const std::string> outputs) {
  const std::string_view text = rendering.text;
  std::string result;
  std::size_t at = 0;
  for (std::size_t i = 0; i < rendering.shell_commands.size() && i < outputs.size(); ++i) {
    const ShellCommand& command = rendering.shell_commands[i];
    result += text.substr(at, command.offset - at);
    result += outputs[i];
    at = command.offset + command.size_bytes;
  }
  result += text.substr(at);
  return result;
}

std::string expand_variables(std::string_view text, const SubstitutionVariables& variables) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<Placeholder> found = text[at] == '$' ? variable_at(text.substr(at), variables) : std::nullopt;
    result += found ? *found->value : text.substr(at, 1);
    at += found ? found->size : 1;
  }
  return result;
}

std::vector<std::string> split_arguments(std::string_view arguments) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const char c = arguments[i];
    const bool has_next = i + 1 < arguments.size();
    if (quote == '\'' || quote == '"') {
      const bool escapes =
          quote == '"' && c == '\\' && has_next && (arguments[i + 1] == '"' || arguments[i + 1] == '\\');
      if (c == quote) {
        quote = 0;
      } else {
        *word += escapes ? arguments[++i] : c;
      }
    } else if (is_blank(c)) {
      if (word) words.push_back(std::move(*word));
      word.reset();
    } else {
      if (!word) word.emplace();
      if (c == '\'' || c == '"') {
        quote = c;
      } else {
        *word += c == '\\' && has_next ? arguments[++i] : c;
      }
    }
  }
  if (quote != 0) return split_at_blanks(arguments);
  if (word) words.push_back(std::move(*word));
  return words;
}

}  // namespace openskills
