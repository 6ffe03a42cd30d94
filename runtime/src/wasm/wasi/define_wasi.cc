// The bridge between the engine's calling convention and WasiContext: one table, everything else derived from the
// signatures of the methods.
#include <wasmtime.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "wasm/wasi/method_call.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasmtime_error.h"

namespace openskills::wasi {
namespace {

constexpr std::string_view kModule = "wasi_snapshot_preview1";
constexpr std::string_view kMemory = "memory";

// The caller's memory as it is now: it may have grown since the last call. Empty when the module exports none.
GuestMemory memory_of(WasiContext& wasi, wasmtime_caller_t* caller, wasmtime_context_t* context) {
  std::unique_ptr<wasmtime_memory>& memory = wasi.engine_memory();
  if (!memory) {
    wasmtime_extern_t item{};
    if (!wasmtime_caller_export_get(caller, kMemory.data(), kMemory.size(), &item)) return {};
    if (item.kind != WASMTIME_EXTERN_MEMORY) {
      wasmtime_extern_delete(&item);
      return {};
    }
    memory = std::make_unique<wasmtime_memory>(item.of.memory);
  }
  return {reinterpret_cast<std::byte*>(wasmtime_memory_data(context, memory.get())),
          wasmtime_memory_data_size(context, memory.get())};
}

template <class Argument>
Argument argument_of(const wasmtime_val_raw_t& value) noexcept {
  static_assert(std::is_same_v<Argument, std::uint32_t> || std::is_same_v<Argument, std::uint64_t>);
  if constexpr (std::is_same_v<Argument, std::uint32_t>) {
    return static_cast<std::uint32_t>(value.i32);
  } else {
    return static_cast<std::uint64_t>(value.i64);
  }
}

template <class Argument>
constexpr wasm_valkind_t kKindOf = std::is_same_v<Argument, std::uint32_t> ? WASM_I32 : WASM_I64;

template <class Method>
struct FunctionType;

template <class... Arguments>
struct FunctionType<WasiErrno (WasiContext::*)(GuestMemory, Arguments...)> {
  static wasm_functype_t* make(std::size_t result_count) {
    std::array<wasm_valtype_t*, sizeof...(Arguments)> kinds = {wasm_valtype_new(kKindOf<Arguments>)...};
    wasm_valtype_vec_t parameters{};
    wasm_valtype_vec_new(&parameters, kinds.size(), kinds.data());
    wasm_valtype_vec_t results{};
    if (result_count == 0) {
      wasm_valtype_vec_new_empty(&results);
    } else {
      wasm_valtype_t* result = wasm_valtype_new(WASM_I32);
      wasm_valtype_vec_new(&results, 1, &result);
    }
    return wasm_functype_new(&parameters, &results);
  }
};

wasm_trap_t* new_trap() noexcept {
  constexpr std::string_view kMessage = "ended by a host call";
  return wasmtime_trap_new(kMessage.data(), kMessage.size());
}

template <auto Method>
wasm_trap_t* call(void* /*environment*/, wasmtime_caller_t* caller, wasmtime_val_raw_t* values,
                  std::size_t /*value_count*/) noexcept {
  constexpr auto kConvert = []<class Argument>(const wasmtime_val_raw_t& value) {
    return argument_of<Argument>(value);
  };
  WasiErrno answer = WasiErrno::kIo;
  try {
    wasmtime_context_t* context = wasmtime_caller_context(caller);
    auto& wasi = *static_cast<WasiContext*>(wasmtime_context_get_data(context));
    answer = MethodCall<decltype(Method)>::invoke(wasi, Method, memory_of(wasi, caller, context), values, kConvert);
  } catch (const std::bad_alloc&) {
    answer = WasiErrno::kNomem;
  } catch (...) {
    answer = WasiErrno::kIo;
  }
  if (answer == WasiErrno::kStop) return new_trap();
  values[0].i32 = static_cast<std::int32_t>(answer);
  return nullptr;
}

struct Row {
  std::string_view name;
  wasmtime_func_unchecked_callback_t callback;
  wasm_functype_t* (*type)(std::size_t result_count);
  std::size_t result_count = 1;
};

template <auto Method>
constexpr Row row(std::string_view name, std::size_t result_count = 1) {
  return {name, &call<Method>, &FunctionType<decltype(Method)>::make, result_count};
}

constexpr auto kFunctions = std::to_array<Row>({
    row<&WasiContext::args_get>("args_get"),
    row<&WasiContext::args_sizes_get>("args_sizes_get"),
    row<&WasiContext::environ_get>("environ_get"),
    row<&WasiContext::environ_sizes_get>("environ_sizes_get"),
    row<&WasiContext::clock_res_get>("clock_res_get"),
    row<&WasiContext::clock_time_get>("clock_time_get"),
    row<&WasiContext::fd_advise>("fd_advise"),
    row<&WasiContext::fd_allocate>("fd_allocate"),
    row<&WasiContext::fd_close>("fd_close"),
    row<&WasiContext::fd_datasync>("fd_datasync"),
    row<&WasiContext::fd_fdstat_get>("fd_fdstat_get"),
    row<&WasiContext::fd_fdstat_set_flags>("fd_fdstat_set_flags"),
    row<&WasiContext::fd_fdstat_set_rights>("fd_fdstat_set_rights"),
    row<&WasiContext::fd_filestat_get>("fd_filestat_get"),
    row<&WasiContext::fd_filestat_set_size>("fd_filestat_set_size"),
    row<&WasiContext::fd_filestat_set_times>("fd_filestat_set_times"),
    row<&WasiContext::fd_pread>("fd_pread"),
    row<&WasiContext::fd_prestat_get>("fd_prestat_get"),
    row<&WasiContext::fd_prestat_dir_name>("fd_prestat_dir_name"),
    row<&WasiContext::fd_pwrite>("fd_pwrite"),
    row<&WasiContext::fd_read>("fd_read"),
    row<&WasiContext::fd_readdir>("fd_readdir"),
    row<&WasiContext::fd_renumber>("fd_renumber"),
    row<&WasiContext::fd_seek>("fd_seek"),
    row<&WasiContext::fd_sync>("fd_sync"),
    row<&WasiContext::fd_tell>("fd_tell"),
    row<&WasiContext::fd_write>("fd_write"),
    row<&WasiContext::path_create_directory>("path_create_directory"),
    row<&WasiContext::path_filestat_get>("path_filestat_get"),
    row<&WasiContext::path_filestat_set_times>("path_filestat_set_times"),
    row<&WasiContext::path_link>("path_link"),
    row<&WasiContext::path_open>("path_open"),
    row<&WasiContext::path_readlink>("path_readlink"),
    row<&WasiContext::path_remove_directory>("path_remove_directory"),
    row<&WasiContext::path_rename>("path_rename"),
    row<&WasiContext::path_symlink>("path_symlink"),
    row<&WasiContext::path_unlink_file>("path_unlink_file"),
    row<&WasiContext::poll_oneoff>("poll_oneoff"),
    row<&WasiContext::proc_exit>("proc_exit", 0),
    row<&WasiContext::proc_raise>("proc_raise"),
    row<&WasiContext::sched_yield>("sched_yield"),
    row<&WasiContext::random_get>("random_get"),
    row<&WasiContext::sock_accept>("sock_accept"),
    row<&WasiContext::sock_recv>("sock_recv"),
    row<&WasiContext::sock_send>("sock_send"),
    row<&WasiContext::sock_shutdown>("sock_shutdown"),
});
static_assert(kFunctions.size() == 46);

}  // namespace

Result<void> define_wasi(wasmtime_linker* linker) {
  for (const Row& function : kFunctions) {
    wasm_functype_t* type = function.type(function.result_count);
    wasmtime_error_t* error =
        wasmtime_linker_define_func_unchecked(linker, kModule.data(), kModule.size(), function.name.data(),
                                              function.name.size(), type, function.callback, nullptr, nullptr);
    wasm_functype_delete(type);
    if (error != nullptr) {
      return fail(ErrorCode::kEngine, "cannot define {}: {}", function.name, take_message(error));
    }
  }
  return {};
}

}  // namespace openskills::wasi
