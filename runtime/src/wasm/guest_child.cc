#include "wasm/guest_child.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "jail/descriptors.h"
#include "jail/jail.h"
#include "jail/privileges.h"
#include "os/alarm.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/supervision.h"
#include "os/this_process.h"
#include "wasm/child_channel.h"
#include "wasm/guest_run.h"
#include "wasm/link_times.h"
#include "wasm/run_report.h"

namespace openskills {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
// Descriptors of the engine and the pipes, on top of what the guest may have open.
constexpr std::uint64_t kReservedDescriptors = 64;
#ifndef OPENSKILLS_SANITIZE
// What the engine and the host's side of a run may take on top of the guest's memory limit: a bound for code that
// escaped the engine and its accounts.
constexpr std::uint64_t kHostDataBytes = std::uint64_t{128} << 20U;
#endif

// The code of this run: loaded before the fork, or by the child itself, inside of the jail.
class Code {
 public:
  Code(WarmModules& modules, int code_fd, const std::string& name)
      : modules_(modules), code_fd_(code_fd), name_(name) {}

  // What must stay open until it is loaded, and after.
  [[nodiscard]] Result<std::vector<int>> prepare() {
    TRY(engine_, modules_.engine());
    if (const std::optional<WarmModules::Warm> warm = modules_.find(code_fd_)) {
      module_ = warm->module;
      return warm->descriptors;
    }
    std::vector<int> keep = modules_.engine_descriptors();
    keep.push_back(code_fd_);
    return keep;
  }
  // Whether that is the module, loaded already.
  [[nodiscard]] bool is_loaded(const Module* module) const noexcept { return module != nullptr && module_ == module; }
  void have_loaded(jail::JailSpec& spec) {
    if (module_ != nullptr) return;
    spec.readable_files = {code_fd_};
    spec.load = [this]() -> Result<void> {
      TRY(own_, engine_->load_compiled(code_fd_, name_));
      module_ = own_.get();
      return {};
    };
  }
  [[nodiscard]] Engine& engine() const noexcept { return *engine_; }
  [[nodiscard]] const Module& module() const noexcept { return *module_; }

 private:
  WarmModules& modules_;
  int code_fd_;
  const std::string& name_;
  Engine* engine_ = nullptr;
  const Module* module_ = nullptr;
  std::unique_ptr<Module> own_;
};

// `keep`: what the run needs beside its mounts.
Result<LayersInForce> jail_self(const Invocation& invocation, const GuestRun& run, Code& code, std::vector<int> keep,
                                [[maybe_unused]] std::uint64_t data_bytes) {
  jail::JailSpec spec;
  spec.keep_descriptors = std::move(keep);
  code.have_loaded(spec);
  for (const GuestRun::OpenMount& mount : run.open_mounts()) spec.paths.push_back({mount.directory_fd, mount.access});
  spec.profile = jail::SeccompProfile::kWasmGuest;
  spec.missing_layers = invocation.missing_layers;
  spec.rlimits.open_files = invocation.limits.open_files + kReservedDescriptors;
  spec.rlimits.file_size_bytes = invocation.limits.disk_bytes;
#ifndef OPENSKILLS_SANITIZE  // the sanitizers map memory as they like
  // What the invocation brought, its standard input among it, is no part of what the guest may take.
  if (data_bytes == 0) {
    TRY(data_bytes, os::private_data_bytes());
  }
  spec.rlimits.data_bytes = data_bytes + invocation.limits.memory_bytes + kHostDataBytes;
#endif
  spec.rlimits.cpu_seconds = invocation.limits.cpu_ms / 1000 + 2;
  TRY(LayersInForce layers, jail::enter_jail(spec));
  layers.wasm = true;
  return layers;
}

std::vector<int> descriptors_of(const Invocation& invocation, const RunEnds& ends, const PreparedRun& prepared,
                                const std::vector<int>& of_code) {
  std::vector<int> keep = {ends.stdout_pipe.get(), ends.stderr_pipe.get(), ends.report_pipe.get(),
                           ends.link_requests_fd, ends.link_answers_fd};
  if (invocation.stdin_source.kind == StdinSource::Kind::kDescriptor) {
    keep.push_back(invocation.stdin_source.descriptor);
  }
  if (prepared.touched_pages_fd >= 0) keep.push_back(prepared.touched_pages_fd);
  keep.insert(keep.end(), of_code.begin(), of_code.end());
  return keep;
}

// The kernel tells whoever has opened it as a privileged process where pages lie in the machine's memory: opened when
// the folders of the run are, and without the rights that took.
std::optional<os::PageMap> open_page_map() {
  if (!jail::drop_capabilities()) return std::nullopt;
  Result<os::PageMap> map = os::PageMap::open();
  return map ? std::optional(std::move(*map)) : std::nullopt;
}

// A hint for later runs, and no more: whatever goes wrong with it, this run has been reported.
void tell_touched_pages(const GuestRun& run, const Module& module, const os::PageMap& map, int fd) {
  if (run.store() == nullptr) return;
  const Result<TouchedPages> touched = run.store()->touched_pages(map, module);
  if (!touched) return;
  const std::string told = encode_touched_pages(*touched);
  if (!told.empty()) (void)os::write_all(fd, told, "touched pages");
}

// What it returns is reported; the guest's own end is in the result.
Result<ExecutionResult> run_to_the_end(const Invocation& invocation, int code_fd, std::int64_t started_ns,
                                       RunEnds& ends, WarmModules& modules, PreparedRun prepared) {
  Code code(modules, code_fd, invocation.program_path);
  TRY(const std::vector<int> of_code, code.prepare());
  // The rest of what the child was forked with is none of its run's.
  std::vector<int> keep = descriptors_of(invocation, ends, prepared, of_code);
  TRY(jail::keep_only_descriptors(keep));
  os::forget_environment();
  PipeSink sink(ends.stdout_pipe.get(), ends.stderr_pipe.get());
  const LinkTimesCalls calls(ends.link_requests_fd, ends.link_answers_fd);
  TRY(const std::unique_ptr<GuestRun> run, GuestRun::open(invocation, sink, nullptr, calls));
  if (code.is_loaded(prepared.module)) run->use(std::move(prepared.store));
  std::optional<os::PageMap> page_map;  // nothing can be opened behind the jail
  if (prepared.touched_pages_fd >= 0) {
    page_map = open_page_map();
    if (page_map) keep.push_back(page_map->fd());
  }
  run->start_clock(started_ns);
  sink.set_deadline(run->wall_deadline_ns());
  TRY(os::DeadlineAlarm::start(
      run->wall_deadline_ns() - os::monotonic_now_ns(), static_cast<std::int64_t>(invocation.limits.cpu_ms) * kNsPerMs,
      [](void* argument) noexcept { static_cast<Engine*>(argument)->poke(); }, &code.engine()));
  TRY(const LayersInForce layers, jail_self(invocation, *run, code, std::move(keep), prepared.data_bytes));
  TRY(os::write_all(ends.report_pipe.get(), encode_layers(layers), "report"));
  Result<ExecutionResult> result = run->execute(code.engine(), code.module());
  TRY(os::write_all(ends.report_pipe.get(), encode_result(result), "report"));
  if (page_map) tell_touched_pages(*run, code.module(), *page_map, prepared.touched_pages_fd);
  // The supervisor need not wait until this process is taken apart to see that nothing more will come: it kills it now.
  // By then nothing of the host is open here that its caller might want to unmount, remove or start.
  run->close_files();
  for (UniqueFd* const end : {&ends.stdout_pipe, &ends.stderr_pipe, &ends.report_pipe}) end->reset();
  // The process ends here; taking the engine apart first would only take time.
  os::exit_now(0);
}

}  // namespace

int run_guest_child(const Invocation& invocation, int code_fd, std::int64_t started_monotonic_ns, RunEnds ends,
                    WarmModules& modules, PreparedRun prepared) {
  const Result<ExecutionResult> failed =
      run_to_the_end(invocation, code_fd, started_monotonic_ns, ends, modules, std::move(prepared));
  const std::string report = "{}\n" + encode_result(failed);
  return os::write_all(ends.report_pipe.get(), report, "report") ? 0 : 1;
}

}  // namespace openskills
