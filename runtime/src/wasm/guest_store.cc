#include "wasm/guest_store.h"

#include <limits>
#include <string_view>

namespace openskills {

GuestStore::GuestStore(Engine& engine) : store_(wasmtime_store_new(engine.raw(), nullptr, nullptr)) {
  account_.limit_bytes = std::numeric_limits<std::uint64_t>::max();
  openskills_store_set_account(store_.get(), &account_);
  wasmtime_context_set_epoch_deadline(context(), 0);
}

std::unique_ptr<GuestStore> GuestStore::prepare(Engine& engine, const Module& module) {
  if (module.instance_pre() == nullptr) return nullptr;
  auto store = std::make_unique<GuestStore>(engine);
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* const error = store->instantiate(module, &trap);
  if (error != nullptr) wasmtime_error_delete(error);
  if (trap != nullptr) wasm_trap_delete(trap);
  return store->instantiated() ? std::move(store) : nullptr;
}

bool GuestStore::take_over(const Owner& owner) {
  if (account_.used_bytes > owner.memory_limit_bytes) return false;
  account_.limit_bytes = owner.memory_limit_bytes;
  wasmtime_context_set_data(context(), owner.host_data);
  wasmtime_store_epoch_deadline_callback(store_.get(), owner.on_epoch, owner.asked, nullptr);
  wasmtime_context_set_epoch_deadline(context(), 1);
  return true;
}

wasmtime_error_t* GuestStore::instantiate(const Module& module, wasm_trap_t** trap) {
  wasmtime_error_t* const error = wasmtime_instance_pre_instantiate(module.instance_pre(), context(), &instance_, trap);
  instantiated_ = error == nullptr && *trap == nullptr;
  return error;
}

std::span<std::byte> GuestStore::memory() const {
  wasmtime_extern_t item{};
  constexpr std::string_view kMemory = "memory";
  if (!instantiated_ || !wasmtime_instance_export_get(context(), &instance_, kMemory.data(), kMemory.size(), &item)) {
    return {};
  }
  std::span<std::byte> bytes;
  if (item.kind == WASMTIME_EXTERN_MEMORY) {
    bytes = {reinterpret_cast<std::byte*>(wasmtime_memory_data(context(), &item.of.memory)),
             wasmtime_memory_data_size(context(), &item.of.memory)};
  }
  wasmtime_extern_delete(&item);
  return bytes;
}

Result<TouchedPages> GuestStore::touched_pages(const os::PageMap& map, const Module& module) const {
  TouchedPages touched;
  TRY(touched.memory_written, map.find(memory(), os::PageKind::kOwn));
  TRY(touched.memory_read, map.find(memory(), os::PageKind::kPresent));
  TRY(touched.code_read, map.find(module.image(), os::PageKind::kPresent));
  return touched;
}

void GuestStore::populate(const TouchedPages& pages, const Module& module,
                          const std::function<bool()>& stop) const noexcept {
  // What is written costs most when it is touched first.
  if (os::populate_pages(memory(), pages.memory_written, os::Touch::kWrite, stop)) return;
  if (os::populate_pages(memory(), pages.memory_read, os::Touch::kRead, stop)) return;
  (void)os::populate_pages(module.image(), pages.code_read, os::Touch::kRead, stop);
}

}  // namespace openskills
