#include "catalog/activation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "base/utf8.h"
#include "catalog/resources.h"
#include "catalog/visible_text.h"
#include "openskills/invocation.h"
#include "os/files.h"

namespace openskills {
namespace {

// The names of the wrapper's tags. Text of the skill must not close or imitate them.
constexpr std::string_view kTagNames[] = {"skill_content", "skill_resources"};

Result<void> check_invocable(const Skill& skill, const Manifest& manifest, const ActivationOptions& options) {
  const InvokedBy invoked_by = options.invoked_by;
  if (options.visibility == SkillVisibility::kOff) {
    return fail_with_hint(ErrorCode::kSkillNotInvocable, fmt::format("the skill '{}' is switched off", skill.id),
                          "the settings' overrides of skills say so");
  }
  const bool kept_from_model =
      manifest.disable_model_invocation || options.visibility == SkillVisibility::kUserInvocableOnly;
  if (invoked_by == InvokedBy::kModel && kept_from_model) {
    return fail_with_hint(ErrorCode::kSkillNotInvocable,
                          fmt::format("the skill '{}' is not for the model to activate", skill.id),
                          fmt::format("ask the user to run it, e.g. as /{}", skill.id));
  }
  if (invoked_by == InvokedBy::kUser && !manifest.user_invocable) {
    return fail_with_hint(ErrorCode::kSkillNotInvocable,
                          fmt::format("the skill '{}' is not for the user to activate", skill.id),
                          "the model activates it when a task calls for it");
  }
  return {};
}

std::size_t skip_filling(std::string_view text, std::size_t at) noexcept {
  while (at < text.size()) {
    const TextCharacter character = character_at(text, at);
    const bool filling =
        character.code_point == ' ' || character.code_point == '\t' || is_hidden_character(character.code_point);
    if (!filling) break;
    at += character.bytes;
  }
  return at;
}

// Whether the '<' at `at` begins one of the wrapper's tags, open or close, however it is spelled.
bool begins_wrapper_tag(std::string_view text, std::size_t at) noexcept {
  at = skip_filling(text, at + 1);
  if (at < text.size() && text[at] == '/') at = skip_filling(text, at + 1);
  return std::any_of(std::begin(kTagNames), std::end(kTagNames), [&](std::string_view name) {
    std::size_t i = at;
    for (const char wanted : name) {
      i = skip_filling(text, i);
      if (i >= text.size() ||
          (text[i] != wanted && (text[i] < 'A' || text[i] > 'Z' || text[i] - 'A' + 'a' != wanted))) {
        return false;
      }
      ++i;
    }
    return true;
  });
}

// The text with every '<' that begins a tag of the wrapper as an entity; other bytes as they are.
std::string without_wrapper_tags(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t from = 0;;) {
    const std::size_t at = text.find('<', from);
    safe += text.substr(from, at - from);
    if (at == std::string_view::npos) return safe;
    safe += begins_wrapper_tag(text, at) ? "&lt;" : "<";
    from = at + 1;
  }
}

std::string one_line(std::string_view text) {
  std::string line = without_hidden_characters(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string wrap(const Skill& skill, std::string_view body, std::string_view directory,
                 const ActivationOptions& options, Activation& activation) {
  std::string text = fmt::format("<skill_content name=\"{}\">\n", escape_xml(one_line(skill.id)));
  text += without_wrapper_tags(body);
  text += fmt::format("\n\nSkill directory: {}\nRelative paths in this skill are relative to the skill directory.\n",
                      escape_xml(one_line(directory)));
  if (!options.variants.empty()) {
    text += "Skills of the same name in folders of the project, for work there:\n";
    for (const std::string& variant : options.variants) text += fmt::format("- {}\n", escape_xml(one_line(variant)));
  }
  if (!activation.files.empty()) {
    const std::size_t listed = std::min(activation.files.size(), options.max_listed_files);
    activation.files_not_listed = activation.files.size() - listed;
    text += "\n<skill_resources>\n";
    for (std::size_t i = 0; i < listed; ++i) {
      text += fmt::format("<file>{}</file>\n", escape_xml(one_line(activation.files[i])));
    }
    if (activation.files_not_listed > 0 || activation.files_truncated) {
      text += fmt::format("<!-- {}{} more files are not listed -->\n", activation.files_truncated ? "at least " : "",
                          activation.files_not_listed);
    }
    text += "</skill_resources>\n";
  }
  text += "</skill_content>\n";
  return text;
}

SubstitutionInput substitution_input(const Manifest& manifest, std::string_view directory,
                                     const ActivationOptions& options) {
  SubstitutionInput input;
  input.arguments = options.arguments;
  input.argument_names = manifest.arguments;
  input.variables.skill_dir = std::string(directory);
  if (!options.is_synced) {
    input.variables.project_dir = options.project_directory;
    input.variables.session_id = options.session_id;
  }
  input.variables.effort = options.effort;
  input.shell_commands =
      options.profile == Profile::kClaudeCode ? ShellCommandText::kDisabled : ShellCommandText::kKept;
  return input;
}

Result<void> list_files(const Skill& skill, Activation& activation) {
  TRY(ResourceListing listing, list_resources(skill));
  for (Resource& file : listing.files) activation.files.push_back(std::move(file.path));
  activation.files_truncated = listing.truncated;
  std::move(listing.diagnostics.begin(), listing.diagnostics.end(), std::back_inserter(activation.diagnostics));
  return {};
}

}  // namespace

Result<Activation> activate(const Skill& skill, const ActivationOptions& options) {
  Activation activation;
  activation.id = skill.id;
  TRY(LoadedManifest loaded, read_skill_file(skill));
  TRY(check_invocable(skill, loaded.manifest, options));
  activation.diagnostics = std::move(loaded.diagnostics);
  TRY(list_files(skill, activation));
  if (options.form == ActivationForm::kWholeFile) {
    TRY(activation.text, read_skill_text(skill));
  } else {
    const std::string_view directory =
        options.shown_directory.empty() ? std::string_view(skill.directory) : options.shown_directory;
    TRY(Rendering rendering, substitute(loaded.manifest.body, substitution_input(loaded.manifest, directory, options)));
    activation.shell_commands = std::move(rendering.shell_commands);
    if (options.profile == Profile::kClaudeCode && !options.is_synced) {
      activation.file_references = find_file_references(loaded.manifest.body);
    }
    activation.text = options.form == ActivationForm::kWrapped
                          ? wrap(skill, rendering.text, directory, options, activation)
                          : std::move(rendering.text);
  }
  activation.text_sha256 = sha256_hex(activation.text);
  return activation;
}

std::string already_active_note(std::string_view id) {
  return fmt::format(
      "The skill '{}' is already loaded in this conversation and has not changed; follow the instructions given "
      "then.\n",
      one_line(id));
}

Result<Activation> ActivationSession::activate(const Skill& skill, const ActivationOptions& options) {
  TRY(Activation activation, openskills::activate(skill, options));
  const auto before =
      std::find_if(active_.begin(), active_.end(), [&](const Active& one) { return one.id == activation.id; });
  const bool same = before != active_.end() && before->text_sha256 == activation.text_sha256;
  if (before != active_.end()) active_.erase(before);
  active_.push_back({activation.id, skill.directory, activation.text, activation.text_sha256});
  if (same) activation.text = already_active_note(activation.id);
  return activation;
}

bool ActivationSession::covers(std::string_view path) const noexcept {
  return std::any_of(active_.begin(), active_.end(),
                     [&](const Active& one) { return os::is_within(path, one.directory); });
}

std::string ActivationSession::render_again(std::size_t max_characters_each, std::size_t max_characters) {
  constexpr std::string_view kCut = "\n[the rest of this skill was left out; activate it again to read it]\n";
  std::vector<std::string> parts;
  std::size_t used = 0;
  std::size_t kept = 0;
  for (; kept < active_.size(); ++kept) {
    const std::string& text = active_[active_.size() - 1 - kept].text;
    std::string part = shorten(text, max_characters_each);
    if (part.size() != text.size()) part += kCut;
    used += count_code_points(part);
    if (used > max_characters) break;
    parts.push_back(std::move(part));
  }
  active_.erase(active_.begin(), active_.end() - static_cast<std::ptrdiff_t>(kept));
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

}  // namespace openskills
