// Small guests in text form, a folder for them, and a sink that records: what the tests of executors share.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wasmtime.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "invoke/invocation.h"
#include "os/files.h"
#include "wasm/wasmtime_error.h"

namespace openskills {

inline std::string assemble(std::string_view text) {
  wasm_byte_vec_t binary{};
  wasmtime_error_t* error = wasmtime_wat2wasm(text.data(), text.size(), &binary);
  if (error != nullptr) {
    ADD_FAILURE() << take_message(error);
    return {};
  }
  std::string bytes(binary.data, binary.size);
  wasm_byte_vec_delete(&binary);
  return bytes;
}

// A module with one page of memory and the calls below; `body` is that of _start.
inline std::string guest(std::string_view body, std::string_view memory = "1", std::string_view more = "") {
  return assemble(std::string(R"((module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (import "wasi_snapshot_preview1" "path_open"
      (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") )")
                      .append(memory)
                      .append(R"()
    (data (i32.const 64) "hello\n")
    (data (i32.const 128) "made")
    (func $say (param $fd i32) (result i32)
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 6))
      (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)))
    )")
                      .append(more)
                      .append("(func (export \"_start\") (local $i i32) ")
                      .append(body)
                      .append("))"));
}

inline std::string hello() { return guest("(drop (call $say (i32.const 1))) (drop (call $say (i32.const 2)))"); }
inline std::string exits(int code) { return guest("(call $proc_exit (i32.const " + std::to_string(code) + "))"); }
inline std::string traps() { return guest("unreachable"); }
inline std::string spins() { return guest("(loop $l (br $l))"); }
// Reads standard input, one byte at a time, and waits there when it has none.
inline std::string waits_for_input() {
  return guest(R"((i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 1))
                  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))))");
}
// Writes until writing fails, and exits with the errno.
inline std::string writes_until_it_fails() {
  return guest(
      "(loop $l (local.set $i (call $say (i32.const 1))) (br_if $l (i32.eqz (local.get $i)))) "
      "(call $proc_exit (local.get $i))");
}
// Grows its memory until it is told no, then traps.
inline std::string grows_and_traps() {
  return guest("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable");
}
// Grows until it is told no, then ends well.
inline std::string grows_and_goes_on() {
  return guest("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))");
}
// Creates the file "made" in the first mount and writes into it.
inline std::string makes_a_file() {
  return guest(R"((if (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 4) (i32.const 1)
                        (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable))
                  (if (call $say (i32.load (i32.const 32))) (then unreachable)))");
}

// The same, and lets half a millisecond and more go by, so that it is no short run.
inline std::string makes_a_file_slowly() {
  return guest(R"((if (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 4) (i32.const 1)
                        (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable))
                  (if (call $say (i32.load (i32.const 32))) (then unreachable))
                  (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $l (i32.lt_u (local.get $i) (i32.const 4000000)))))");
}

// What starting a file gives: ETXTBSY as long as somebody has it open for writing, else ENOEXEC for one that is no
// program.
inline int errno_of_starting(const std::string& path) {
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    ::execl(path.c_str(), path.c_str(), nullptr);
    ::_exit(errno);
  }
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Speaks, and goes on when it is answered.
inline std::string speaks_and_asks() {
  return guest(R"((drop (call $say (i32.const 1)))
      (i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 1))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))))");
}

// A run that ended well, with both walls in force.
inline void expect_an_end_behind_every_layer(const ExecutionResult& result) {
  EXPECT_EQ(result.ending, Ending::kExited) << result.message;
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.layers.wasm);
  EXPECT_GE(result.layers.landlock_abi, 1);
  EXPECT_TRUE(result.layers.seccomp);
}

class RecordingGuestSink : public OutputSink {
 public:
  bool write(StreamKind stream, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    (stream == StreamKind::kStdout ? out : err).append(bytes);
    return !on_write || on_write();
  }

  std::string out;
  std::string err;
  std::function<bool()> on_write;

 private:
  std::mutex mutex_;
};

// A folder with modules, a cache and a workspace, gone afterwards.
class GuestFolder {
 public:
  GuestFolder() : temporary_(os::TemporaryDirectory::create("openskills-guests-test-").value()) {
    std::filesystem::create_directory(path("work"));
  }

  [[nodiscard]] std::string path(std::string_view name) const { return temporary_.path() + "/" + std::string(name); }
  [[nodiscard]] std::string cache() const { return path("cache"); }

  [[nodiscard]] std::string put(std::string_view name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << bytes;
    return path(name);
  }

  // A run of the module with /workspace mounted.
  [[nodiscard]] Invocation invocation(std::string_view module) const {
    Invocation invocation;
    invocation.program_path = put("module.wasm", module);
    invocation.argv = {"module.wasm"};
    invocation.capabilities.mounts = {{path("work"), "/workspace", Access::kReadWrite, MountRole::kWorkspace, {}}};
    invocation.limits.wall_ms = 20'000;
    invocation.limits.cpu_ms = 20'000;
    return invocation;
  }

 private:
  os::TemporaryDirectory temporary_;
};

}  // namespace openskills
