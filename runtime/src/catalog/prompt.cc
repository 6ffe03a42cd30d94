#include "catalog/prompt.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "catalog/visible_text.h"

namespace openskills {
namespace {

// Claude Code's bound for a description with its when_to_use.
constexpr std::size_t kMaxListedDescription = 1'536;

constexpr std::string_view kInstructions =
    "The skills listed here hold instructions for particular tasks. When a task matches a skill's description, load "
    "the "
    "skill before starting and follow it; resolve relative paths in it against the skill's folder.\n";

// What a listing says of one skill, clean and not yet escaped.
struct Entry {
  const Skill* skill = nullptr;
  std::string description;
  std::size_t characters = 0;  // of the description
};

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// One line of Markdown: what could start a heading, a list or a link of its own is kept from doing so.
std::string markdown_text(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '\t') {
      if (!line.empty() && line.back() != ' ') line.push_back(' ');
    } else if (std::string_view("\\`*_[]<>").find(c) != std::string_view::npos) {
      line.push_back('\\');
      line.push_back(c);
    } else {
      line.push_back(c);
    }
  }
  return line;
}

std::string render_entry(const Entry& entry, std::size_t limit, const PromptOptions& options, std::string_view before) {
  const std::string description = entry.characters <= limit ? entry.description : shorten(entry.description, limit);
  const std::string id = without_hidden_characters(entry.skill->id);
  const bool located = options.location == PromptLocation::kShow;
  const std::string location = located ? without_hidden_characters(entry.skill->skill_md()) : std::string();
  switch (options.format) {
    case PromptFormat::kXml:
      return fmt::format("<skill>\n<name>\n{}\n</name>\n<description>\n{}\n</description>\n{}</skill>\n",
                         escape_xml(id), escape_xml(description),
                         located ? fmt::format("<location>\n{}\n</location>\n", escape_xml(location)) : "");
    case PromptFormat::kJson:
      return fmt::format("{}\n {{\"name\":{},\"description\":{}{}}}", before, json_text(id), json_text(description),
                         located ? fmt::format(",\"location\":{}", json_text(location)) : "");
    case PromptFormat::kMarkdown: break;
  }
  return fmt::format("- **{}**: {}{}\n", markdown_text(id), markdown_text(description),
                     located ? fmt::format(" (`{}`)", markdown_text(location)) : "");
}

std::string render(std::span<const Entry> entries, std::size_t limit, const PromptOptions& options) {
  std::string text;
  std::size_t room = 64;
  for (const Entry& entry : entries) room += entry.description.size() + entry.skill->directory.size() + 170;
  text.reserve(room);
  if (options.format == PromptFormat::kXml) text += "<available_skills>\n";
  if (options.format == PromptFormat::kJson) text += "[";
  for (std::size_t i = 0; i < entries.size(); ++i) text += render_entry(entries[i], limit, options, i == 0 ? "" : ",");
  if (options.format == PromptFormat::kXml) text += "</available_skills>\n";
  if (options.format == PromptFormat::kJson) text += "\n]\n";
  return text;
}

std::string listed_description(const Skill& skill, Profile profile) {
  std::string text = skill.manifest->description;
  if (profile == Profile::kClaudeCode) {
    if (skill.manifest->when_to_use) text += " - " + *skill.manifest->when_to_use;
    text = shorten(text, kMaxListedDescription);
  }
  return without_hidden_characters(text);
}

// The greatest value in [0, high] for which `fits` is true, or `high + 1` when none is. `fits` is true up to a point.
template <class Fits>
std::size_t greatest(std::size_t high, Fits fits) {
  if (!fits(0)) return high + 1;
  std::size_t low = 0;
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

void fit(std::vector<Entry>& entries, const PromptOptions& options, Prompt& prompt) {
  std::size_t longest = 0;
  for (const Entry& entry : entries) longest = std::max(longest, entry.characters);
  const auto fits = [&](std::size_t count, std::size_t limit) {
    return count_code_points(render(std::span(entries).first(count), limit, options)) <= options.budget_characters;
  };
  std::size_t limit = greatest(longest, [&](std::size_t at) { return fits(entries.size(), at); });
  if (limit > longest) {
    limit = 0;
    const std::size_t kept = greatest(entries.size(), [&](std::size_t count) { return count == 0 || fits(count, 0); });
    for (std::size_t i = kept; i < entries.size(); ++i) prompt.omitted.push_back(entries[i].skill->id);
    entries.resize(kept);
  }
  for (const Entry& entry : entries) {
    if (entry.characters > limit) prompt.shortened.push_back(entry.skill->id);
  }
  if (!entries.empty()) prompt.text = render(entries, limit, options);
}

}  // namespace

std::vector<const Skill*> visible_to_model(std::span<const Skill> skills, const SkillPredicate& wanted,
                                           const SkillOverrides& overrides) {
  std::vector<const Skill*> visible;
  for (const Skill& skill : skills) {
    const SkillVisibility visibility = visibility_of(overrides, skill.id);
    const bool is_listed = visibility == SkillVisibility::kOn || visibility == SkillVisibility::kNameOnly;
    if (!is_listed || skill.manifest->disable_model_invocation || (wanted && !wanted(skill))) continue;
    visible.push_back(&skill);
  }
  return visible;
}

Prompt render_prompt(std::span<const Skill* const> skills, const PromptOptions& options) {
  Prompt prompt;
  std::vector<Entry> entries;
  entries.reserve(skills.size());
  for (const Skill* skill : skills) {
    const bool name_only = visibility_of(options.overrides, skill->id) == SkillVisibility::kNameOnly;
    Entry entry{skill, name_only ? std::string() : listed_description(*skill, options.profile), 0};
    entry.characters = count_code_points(entry.description);
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) return prompt;
  if (options.budget_characters == 0) {
    prompt.text = render(entries, std::string::npos, options);
  } else {
    fit(entries, options, prompt);
  }
  prompt.skills = entries.size();
  return prompt;
}

std::string_view prompt_instructions(std::span<const Skill* const> skills) noexcept {
  return skills.empty() ? std::string_view() : kInstructions;
}

nlohmann::ordered_json activation_tool(std::span<const Skill* const> skills) {
  using Json = nlohmann::ordered_json;
  if (skills.empty()) return nullptr;
  Json names = Json::array();
  for (const Skill* skill : skills) names.push_back(skill->id);
  return {{"name", "activate_skill"},
          {"description", "Loads a skill: its instructions, and the list of the files that come with it."},
          {"input_schema",
           {{"type", "object"},
            {"properties",
             {{"name", {{"type", "string"}, {"enum", std::move(names)}, {"description", "The skill to load."}}},
              {"arguments", {{"type", "string"}, {"description", "What the skill is to work on, if anything."}}}}},
            {"required", Json::array({"name"})},
            {"additionalProperties", false}}}};
}

}  // namespace openskills
