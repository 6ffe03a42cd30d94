#include "api/discovery_options.h"
#include "api/public_values.h"
#include "catalog/watcher.h"
#include "openskills/runtime.h"

namespace openskills {

struct SkillWatcher::State {
  CatalogWatcher watcher;
};

SkillWatcher::SkillWatcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
SkillWatcher::~SkillWatcher() = default;
SkillWatcher::SkillWatcher(SkillWatcher&&) noexcept = default;
SkillWatcher& SkillWatcher::operator=(SkillWatcher&&) noexcept = default;

Result<SkillWatcher> SkillWatcher::start(const RuntimeOptions& options) {
  TRY(CatalogWatcher watcher, CatalogWatcher::start(discovery_options(options)));
  return SkillWatcher(std::make_unique<State>(std::move(watcher)));
}

Result<std::optional<SkillChanges>> SkillWatcher::wait(std::uint32_t timeout_ms) {
  TRY(std::optional<CatalogChanges> changes, state_->watcher.wait(timeout_ms));
  if (!changes) return std::nullopt;
  return to_public(std::move(*changes));
}

int SkillWatcher::descriptor() const noexcept { return state_->watcher.descriptor(); }

}  // namespace openskills
