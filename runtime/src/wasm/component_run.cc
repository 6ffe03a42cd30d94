#include "wasm/component_run.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "base/utf8.h"
#include "wasm/wasi/method_call.h"

namespace openskills {
namespace {

using wasi::GuestMemory;
using wasi::WasiContext;
using wasi::WasiErrno;

using Function = WasiErrno (*)(WasiContext& wasi, GuestMemory memory, const std::uint64_t* values);

template <auto Method>
WasiErrno invoke(WasiContext& wasi, GuestMemory memory, const std::uint64_t* values) {
  const auto narrow = []<class Argument>(std::uint64_t value) { return static_cast<Argument>(value); };
  return wasi::MethodCall<decltype(Method)>::invoke(wasi, Method, memory, values, narrow);
}

// In the order of the enumeration in third_party/wasmtime/src/component/preview1.rs.
constexpr auto kFunctions = std::to_array<Function>({
    invoke<&WasiContext::args_get>,
    invoke<&WasiContext::args_sizes_get>,
    invoke<&WasiContext::environ_get>,
    invoke<&WasiContext::environ_sizes_get>,
    invoke<&WasiContext::clock_res_get>,
    invoke<&WasiContext::clock_time_get>,
    invoke<&WasiContext::fd_advise>,
    invoke<&WasiContext::fd_close>,
    invoke<&WasiContext::fd_datasync>,
    invoke<&WasiContext::fd_fdstat_get>,
    invoke<&WasiContext::fd_filestat_get>,
    invoke<&WasiContext::fd_filestat_set_size>,
    invoke<&WasiContext::fd_filestat_set_times>,
    invoke<&WasiContext::fd_pread>,
    invoke<&WasiContext::fd_prestat_get>,
    invoke<&WasiContext::fd_prestat_dir_name>,
    invoke<&WasiContext::fd_pwrite>,
    invoke<&WasiContext::fd_read>,
    invoke<&WasiContext::fd_readdir>,
    invoke<&WasiContext::fd_sync>,
    invoke<&WasiContext::fd_write>,
    invoke<&WasiContext::path_create_directory>,
    invoke<&WasiContext::path_filestat_get>,
    invoke<&WasiContext::path_filestat_set_times>,
    invoke<&WasiContext::path_link>,
    invoke<&WasiContext::path_open>,
    invoke<&WasiContext::path_readlink>,
    invoke<&WasiContext::path_remove_directory>,
    invoke<&WasiContext::path_rename>,
    invoke<&WasiContext::path_symlink>,
    invoke<&WasiContext::path_unlink_file>,
    invoke<&WasiContext::poll_oneoff>,
    invoke<&WasiContext::proc_exit>,
    invoke<&WasiContext::random_get>,
});

struct Host {
  WasiContext& wasi;
  MayGoOn may_go_on;
};

std::uint32_t call(void* context, std::uint32_t function, std::uint8_t* memory, std::size_t size,
                   const std::uint64_t* values) noexcept {
  WasiErrno answer = WasiErrno::kNosys;
  try {
    const GuestMemory guest_memory(reinterpret_cast<std::byte*>(memory), size);
    if (function < kFunctions.size()) {
      answer = kFunctions[function](static_cast<Host*>(context)->wasi, guest_memory, values);
    }
  } catch (const std::bad_alloc&) {
    answer = WasiErrno::kNomem;
  } catch (...) {
    answer = WasiErrno::kIo;
  }
  return static_cast<std::uint32_t>(answer);
}

bool guest_may_go_on(void* context) noexcept {
  const MayGoOn& asked = static_cast<Host*>(context)->may_go_on;
  return asked.ask(asked.data);
}

Result<void> check_text(std::string_view text, std::string_view what) {
  if (is_utf8(text)) return {};
  return fail_with_hint(ErrorCode::kInvalidArgument,
                        fmt::format("{} is not UTF-8, and a component can be given nothing else", what),
                        "pass it as UTF-8");
}

Result<void> check_texts(const Invocation& invocation) {
  for (const std::string& argument : invocation.argv) TRY(check_text(argument, "an argument"));
  for (const auto& [name, value] : invocation.capabilities.environment) {
    TRY(check_text(name, "the name of an environment variable"));
    TRY(check_text(value, fmt::format("the environment variable {}", name)));
  }
  for (const Mount& mount : invocation.capabilities.mounts) TRY(check_text(mount.guest_path, "the path of a mount"));
  return {};
}

}  // namespace

Result<ComponentAnswer> run_component(const OpenskillsComponent& component, const Invocation& invocation,
                                      wasi::WasiContext& wasi, OpenskillsMemoryAccount& account, MayGoOn may_go_on) {
  TRY(check_texts(invocation));
  Host host{wasi, may_go_on};
  const std::string& cwd = invocation.cwd;
  const OpenskillsPreview1Host table{&host, call, guest_may_go_on, cwd.data(), cwd.size()};
  OpenskillsComponentEnd end{};
  ComponentAnswer answer;
  answer.error = openskills_component_run(&component, &table, &account, &end);
  answer.began = end.began;
  answer.exit_code = end.returned && end.failed ? 1 : 0;
  return answer;
}

}  // namespace openskills
