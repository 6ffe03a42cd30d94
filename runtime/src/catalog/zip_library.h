// ZipLibrary: libzip, loaded when a package is packed or unpacked: inside of the catalog layer only.
//
// Thread rule: the functions may be called from any thread; an archive belongs to one.
// It is loaded at run time because it brings libcrypto, which would cost every start of the program a millisecond and
// more.
#pragma once

#include <zip.h>

#include "base/result.h"

namespace openskills {

struct ZipLibrary {
  decltype(&::zip_source_buffer_create) source_buffer_create = nullptr;
  decltype(&::zip_source_buffer) source_buffer = nullptr;
  decltype(&::zip_source_free) source_free = nullptr;
  decltype(&::zip_source_keep) source_keep = nullptr;
  decltype(&::zip_source_open) source_open = nullptr;
  decltype(&::zip_source_read) source_read = nullptr;
  decltype(&::zip_source_close) source_close = nullptr;
  decltype(&::zip_open_from_source) open_from_source = nullptr;
  decltype(&::zip_close) close = nullptr;
  decltype(&::zip_discard) discard = nullptr;
  decltype(&::zip_strerror) strerror = nullptr;
  decltype(&::zip_get_num_entries) get_num_entries = nullptr;
  decltype(&::zip_get_name) get_name = nullptr;
  decltype(&::zip_stat_index) stat_index = nullptr;
  decltype(&::zip_fopen_index) fopen_index = nullptr;
  decltype(&::zip_fread) fread = nullptr;
  decltype(&::zip_fclose) fclose = nullptr;
  decltype(&::zip_file_add) file_add = nullptr;
  decltype(&::zip_set_file_compression) set_file_compression = nullptr;
  decltype(&::zip_file_set_dostime) file_set_dostime = nullptr;
  decltype(&::zip_file_set_external_attributes) file_set_external_attributes = nullptr;
  decltype(&::zip_file_get_external_attributes) file_get_external_attributes = nullptr;
  decltype(&::zip_error_init) error_init = nullptr;
  decltype(&::zip_error_fini) error_fini = nullptr;
  decltype(&::zip_error_strerror) error_strerror = nullptr;

  // The library, loaded once per process. kInternal when the machine has none.
  [[nodiscard]] static Result<const ZipLibrary*> load();
};

}  // namespace openskills
