#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>

#include "base/utf8.h"
#include "catalog/lint_checks.h"
#include "catalog/visible_text.h"
#include "format/frontmatter.h"
#include "format/substitution.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxBodyLines = 500;
constexpr std::size_t kMaxBodyCharacters = 20'000;  // about 5,000 tokens
constexpr std::size_t kMinDescriptionCharacters = 40;
constexpr std::string_view kSkillMd = "SKILL.md";

// How keys that services give out begin, and how many characters follow at least.
struct SecretForm {
  std::string_view prefix;
  std::size_t min_rest;
  std::string_view what;
};

constexpr SecretForm kSecretForms[] = {
    {"AKIA", 16, "an AWS access key"}, {"ASIA", 16, "an AWS access key"},   {"ghp_", 30, "a GitHub token"},
    {"gho_", 30, "a GitHub token"},    {"ghs_", 30, "a GitHub token"},      {"github_pat_", 30, "a GitHub token"},
    {"glpat-", 20, "a GitLab token"},  {"sk-ant-", 24, "an Anthropic key"}, {"sk-proj-", 24, "an OpenAI key"},
    {"sk_live_", 20, "a Stripe key"},  {"xoxb-", 20, "a Slack token"},      {"xoxp-", 20, "a Slack token"},
    {"AIza", 35, "a Google key"},      {"hf_", 30, "a Hugging Face token"}, {"npm_", 36, "an npm token"},
    {"SG.", 40, "a SendGrid key"},
};

bool is_token_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

// Placeholders repeat a few characters or have no digit: "ghp_xxxxxxxx", "sk-ant-your-key-goes-here".
bool looks_random(std::string_view token) noexcept {
  std::array<bool, 256> seen{};
  std::size_t different = 0;
  bool digit = false;
  for (const char c : token) {
    if (!std::exchange(seen[static_cast<unsigned char>(c)], true)) ++different;
    digit = digit || (c >= '0' && c <= '9');
  }
  const bool example =
      token.find("EXAMPLE") != std::string_view::npos || token.find("1234567") != std::string_view::npos;
  return digit && different >= 10 && !example;
}

void check_secrets(const std::string& path, std::string_view text, std::vector<LintFinding>& findings) {
  constexpr std::string_view kMend = "remove it, and make it invalid where it is valid: whoever has the skill has it";
  const auto report = [&](std::size_t at, std::string_view what) {
    findings.push_back(make_finding(LintCode::kSecretLikeText, Severity::kError,
                                    fmt::format("this looks like {}", what), path, position_of(text, at),
                                    std::string(kMend)));
  };
  for (const SecretForm& form : kSecretForms) {
    for (std::size_t at = text.find(form.prefix); at != std::string_view::npos; at = text.find(form.prefix, at + 1)) {
      if (at > 0 && is_token_character(text[at - 1])) continue;
      const std::size_t begin = at + form.prefix.size();
      std::size_t end = begin;
      while (end < text.size() && is_token_character(text[end])) ++end;
      if (end - begin >= form.min_rest && looks_random(text.substr(begin, end - begin))) report(at, form.what);
    }
  }
  constexpr std::string_view kKeyEnd = " PRIVATE KEY-----\n";
  for (std::size_t at = text.find(kKeyEnd); at != std::string_view::npos; at = text.find(kKeyEnd, at + 1)) {
    const std::size_t begin = text.rfind("-----BEGIN", at);
    const std::string_view line = text.substr(at + kKeyEnd.size(), 64);
    const bool is_key = begin != std::string_view::npos && at - begin < 40 && line.size() == 64 &&
                        line.find_first_of(" .<\n") == std::string_view::npos;
    if (is_key) report(begin, "a private key");
  }
}

void check_characters(const std::string& path, std::string_view text, std::vector<LintFinding>& findings) {
  std::size_t hidden = 0;
  std::size_t first_hidden = 0;
  std::size_t bidi = 0;
  std::size_t first_bidi = 0;
  std::uint32_t first_code_point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    // Almost everything: neither a control character nor the beginning of anything that is hidden.
    if ((byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\r' || byte == '\t') {
      ++at;
      continue;
    }
    const TextCharacter character = character_at(text, at);
    // A mark at the very beginning is the encoding's, and validation speaks of it. ESC and form feeds occur in code.
    const bool excused = (at == 0 && character.code_point == 0xFEFF) || character.code_point < 0x20;
    if (is_bidi_control(character.code_point)) {
      if (bidi++ == 0) first_bidi = at;
    } else if (!excused && is_hidden_character(character.code_point)) {
      if (hidden++ == 0) {
        first_hidden = at;
        first_code_point = character.code_point;
      }
    }
    at += character.bytes;
  }
  if (hidden > 0) {
    const bool tags = first_code_point >= 0xE0000;
    findings.push_back(make_finding(
        LintCode::kHiddenCharacters, tags ? Severity::kError : Severity::kWarning,
        fmt::format("{} invisible character{}, the first U+{:04X}: a model reads what a person does not see", hidden,
                    hidden == 1 ? "" : "s", first_code_point),
        path, position_of(text, first_hidden), "remove them"));
  }
  if (bidi > 0) {
    findings.push_back(
        make_finding(LintCode::kBidiControls, Severity::kError,
                     fmt::format("{} control{} of the writing direction: the text is not read as it is shown", bidi,
                                 bidi == 1 ? "" : "s"),
                     path, position_of(text, first_bidi), "remove them"));
  }
}

void check_downloads(const std::string& path, std::string_view text, std::vector<LintFinding>& findings) {
  for (const std::string_view loader : {"curl ", "wget "}) {
    for (std::size_t at = text.find(loader); at != std::string_view::npos; at = text.find(loader, at + 1)) {
      const std::string_view line = text.substr(at, text.find('\n', at) - at);
      const std::size_t pipe = line.find('|');
      if (pipe == std::string_view::npos) continue;
      std::string_view target = trim(line.substr(pipe + 1));
      if (target.starts_with("sudo ")) target.remove_prefix(5);
      const std::string_view program =
          target.substr(0, target.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"));
      const bool shell = program == "sh" || program == "bash" || program == "zsh" || program == "python3" ||
                         program == "python" || program == "node";
      if (!shell) continue;
      findings.push_back(make_finding(LintCode::kPipeToShell, Severity::kWarning,
                                      fmt::format("what is downloaded is run unseen: {}", shorten(line, 80)), path,
                                      position_of(text, at), "bundle the script, or pin and check what is loaded"));
    }
  }
}

}  // namespace

void check_text(const std::string& path, std::string_view text, std::vector<LintFinding>& findings) {
  check_characters(path, text, findings);
  check_secrets(path, text, findings);
  check_downloads(path, text, findings);
}

void check_instructions(const Manifest& manifest, std::string_view text, std::vector<LintFinding>& findings) {
  const std::string path(kSkillMd);
  const auto report = [&](LintCode code, Severity severity, std::string message, Position at, std::string mend) {
    findings.push_back(make_finding(code, severity, std::move(message), path, at, std::move(mend)));
  };
  const std::string& body = manifest.body;
  const Position body_at = position_of(text, std::min(manifest.body_offset, text.size()));
  if (body.empty()) {
    report(LintCode::kBodyEmpty, Severity::kWarning, "there are no instructions after the frontmatter", {},
           "say what to do when the skill is activated");
  }
  const auto lines = static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n')) + 1;
  const std::size_t characters = is_utf8(body) ? count_code_points(body) : body.size();
  if (lines > kMaxBodyLines || characters > kMaxBodyCharacters) {
    report(LintCode::kBodyTooLong, Severity::kWarning,
           fmt::format("the instructions have {} lines and {} characters; {} and about {} are advised", lines,
                       characters, kMaxBodyLines, kMaxBodyCharacters),
           body_at, "move details into files under references/ that are read when they are needed");
  }
  const std::string& description = manifest.description;
  const std::size_t tag = description.find('<');
  if (tag != std::string::npos && tag + 1 < description.size() &&
      (description[tag + 1] == '/' || description[tag + 1] == '!' ||
       std::isalpha(static_cast<unsigned char>(description[tag + 1])) != 0)) {
    report(LintCode::kDescriptionMarkup, Severity::kWarning, "the description has what looks like a tag", {},
           "write it in plain words: some services refuse < and >");
  }
  if (is_utf8(description) && count_code_points(description) < kMinDescriptionCharacters) {
    report(LintCode::kDescriptionShort, Severity::kInfo, "the description says little", {},
           "say what the skill does and when it is to be used: the model chooses by it");
  }
  for (const std::string& rule : manifest.allowed_tool_rules) {
    if (rule == "Bash" || rule == "Bash(*)") {
      report(LintCode::kToolsUnrestricted, Severity::kInfo, fmt::format("allowed-tools asks for '{}'", rule), {},
             "name the commands, as in Bash(git status *)");
    }
  }
  const Result<Rendering> rendering = substitute(body, {});
  if (!rendering) return;
  for (const ShellCommand& command : rendering->shell_commands) {
    report(LintCode::kCommandInText, Severity::kWarning,
           fmt::format("some clients run this before a model sees the text: {}", shorten(command.command, 80)),
           {body_at.line + command.line - 1, 1}, "clients that do not run it show it as it is");
  }
}

}  // namespace openskills
