// What the tests of this folder share: a guest without an engine. Its memory is a vector, its calls are methods.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/clock.h"
#include "os/files.h"
#include "wasm/wasi/wasi_context.h"

namespace openskills::wasi {

inline void PrintTo(WasiErrno error, std::ostream* out) { *out << "WASI errno " << static_cast<int>(error); }

class RecordingSink : public OutputSink {
 public:
  bool write(StreamKind stream, std::string_view bytes) override {
    if (closed) return false;
    (stream == StreamKind::kStdout ? out : err) += bytes;
    ++writes;
    return true;
  }

  std::string out;
  std::string err;
  int writes = 0;
  bool closed = false;
};

inline constexpr std::uint32_t kWork = 3;   // writable, "/work"
inline constexpr std::uint32_t kSkill = 4;  // read-only, "/skill"

// Each test gets a fresh folder with `work`, `skill`, and `outside`, which no preopen reaches.
class WasiTest : public ::testing::Test {
 protected:
  WasiTest() : folder_(os::TemporaryDirectory::create("openskills-wasi-test").value()), root_(folder_.path()) {
    for (const char* name : {"work", "skill", "outside"}) std::filesystem::create_directory(root_ / name);
    put_file("skill/manual", "read me");
    put_file("outside/secret", "secret");
  }

  // Starts the guest; `adjust` may change what it is given.
  WasiContext& start(const std::function<void(WasiConfig&)>& adjust = {},
                     const os::DescriptorCalls& calls = os::DescriptorCalls::kernel()) {
    WasiConfig config;
    config.argv = {"program", "one"};
    config.environment = {"NAME=value"};
    config.sink = &sink_;
    config.preopens.push_back({"/work", os::open_directory(path("work")).value(), Access::kReadWrite});
    config.preopens.push_back({"/skill", os::open_directory(path("skill")).value(), Access::kReadOnly});
    if (adjust) adjust(config);
    wasi_ = WasiContext::create(std::move(config), calls).value();
    return *wasi_;
  }
  WasiContext& wasi() { return *wasi_; }

  [[nodiscard]] std::string path(std::string_view relative) const { return (root_ / relative).string(); }
  void put_file(std::string_view relative, std::string_view content) const {
    std::ofstream(path(relative), std::ios::binary) << content;
  }
  void put_link(std::string_view target, std::string_view relative) const {
    std::filesystem::create_symlink(target, path(relative));
  }
  [[nodiscard]] std::string file_content(std::string_view relative) const {
    std::ifstream file(path(relative), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] bool exists(std::string_view relative) const {
    return std::filesystem::exists(std::filesystem::symlink_status(path(relative)));
  }

  // Guest memory.
  GuestMemory memory() { return {bytes_.data(), bytes_.size()}; }
  std::uint32_t space(std::size_t size) {
    const std::size_t taken = (size + 7) / 8 * 8;
    if (next_ + taken > bytes_.size()) next_ = 64;
    const auto address = static_cast<std::uint32_t>(next_);
    next_ += taken;
    return address;
  }
  std::uint32_t text(std::string_view content) {
    const std::uint32_t address = space(content.size());
    std::memcpy(bytes_.data() + address, content.data(), content.size());
    return address;
  }
  template <class T>
  T at(std::uint32_t address) {
    T value{};
    EXPECT_TRUE(memory().load(address, value));
    return value;
  }
  std::string text_at(std::uint32_t address, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes_.data() + address), size};
  }
  std::uint32_t iovec(std::uint32_t buffer, std::uint32_t length) {
    const std::uint32_t address = space(sizeof(IovecLayout));
    EXPECT_TRUE(memory().store(address, IovecLayout{buffer, length}));
    return address;
  }

  // Calls with everything around them.
  static constexpr Rights kReads = rights::kFdRead | rights::kFdSeek | rights::kFdTell | rights::kFdFilestatGet;
  static constexpr Rights kWrites = kReads | rights::kFdWrite | rights::kFdFilestatSetSize |
                                    rights::kFdFilestatSetTimes | rights::kFdFdstatSetFlags | rights::kFdAllocate;

  struct OpenHow {
    std::uint32_t open_flags = 0;
    Rights base = kReads;
    Rights inheriting = rights::kDirectory | rights::kFile;
    std::uint32_t lookup_flags = kLookupSymlinkFollow;
    std::uint32_t fd_flags = 0;
  };
  WasiErrno open(std::uint32_t folder, std::string_view name, const OpenHow& how) {
    const std::uint32_t out = space(4);
    const WasiErrno answer =
        wasi().path_open(memory(), folder, how.lookup_flags, text(name), static_cast<std::uint32_t>(name.size()),
                         how.open_flags, how.base, how.inheriting, how.fd_flags, out);
    opened_ = answer == WasiErrno::kSuccess ? at<std::uint32_t>(out) : 0xffffffff;
    return answer;
  }
  WasiErrno open(std::uint32_t folder, std::string_view name) { return open(folder, name, OpenHow{}); }
  // The number the last open() gave.
  [[nodiscard]] std::uint32_t opened() const { return opened_; }
  std::uint32_t must_open(std::uint32_t folder, std::string_view name, const OpenHow& how) {
    EXPECT_EQ(open(folder, name, how), WasiErrno::kSuccess) << name;
    return opened_;
  }
  std::uint32_t create(std::string_view name) {
    return must_open(kWork, name, {.open_flags = oflags::kCreat, .base = kWrites});
  }

  WasiErrno write(std::uint32_t fd, std::string_view content) {
    return wasi().fd_write(memory(), fd, iovec(text(content), static_cast<std::uint32_t>(content.size())), 1, space(4));
  }
  WasiErrno read(std::uint32_t fd, std::string& content, std::uint32_t size = 100) {
    const std::uint32_t buffer = space(size);
    const std::uint32_t count = space(4);
    const WasiErrno answer = wasi().fd_read(memory(), fd, iovec(buffer, size), 1, count);
    content = answer == WasiErrno::kSuccess ? text_at(buffer, at<std::uint32_t>(count)) : std::string();
    return answer;
  }
  // A call that takes a folder and a path.
  using PathCall = WasiErrno (WasiContext::*)(GuestMemory, std::uint32_t, std::uint32_t, std::uint32_t);
  WasiErrno call(PathCall method, std::uint32_t folder, std::string_view name) {
    return (wasi().*method)(memory(), folder, text(name), static_cast<std::uint32_t>(name.size()));
  }
  WasiErrno rename(std::uint32_t from, std::string_view old_name, std::uint32_t to, std::string_view new_name) {
    return wasi().path_rename(memory(), from, text(old_name), static_cast<std::uint32_t>(old_name.size()), to,
                              text(new_name), static_cast<std::uint32_t>(new_name.size()));
  }
  WasiErrno link(std::uint32_t from, std::string_view old_name, std::uint32_t to, std::string_view new_name) {
    return wasi().path_link(memory(), from, 0, text(old_name), static_cast<std::uint32_t>(old_name.size()), to,
                            text(new_name), static_cast<std::uint32_t>(new_name.size()));
  }
  WasiErrno symlink(std::string_view target, std::uint32_t folder, std::string_view name) {
    return wasi().path_symlink(memory(), text(target), static_cast<std::uint32_t>(target.size()), folder, text(name),
                               static_cast<std::uint32_t>(name.size()));
  }
  WasiErrno stat(std::uint32_t folder, std::string_view name, FilestatLayout& status,
                 std::uint32_t lookup_flags = kLookupSymlinkFollow) {
    const std::uint32_t out = space(sizeof status);
    const WasiErrno answer = wasi().path_filestat_get(memory(), folder, lookup_flags, text(name),
                                                      static_cast<std::uint32_t>(name.size()), out);
    status = at<FilestatLayout>(out);
    return answer;
  }
  WasiErrno stat(std::uint32_t folder, std::string_view name) {
    FilestatLayout status{};
    return stat(folder, name, status);
  }

  // "c a" for a created file a, and so on.
  std::vector<std::string> changes() {
    std::vector<std::string> lines;
    for (const ChangedFile& file : wasi().take_changed_files()) {
      lines.push_back(std::string(1, "cmd"[static_cast<std::size_t>(file.change)]) + " " + file.relative_path);
    }
    return lines;
  }

  RecordingSink sink_;

 private:
  os::TemporaryDirectory folder_;
  std::filesystem::path root_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(std::size_t{1} << 20U);
  std::size_t next_ = 64;
  std::uint32_t opened_ = 0;
  std::unique_ptr<WasiContext> wasi_;
};

}  // namespace openskills::wasi
