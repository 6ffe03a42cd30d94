// The 46 functions of WASI preview 1 with their types as the standard has them, written out apart from the code that is
// tested, and the text that imports them.
//
// Thread rule: values and a pure function.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace openskills::wasi {

struct Function {
  std::string_view name;
  std::string_view parameters;  // i: 32 bits, I: 64 bits
};

inline constexpr auto kFunctions = std::to_array<Function>({
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "iIi"},
    {"fd_advise", "iIIi"},
    {"fd_allocate", "iII"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "iII"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "iI"},
    {"fd_filestat_set_times", "iIIi"},
    {"fd_pread", "iiiIi"},
    {"fd_prestat_get", "ii"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_pwrite", "iiiIi"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiIi"},
    {"fd_renumber", "ii"},
    {"fd_seek", "iIii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiiIIi"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiiIIii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_exit", "i"},
    {"proc_raise", "i"},
    {"sched_yield", ""},
    {"random_get", "ii"},
    {"sock_accept", "iii"},
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
});
static_assert(kFunctions.size() == 46);

// Imports all of them, each under its own name. One result of 32 bits, but for proc_exit.
inline std::string declare_functions() {
  std::string text;
  for (const Function& function : kFunctions) {
    text.append("(import \"wasi_snapshot_preview1\" \"").append(function.name).append("\" (func $");
    text.append(function.name).append(" (param");
    for (const char kind : function.parameters) text += kind == 'i' ? " i32" : " i64";
    text += function.name == "proc_exit" ? ")))\n" : ") (result i32)))\n";
  }
  return text;
}

}  // namespace openskills::wasi
