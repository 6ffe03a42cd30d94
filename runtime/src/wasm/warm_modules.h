// WarmModules: an engine and the modules it has loaded, in a process that forks a child for each run: what is mapped
// before the fork need not be mapped after it.
//
// Thread rule: one thread. Loading starts none.
// Modules are known by the identity of the file their code is in. Only code is kept, nothing of a run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "os/files.h"
#include "wasm/engine.h"

namespace openskills {

class WarmModules {
 public:
  // How many modules stay loaded; the one that was used longest ago goes first.
  static constexpr std::size_t kMaxModules = 32;

  struct Warm {
    Engine* engine = nullptr;
    const Module* module = nullptr;
    std::vector<int> descriptors;  // what the engine keeps open for the module: a jail must leave it
  };

  // The engine, made when there is none yet.
  [[nodiscard]] Result<Engine*> engine();

  // What it keeps open.
  [[nodiscard]] const std::vector<int>& engine_descriptors() const noexcept { return engine_descriptors_; }

  // The module whose compiled code is in `code_fd`, if it is loaded. What is borrowed is good until the next call.
  [[nodiscard]] std::optional<Warm> find(int code_fd);
  [[nodiscard]] std::optional<Warm> find(const os::FileInfo& code);

  // The same, loaded when it is not yet. Errors: those of Engine::create and Engine::load_compiled.
  [[nodiscard]] Result<Warm> get(int code_fd, std::string_view name_for_errors);

 private:
  struct Entry {
    os::FileInfo file;
    std::unique_ptr<Module> module;
    std::vector<int> descriptors;
    std::uint64_t last_used = 0;
  };

  [[nodiscard]] Warm use(Entry& entry);
  [[nodiscard]] Result<Entry> load(int code_fd, std::string_view name_for_errors);

  std::unique_ptr<Engine> engine_;  // before the modules, which must not outlive it
  std::vector<int> engine_descriptors_;
  std::vector<Entry> entries_;
  std::uint64_t clock_ = 0;
};

}  // namespace openskills
