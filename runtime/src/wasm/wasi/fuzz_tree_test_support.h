// What the WASI fuzz targets share: a real tree with a writable, a read-only and an ungranted part, a seam to the
// kernel that looks at every call on the way, and what must hold after each input.
//
// Thread rule: one thread.
#pragma once

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fuzz_test_support.h"
#include "os/descriptor_calls.h"
#include "os/files.h"
#include "os/supervision.h"
#include "wasm/wasi/path_access.h"
#include "wasm/wasi/wasi_context.h"

namespace openskills::wasi {

inline constexpr std::uint64_t kFuzzDiskBytes = 64U << 10U;
inline constexpr std::uint64_t kFuzzFiles = 24;
inline constexpr std::uint32_t kFuzzOpenFiles = 16;

// work/ is granted for writing but for .git anywhere and keep/this; skill/ is granted for reading; outside/ is not.
class FuzzTree {
 public:
  FuzzTree() : folder_(os::TemporaryDirectory::create("openskills-wasi-fuzz-").value()), root_(folder_.path()) {
    for (const char* name : {"skill", "outside"}) std::filesystem::create_directory(root_ / name);
    put("skill/manual", "read me");
    link("manual", "skill/s");
    link("../outside/secret", "skill/up");
    put("outside/secret", "secret");
    fill();
  }

  [[nodiscard]] std::string path(std::string_view name) const { return (root_ / name).string(); }

  // Makes work/ what it was; for inputs that changed it.
  void refill() {
    std::filesystem::remove_all(root_ / "work");
    fill();
  }

  // What the guest must not have been able to change, whatever it did.
  void check_fixed_parts() const {
    fuzzing::require(content("outside/secret") == "secret" && names("outside") == 1, "the outside has changed");
    fuzzing::require(content("skill/manual") == "read me" && names("skill") == 3, "the read-only folder has changed");
    fuzzing::require(content("work/.git/config") == "git" && names("work/.git") == 1, "a protected name has changed");
    fuzzing::require(content("work/keep/this") == "kept", "a protected path has changed");
  }
  // What it may have made of the rest.
  void check_quota() const {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    std::set<std::uint64_t> counted;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ / "work")) {
      ++entries;
      if (entry.is_symlink() || !entry.is_regular_file()) continue;
      const Result<os::FileInfo> info = os::file_info_at(entry.path().string());
      // A file may have several names.
      if (info && counted.insert(info->inode).second) bytes += info->size_bytes;
    }
    fuzzing::require(entries <= kEntries + kFuzzFiles, "more files than the limit allows");
    fuzzing::require(bytes <= kInitialBytes + kFuzzDiskBytes, "more bytes than the limit allows");
  }

 private:
  static constexpr std::uint64_t kEntries = 12;
  static constexpr std::uint64_t kInitialBytes = 64;

  void fill() const {
    for (const char* name : {"work", "work/d", "work/d/e", "work/.git", "work/keep"}) {
      std::filesystem::create_directory(root_ / name);
    }
    put("work/a", "data");
    put("work/d/x", "more data");
    put("work/.git/config", "git");
    put("work/keep/this", "kept");
    link("d", "work/l");
    link("../outside", "work/out");
    link("/etc", "work/abs");
    link("loop", "work/loop");
  }
  void put(std::string_view name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  void link(std::string_view target, std::string_view name) const {
    std::filesystem::create_symlink(target, path(name));
  }
  [[nodiscard]] std::string content(std::string_view name) const {
    return os::read_file_at(path(name), 1024).value_or("");
  }
  [[nodiscard]] std::ptrdiff_t names(std::string_view name) const {
    std::error_code ignored;
    return std::distance(std::filesystem::directory_iterator(path(name), ignored), {});
  }

  os::TemporaryDirectory folder_;
  std::filesystem::path root_;
};

// The kernel, and an eye on it: what is opened lies in the mount it was asked of, and what changes lies in the writable
// one and is not protected.
class WatchingCalls : public os::DescriptorCalls {
 public:
  explicit WatchingCalls(const FuzzTree& tree) : work_(tree.path("work")), skill_(tree.path("skill")) {}

  // Since the last time it was asked.
  [[nodiscard]] bool take_changed() const { return std::exchange(changed_, false); }

  os::SystemResult<UniqueFd> open_beneath(int directory_fd, const char* path,
                                          const os::OpenOptions& options) const noexcept override {
    auto opened = open(directory_fd, path, options);
    if (!opened) return opened;
    const std::string place = place_of(opened->get());
    fuzzing::require(within(place, mount_of(place_of(directory_fd))), "a path led out of its mount");
    const bool writes = options.mode == os::OpenMode::kWrite || options.mode == os::OpenMode::kReadWrite;
    if (writes || options.create) fuzzing::require(within(place, work_), "opened for writing in a read-only mount");
    if (options.create) check_change(place);
    return opened;
  }
  os::SystemResult<std::size_t> write(int fd, std::span<const os::IoSlice> slices) const noexcept override {
    check_change(place_of(fd));
    return DescriptorCalls::write(fd, slices);
  }
  os::SystemResult<std::size_t> write_at(int fd, std::span<const os::IoSlice> slices,
                                         std::int64_t offset) const noexcept override {
    check_change(place_of(fd));
    return DescriptorCalls::write_at(fd, slices, offset);
  }
  os::SystemResult<void> truncate(int fd, std::int64_t size_bytes) const noexcept override {
    check_change(place_of(fd));
    return DescriptorCalls::truncate(fd, size_bytes);
  }
  os::SystemResult<void> set_times(int fd, os::TimeChange accessed, os::TimeChange modified) const noexcept override {
    check_change(place_of(fd));
    return DescriptorCalls::set_times(fd, accessed, modified);
  }
  os::SystemResult<void> set_place_times(int fd, os::TimeChange accessed,
                                         os::TimeChange modified) const noexcept override {
    check_change(place_of(fd));
    return DescriptorCalls::set_place_times(fd, accessed, modified);
  }
  os::SystemResult<void> make_directory_at(int fd, const char* name) const noexcept override {
    check_name(fd, name);
    return DescriptorCalls::make_directory_at(fd, name);
  }
  os::SystemResult<void> unlink_at(int fd, const char* name) const noexcept override {
    check_name(fd, name);
    return DescriptorCalls::unlink_at(fd, name);
  }
  os::SystemResult<void> remove_directory_at(int fd, const char* name) const noexcept override {
    check_name(fd, name);
    return DescriptorCalls::remove_directory_at(fd, name);
  }
  os::SystemResult<void> rename_at(int from_fd, const char* from_name, int to_fd,
                                   const char* to_name) const noexcept override {
    check_name(from_fd, from_name);
    check_name(to_fd, to_name);
    return DescriptorCalls::rename_at(from_fd, from_name, to_fd, to_name);
  }
  os::SystemResult<void> link_at(int from_fd, const char* from_name, int to_fd,
                                 const char* to_name) const noexcept override {
    check_name(from_fd, from_name);
    check_name(to_fd, to_name);
    return DescriptorCalls::link_at(from_fd, from_name, to_fd, to_name);
  }
  os::SystemResult<void> symlink_at(const char* target, int fd, const char* name) const noexcept override {
    check_name(fd, name);
    // Between slashes, so that a part is found as a whole: "..a" is a name like any other.
    const std::string parts = "/" + std::string(target) + "/";
    fuzzing::require(target[0] != '/' && parts.find("/../") == std::string::npos, "a link that leads out was made");
    return DescriptorCalls::symlink_at(target, fd, name);
  }

 private:
  // The planted bug: ".." is left to the kernel without telling it to stay beneath.
  os::SystemResult<UniqueFd> open(int directory_fd, const char* path, const os::OpenOptions& options) const noexcept {
    const bool planted = fuzzing::plants_a_bug() && std::string_view(path).find("../") != std::string_view::npos;
    if (!planted) return DescriptorCalls::open_beneath(directory_fd, path, options);
    const int fd = ::openat(directory_fd, path, O_PATH | O_CLOEXEC);
    if (fd < 0) return std::unexpected(os::Errno{errno});
    return UniqueFd(fd);
  }

  static bool within(std::string_view path, std::string_view folder) { return os::is_within(path, folder); }
  [[nodiscard]] const std::string& mount_of(std::string_view place) const {
    fuzzing::require(within(place, work_) || within(place, skill_), "a folder outside of the mounts is used");
    return within(place, work_) ? work_ : skill_;
  }
  std::string place_of(int fd) const {
    std::array<char, 8192> buffer;
    const auto path = path_of(fd, buffer);
    fuzzing::require(path.has_value(), "a descriptor that is not open is used");
    return std::string(*path);
  }
  void check_change(std::string_view place) const {
    fuzzing::require(within(place, work_), "something outside of the writable mount is changed");
    place.remove_prefix(work_.size());
    fuzzing::require(!has_part_named(place, {".git"}) && place != "/keep/this", "something protected is changed");
    changed_ = true;
  }
  void check_name(int fd, std::string_view name) const {
    while (name.ends_with('/')) name.remove_suffix(1);
    fuzzing::require(!name.empty() && name.find('/') == name.npos && name != "." && name != "..",
                     "a name that is no single component is used");
    check_change(place_of(fd) + "/" + std::string(name));
  }

  std::string work_;
  std::string skill_;
  mutable bool changed_ = false;
};

class FuzzSink : public OutputSink {
 public:
  bool write(StreamKind /*stream*/, std::string_view /*bytes*/) override { return true; }
};

// The guest's configuration; nothing in it waits.
inline WasiConfig fuzz_config(const FuzzTree& tree, OutputSink& sink, std::string stdin_bytes) {
  WasiConfig config;
  config.argv = {"program", "one"};
  config.environment = {"NAME=value"};
  config.sink = &sink;
  config.stdin_source = {StdinSource::Kind::kBytes, std::move(stdin_bytes), -1};
  config.determinism.seed = 1;
  config.determinism.realtime_start_ns = 0;
  config.limits.disk_bytes = kFuzzDiskBytes;
  config.limits.files_created = kFuzzFiles;
  config.limits.open_files = kFuzzOpenFiles;
  config.preopens.push_back({"/work", os::open_directory(tree.path("work")).value(), Access::kReadWrite});
  config.preopens.back().protected_names = {".git"};
  config.preopens.back().protected_paths = {"keep/this"};
  config.preopens.push_back({"/skill", os::open_directory(tree.path("skill")).value(), Access::kReadOnly});
  return config;
}

// One input: `run` uses the context; afterwards nothing is left open and everything fixed is as it was.
template <class Run>
void fuzz_one(std::string stdin_bytes, Run run) {
  static FuzzTree tree;
  static const WatchingCalls calls(tree);
  static FuzzSink sink;
  const std::vector<int> open_before = os::open_descriptors().value();
  {
    const auto context = WasiContext::create(fuzz_config(tree, sink, std::move(stdin_bytes)), calls).value();
    run(*context);
    fuzzing::require(context->disk_written_bytes() <= kFuzzDiskBytes, "more bytes written than the limit allows");
    for (const ChangedFile& file : context->take_changed_files()) {
      fuzzing::require(
          file.mount_guest_path == "/work" && !has_dot_dot(file.relative_path) && !file.relative_path.starts_with('/'),
          "a changed file that is not in the writable mount");
    }
  }
  fuzzing::require(os::open_descriptors().value() == open_before, "a descriptor was left open");
  tree.check_fixed_parts();
  if (!calls.take_changed()) return;
  tree.check_quota();
  tree.refill();
}

}  // namespace openskills::wasi
