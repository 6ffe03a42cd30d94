#include "wasm/warm_modules.h"

#include <algorithm>

#include "os/page_map.h"
#include "os/supervision.h"

namespace openskills {
Result<WarmModules::Entry> WarmModules::load(int code_fd, std::string_view name_for_errors) {
  const os::NewDescriptors opened;
  Entry entry;
  TRY(entry.file, os::file_info(code_fd));
  os::load_in_large_pieces(code_fd, entry.file.size_bytes);
  TRY(entry.module, engine_->load_compiled(code_fd, name_for_errors));
  TRY(entry.descriptors, opened.find());
  return entry;
}

Result<Engine*> WarmModules::engine() {
  if (!engine_) {
    const os::NewDescriptors opened;
    TRY(engine_, Engine::create({.allocation = Allocation::kOnDemand, .compiler = Compiler::kLeftOut}));
    TRY(engine_descriptors_, opened.find());
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
