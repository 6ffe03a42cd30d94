// Prompt: tier 1 of progressive disclosure. What a model is told about the skills there are, before any is activated.
//
// Thread rule: pure functions over values; no file is read.
// Sources: skills-ref (the reference library of agentskills.io) for the XML; the site's client implementation guide
// for what is shown and the activation tool; the Claude Code documentation for when_to_use and the budget's manner.
//
// The same skills and options give the same bytes, so that a provider's prompt cache stays valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/skill.h"
#include "catalog/visibility.h"

namespace openskills {

// Answers whether a skill takes part: a host's own choice for one run.
using SkillPredicate = std::function<bool(const Skill&)>;

// The skills a model may be told of, in their order: those it may invoke, by the skill and by `overrides`, and
// `wanted`, when set, answers true for.
[[nodiscard]] std::vector<const Skill*> visible_to_model(std::span<const Skill> skills,
                                                         const SkillPredicate& wanted = {},
                                                         const SkillOverrides& overrides = {});

enum class PromptFormat : std::uint8_t { kXml, kJson, kMarkdown };
enum class PromptLocation : std::uint8_t { kShow, kHide };

struct PromptOptions {
  PromptFormat format = PromptFormat::kXml;
  PromptLocation location = PromptLocation::kShow;  // of SKILL.md, for hosts whose model reads it as a file
  std::size_t budget_characters = 0;                // of the whole block; 0: none
  Profile profile = Profile::kAgentSkills;
  SkillOverrides overrides = {};  // kNameOnly: the description is left out
};

struct Prompt {
  std::string text;                    // ends with a newline; empty when there is no skill to tell of
  std::size_t skills = 0;              // how many it names
  std::vector<std::string> shortened;  // ids whose description the budget cut, sorted
  std::vector<std::string> omitted;    // ids it left no room for, sorted
};

// Within a budget the longest descriptions are cut first, all to one length; names are left out, from the end, only
// when not even they fit. Hidden characters are taken out and markup is escaped.
[[nodiscard]] Prompt render_prompt(std::span<const Skill* const> skills, const PromptOptions& options = {});

// Two sentences for a system prompt that say how to use the block; empty without skills.
[[nodiscard]] std::string_view prompt_instructions(std::span<const Skill* const> skills) noexcept;

// The JSON schema of a tool that activates a skill, its `name` one of these; null without skills.
[[nodiscard]] nlohmann::ordered_json activation_tool(std::span<const Skill* const> skills);

}  // namespace openskills
