#include "wasm/warm_modules.h"

#include <algorithm>
#include <iterator>

#include "os/supervision.h"

namespace openskills {
namespace {

// The descriptors of `after` that are not in `before`. Both ascend.
std::vector<int> opened_between(const std::vector<int>& before, const std::vector<int>& after) {
  std::vector<int> opened;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(opened));
  return opened;
}

}  // namespace

Result<WarmModules::Entry> WarmModules::load(int code_fd, std::string_view name_for_errors) {
  TRY(const std::vector<int> before, os::open_descriptors());
  Entry entry;
  TRY(entry.file, os::file_info(code_fd));
  TRY(entry.module, engine_->load_compiled(code_fd, name_for_errors));
  TRY(const std::vector<int> after, os::open_descriptors());
  entry.descriptors = opened_between(before, after);
  return entry;
}

Result<Engine*> WarmModules::engine() {
  if (!engine_) {
    TRY(const std::vector<int> before, os::open_descriptors());
    TRY(engine_, Engine::create({.allocation = Allocation::kOnDemand, .compiler = Compiler::kLeftOut}));
    TRY(const std::vector<int> after, os::open_descriptors());
    engine_descriptors_ = opened_between(before, after);
  }
  return engine_.get();
}

WarmModules::Warm WarmModules::use(Entry& entry) {
  entry.last_used = ++clock_;
  Warm warm{engine_.get(), entry.module.get(), engine_descriptors_};
  warm.descriptors.insert(warm.descriptors.end(), entry.descriptors.begin(), entry.descriptors.end());
  return warm;
}

std::optional<WarmModules::Warm> WarmModules::find(int code_fd) {
  if (entries_.empty()) return std::nullopt;
  const Result<os::FileInfo> file = os::file_info(code_fd);
  return file ? find(*file) : std::nullopt;
}

std::optional<WarmModules::Warm> WarmModules::find(const os::FileInfo& code) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return os::same_file(entry.file, code); });
  if (found == entries_.end()) return std::nullopt;
  return use(*found);
}

Result<WarmModules::Warm> WarmModules::get(int code_fd, std::string_view name_for_errors) {
  if (std::optional<Warm> loaded = find(code_fd)) return std::move(*loaded);
  TRY(engine());
  TRY(Entry entry, load(code_fd, name_for_errors));
  if (entries_.size() == kMaxModules) {
    entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                    [](const Entry& a, const Entry& b) { return a.last_used < b.last_used; }));
  }
  return use(entries_.emplace_back(std::move(entry)));
}

}  // namespace openskills
