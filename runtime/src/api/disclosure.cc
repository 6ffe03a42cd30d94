#include "openskills/disclosure.h"

#include "api/discovery_options.h"
#include "api/public_values.h"
#include "api/visible_skills.h"
#include "catalog/activation.h"
#include "catalog/catalog.h"
#include "catalog/prompt.h"
#include "catalog/resources.h"
#include "catalog/search.h"
#include "openskills/runtime.h"
#include "os/files.h"

namespace openskills {
namespace {

PromptOptions prompt_options(const PromptRequest& request) {
  PromptOptions options;
  options.format = request.style == PromptStyle::kXml    ? PromptFormat::kXml
                   : request.style == PromptStyle::kJson ? PromptFormat::kJson
                                                         : PromptFormat::kMarkdown;
  options.location = request.show_locations ? PromptLocation::kShow : PromptLocation::kHide;
  options.budget_characters = request.budget_characters;
  return options;
}

ActivationOptions activation_options(const ActivateRequest& request) {
  ActivationOptions options;
  options.arguments = request.arguments;
  options.form = request.as == ActivateAs::kWrapped        ? ActivationForm::kWrapped
                 : request.as == ActivateAs::kInstructions ? ActivationForm::kInstructions
                                                           : ActivationForm::kWholeFile;
  options.invoked_by = request.by == ActivatedBy::kHost    ? InvokedBy::kHost
                       : request.by == ActivatedBy::kModel ? InvokedBy::kModel
                                                           : InvokedBy::kUser;
  options.shown_directory = request.shown_directory;
  options.session_id = request.session_id;
  return options;
}

SkillPredicate predicate_of(const SkillFilter& filter) {
  if (!filter) return {};
  return [&filter](const Skill& skill) { return filter(to_public(skill)); };
}

}  // namespace

struct Conversation::State {
  ActivationSession session;
};

Conversation::Conversation() : state_(std::make_unique<State>()) {}
Conversation::~Conversation() = default;
Conversation::Conversation(Conversation&&) noexcept = default;
Conversation& Conversation::operator=(Conversation&&) noexcept = default;

std::vector<std::string> Conversation::active() const {
  std::vector<std::string> ids;
  for (const ActivationSession::Active& one : state_->session.active()) ids.push_back(one.id);
  return ids;
}

bool Conversation::covers(const std::string& path) const {
  const Result<std::string> canonical = os::canonical_path(path);
  return canonical && state_->session.covers(*canonical);
}

std::string Conversation::render_again(std::size_t max_characters_each, std::size_t max_characters) {
  return state_->session.render_again(max_characters_each, max_characters);
}

PromptText OpenSkillRuntime::prompt(const PromptRequest& request) const {
  const std::shared_ptr<const Catalog> now = catalog();
  const std::vector<const Skill*> skills = visible_skills(*now, options(), predicate_of(request.filter));
  PromptOptions wanted = prompt_options(request);
  wanted.profile = profile_of(options());
  wanted.overrides = options().skill_overrides;
  Prompt prompt = render_prompt(skills, wanted);
  PromptText text;
  text.text = std::move(prompt.text);
  text.instructions = prompt_instructions(skills);
  if (!skills.empty()) text.tool_schema = activation_tool(skills).dump();
  text.skills = prompt.skills;
  text.shortened = std::move(prompt.shortened);
  text.omitted = std::move(prompt.omitted);
  return text;
}

Result<ActivatedSkill> OpenSkillRuntime::activate(const std::string& id, const ActivateRequest& request,
                                                  Conversation* conversation) const {
  const std::shared_ptr<const Catalog> now = catalog();
  TRY(const Skill* const skill, now->find(id));
  ActivationOptions wanted = activation_options(request);
  wanted.profile = profile_of(options());
  wanted.project_directory = discovery_options(options()).project_dir;
  wanted.visibility = visibility_of(options().skill_overrides, skill->id);
  wanted.variants = now->variants_of(skill->id);
  TRY(Activation activation, conversation == nullptr ? openskills::activate(*skill, wanted)
                                                     : conversation->state_->session.activate(*skill, wanted));
  return ActivatedSkill{std::move(activation.id), std::move(activation.text), std::move(activation.text_sha256),
                        std::move(activation.files), to_public(activation.diagnostics)};
}

Result<Manifest> OpenSkillRuntime::manifest(const std::string& id) const {
  const std::shared_ptr<const Catalog> now = catalog();
  TRY(const Skill* const skill, now->find(id));
  return *skill->manifest;
}

Result<std::vector<SkillFile>> OpenSkillRuntime::files(const std::string& id) const {
  const std::shared_ptr<const Catalog> now = catalog();
  TRY(const Skill* const skill, now->find(id));
  TRY(ResourceListing listing, list_resources(*skill));
  std::vector<SkillFile> files;
  files.reserve(listing.files.size());
  for (Resource& file : listing.files) files.push_back({std::move(file.path), file.size_bytes});
  return files;
}

Result<std::string> OpenSkillRuntime::read(const std::string& id, const std::string& path) const {
  const std::shared_ptr<const Catalog> now = catalog();
  TRY(const Skill* const skill, now->find(id));
  return read_resource(*skill, path);
}

std::vector<FoundSkill> OpenSkillRuntime::search(std::string_view query, std::size_t limit,
                                                 const SkillFilter& filter) const {
  const std::shared_ptr<const Catalog> now = catalog();
  const std::vector<const Skill*> skills = visible_skills(*now, options(), predicate_of(filter));
  std::vector<FoundSkill> found;
  for (const SearchHit& hit : SearchIndex(skills).search(query, limit))
    found.push_back({to_public(*hit.skill), hit.score});
  return found;
}

}  // namespace openskills
