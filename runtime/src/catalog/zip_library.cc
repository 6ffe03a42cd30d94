#include "catalog/zip_library.h"

#include <dlfcn.h>

#include <initializer_list>
#include <optional>

namespace openskills {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) noexcept {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, ZipLibrary& zip) noexcept {
  return find(library, "zip_source_buffer_create", zip.source_buffer_create) &&
         find(library, "zip_source_buffer", zip.source_buffer) && find(library, "zip_source_free", zip.source_free) &&
         find(library, "zip_source_keep", zip.source_keep) && find(library, "zip_source_open", zip.source_open) &&
         find(library, "zip_source_read", zip.source_read) && find(library, "zip_source_close", zip.source_close) &&
         find(library, "zip_open_from_source", zip.open_from_source) && find(library, "zip_close", zip.close) &&
         find(library, "zip_discard", zip.discard) && find(library, "zip_strerror", zip.strerror) &&
         find(library, "zip_get_num_entries", zip.get_num_entries) && find(library, "zip_get_name", zip.get_name) &&
         find(library, "zip_stat_index", zip.stat_index) && find(library, "zip_fopen_index", zip.fopen_index) &&
         find(library, "zip_fread", zip.fread) && find(library, "zip_fclose", zip.fclose) &&
         find(library, "zip_file_add", zip.file_add) &&
         find(library, "zip_set_file_compression", zip.set_file_compression) &&
         find(library, "zip_file_set_dostime", zip.file_set_dostime) &&
         find(library, "zip_file_set_external_attributes", zip.file_set_external_attributes) &&
         find(library, "zip_file_get_external_attributes", zip.file_get_external_attributes) &&
         find(library, "zip_error_init", zip.error_init) && find(library, "zip_error_fini", zip.error_fini) &&
         find(library, "zip_error_strerror", zip.error_strerror);
}

std::optional<ZipLibrary> load_library() noexcept {
  // The interface used here is the same in both.
  for (const char* name : {"libzip.so.5", "libzip.so.4"}) {
    ZipLibrary zip;
    void* const library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr && find_all(library, zip)) return zip;
  }
  return std::nullopt;
}

}  // namespace

Result<const ZipLibrary*> ZipLibrary::load() {
  static const std::optional<ZipLibrary> library = load_library();
  if (library) return &*library;
  return fail_with_hint(ErrorCode::kInternal, "libzip, which reads and writes packages, is not installed",
                        "install it: apt-get install libzip4");
}

}  // namespace openskills
