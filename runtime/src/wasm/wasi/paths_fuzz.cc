// Paths, flags and rights of a hostile guest against a real tree with links: nothing outside of the mounts is ever
// opened, and nothing outside of the writable one, or protected in it, ever changes. FuzzTree looks at every call.
#include <array>
#include <cstring>

#include "wasm/wasi/fuzz_tree_test_support.h"
#include "wasm/wasi/path_access.h"

namespace openskills::wasi {
namespace {

constexpr std::size_t kMemoryBytes = 16384;
constexpr int kMostCalls = 12;

// Parts of paths that mean something in FuzzTree.
constexpr std::array<std::string_view, 20> kParts = {"a",    "d",    "x",       "e",      "l",    "out",  "abs",
                                                     "loop", ".git", ".GIT",    "config", "keep", "this", "manual",
                                                     "s",    "up",   "outside", "secret", "..",   "."};

class Guest {
 public:
  Guest(WasiContext& wasi, FuzzedDataProvider& input) : wasi_(wasi), input_(input) {}

  void run() {
    for (int i = 0; i < kMostCalls && input_.remaining_bytes() > 0; ++i) {
      next_ = 64;
      if (call() == WasiErrno::kStop) return;
    }
  }

 private:
  struct Text {
    std::uint32_t address;
    std::uint32_t size;
  };

  Text put(std::string_view text) {
    const auto address = static_cast<std::uint32_t>(next_);
    std::memcpy(bytes_.data() + address, text.data(), text.size());
    next_ += text.size();
    return {address, static_cast<std::uint32_t>(text.size())};
  }
  Text path() {
    if (input_.ConsumeIntegralInRange(0, 3) == 0) return put(fuzzing::take_text(input_, 64));
    std::string path;
    do {
      path += kParts[input_.ConsumeIntegralInRange<std::size_t>(0, kParts.size() - 1)];
      const int joint = input_.ConsumeIntegralInRange(0, 7);
      if (joint == 7) path += "//";
      if (joint >= 4) path += '/';
      if (joint == 0) break;
    } while (path.size() < 200 && input_.remaining_bytes() > 0);
    return put(path);
  }
  std::uint32_t folder() { return input_.ConsumeIntegralInRange<std::uint32_t>(3, 8); }
  std::uint32_t follow() { return input_.ConsumeIntegralInRange<std::uint32_t>(0, 1); }
  Rights some_rights() {
    switch (input_.ConsumeIntegralInRange(0, 3)) {
      case 0: return input_.ConsumeIntegral<Rights>();
      case 1: return rights::kFdRead | rights::kFdWrite;
      case 2: return rights::kDirectory;
      default: return rights::kDirectory | rights::kFile;
    }
  }

  WasiErrno open() {
    const Text name = path();
    const std::uint32_t flags = input_.ConsumeIntegralInRange<std::uint32_t>(0, oflags::kAll);
    const std::uint32_t lookup = follow();
    const Rights base = some_rights();
    const auto fd_flags = input_.ConsumeIntegralInRange<std::uint32_t>(0, fdflags::kAll);
    return wasi_.path_open(memory_, folder(), lookup, name.address, name.size, flags, base, some_rights(), fd_flags, 0);
  }
  WasiErrno write() {
    const Text text = put(fuzzing::take_text(input_, 100));
    const auto iovec = static_cast<std::uint32_t>(next_);
    (void)memory_.store(iovec, IovecLayout{text.address, text.size});
    return wasi_.fd_write(memory_, folder(), iovec, 1, 0);
  }
  WasiErrno times() {
    const Text name = path();
    const std::uint32_t flags = input_.ConsumeIntegralInRange<std::uint32_t>(0, fstflags::kAll);
    const std::uint32_t lookup = follow();
    return wasi_.path_filestat_set_times(memory_, folder(), lookup, name.address, name.size, 1, 2, flags);
  }
  WasiErrno two_paths(bool link) {
    const Text from = path();
    const Text to = path();
    const std::uint32_t from_fd = folder();
    const std::uint32_t to_fd = folder();
    if (link) return wasi_.path_link(memory_, from_fd, 0, from.address, from.size, to_fd, to.address, to.size);
    return wasi_.path_rename(memory_, from_fd, from.address, from.size, to_fd, to.address, to.size);
  }
  WasiErrno symlink() {
    const Text target = path();
    const Text name = path();
    return wasi_.path_symlink(memory_, target.address, target.size, folder(), name.address, name.size);
  }
  WasiErrno one_path(int kind) {
    const Text name = path();
    const std::uint32_t fd = folder();
    switch (kind) {
      case 0: return wasi_.path_create_directory(memory_, fd, name.address, name.size);
      case 1: return wasi_.path_unlink_file(memory_, fd, name.address, name.size);
      case 2: return wasi_.path_remove_directory(memory_, fd, name.address, name.size);
      case 3: return wasi_.path_filestat_get(memory_, fd, follow(), name.address, name.size, 0);
      default: return wasi_.path_readlink(memory_, fd, name.address, name.size, 8192, 256, 0);
    }
  }
  WasiErrno call() {
    const int kind = input_.ConsumeIntegralInRange(0, 14);
    switch (kind) {
      case 5: return two_paths(false);
      case 6: return two_paths(true);
      case 7: return symlink();
      case 8: return write();
      case 9: return times();
      case 10: return wasi_.fd_close(memory_, folder());
      case 11: return wasi_.fd_renumber(memory_, folder(), folder());
      case 12: return wasi_.fd_filestat_set_size(memory_, folder(), input_.ConsumeIntegral<std::uint32_t>());
      case 13:
      case 14: return open();
      default: return one_path(kind);
    }
  }

  WasiContext& wasi_;
  FuzzedDataProvider& input_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(kMemoryBytes);
  GuestMemory memory_{bytes_.data(), bytes_.size()};
  std::size_t next_ = 64;
};

}  // namespace
}  // namespace openskills::wasi

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills::wasi;
  FuzzedDataProvider input(data, size);
  fuzz_one("", [&](WasiContext& wasi) { Guest(wasi, input).run(); });
  return 0;
}
