// Every call with numbers as a hostile guest would pass them: nothing crashes, nothing outside changes, nothing leaks.
#include <array>
#include <random>

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

class RandomCallsTest : public WasiTest {
 protected:
  static constexpr std::uint32_t kEnd = 1U << 20U;

  std::uint32_t number() {
    static constexpr std::array<std::uint32_t, 16> kNumbers = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 0xffff, kEnd - 8, kEnd, 0x7fffffff, 0x80000000, 0xffffffff};
    return random_() % 4 == 0 ? static_cast<std::uint32_t>(random_()) : kNumbers[random_() % kNumbers.size()];
  }
  std::uint64_t wide_number() {
    static constexpr std::array<std::uint64_t, 8> kNumbers = {0,
                                                              1,
                                                              100,
                                                              std::uint64_t{1} << 31U,
                                                              std::uint64_t{1} << 32U,
                                                              std::uint64_t{1} << 62U,
                                                              ~std::uint64_t{0} >> 1U,
                                                              ~std::uint64_t{0}};
    return random_() % 4 == 0 ? random_() : kNumbers[random_() % kNumbers.size()];
  }

  template <class... Arguments>
  WasiErrno invoke(WasiErrno (WasiContext::*method)(GuestMemory, Arguments...)) {
    return (wasi().*method)(memory(), argument<Arguments>()...);
  }

  // A path in guest memory, often one that means something.
  std::pair<std::uint32_t, std::uint32_t> some_path() {
    static constexpr std::array<std::string_view, 14> kPaths = {
        "a",          "b",           "d", "d/x", "d/../a", "../outside/secret", "l", "l/x", "out",
        "out/secret", "/etc/passwd", ".", "..",  "d/"};
    const std::string_view path = kPaths[random_() % kPaths.size()];
    return {text(path), static_cast<std::uint32_t>(path.size())};
  }

  std::mt19937_64 random_{20260101};

 private:
  template <class Argument>
  Argument argument() {
    if constexpr (std::is_same_v<Argument, std::uint32_t>) {
      return number();
    } else {
      return wide_number();
    }
  }
};

TEST_F(RandomCallsTest, NumbersFromAnywhere) {
  const auto adjust = [](WasiConfig& config) {
    config.determinism.realtime_start_ns = 0;  // sleeping takes no time
    config.limits.disk_bytes = 1U << 20U;
  };
  using Call = std::function<void()>;
  const std::vector<Call> calls = {[&] { invoke(&WasiContext::args_get); },
                                   [&] { invoke(&WasiContext::args_sizes_get); },
                                   [&] { invoke(&WasiContext::environ_get); },
                                   [&] { invoke(&WasiContext::environ_sizes_get); },
                                   [&] { invoke(&WasiContext::clock_res_get); },
                                   [&] { invoke(&WasiContext::clock_time_get); },
                                   [&] { invoke(&WasiContext::fd_advise); },
                                   [&] { invoke(&WasiContext::fd_allocate); },
                                   [&] { invoke(&WasiContext::fd_close); },
                                   [&] { invoke(&WasiContext::fd_datasync); },
                                   [&] { invoke(&WasiContext::fd_fdstat_get); },
                                   [&] { invoke(&WasiContext::fd_fdstat_set_flags); },
                                   [&] { invoke(&WasiContext::fd_fdstat_set_rights); },
                                   [&] { invoke(&WasiContext::fd_filestat_get); },
                                   [&] { invoke(&WasiContext::fd_filestat_set_size); },
                                   [&] { invoke(&WasiContext::fd_filestat_set_times); },
                                   [&] { invoke(&WasiContext::fd_pread); },
                                   [&] { invoke(&WasiContext::fd_prestat_get); },
                                   [&] { invoke(&WasiContext::fd_prestat_dir_name); },
                                   [&] { invoke(&WasiContext::fd_pwrite); },
                                   [&] { invoke(&WasiContext::fd_read); },
                                   [&] { invoke(&WasiContext::fd_readdir); },
                                   [&] { invoke(&WasiContext::fd_renumber); },
                                   [&] { invoke(&WasiContext::fd_seek); },
                                   [&] { invoke(&WasiContext::fd_sync); },
                                   [&] { invoke(&WasiContext::fd_tell); },
                                   [&] { invoke(&WasiContext::fd_write); },
                                   [&] { invoke(&WasiContext::path_create_directory); },
                                   [&] { invoke(&WasiContext::path_filestat_get); },
                                   [&] { invoke(&WasiContext::path_filestat_set_times); },
                                   [&] { invoke(&WasiContext::path_link); },
                                   [&] { invoke(&WasiContext::path_open); },
                                   [&] { invoke(&WasiContext::path_readlink); },
                                   [&] { invoke(&WasiContext::path_remove_directory); },
                                   [&] { invoke(&WasiContext::path_rename); },
                                   [&] { invoke(&WasiContext::path_symlink); },
                                   [&] { invoke(&WasiContext::path_unlink_file); },
                                   [&] { invoke(&WasiContext::poll_oneoff); },
                                   [&] { invoke(&WasiContext::sched_yield); },
                                   [&] { invoke(&WasiContext::random_get); },
                                   [&] { invoke(&WasiContext::sock_accept); },
                                   [&] { invoke(&WasiContext::sock_recv); },
                                   [&] { invoke(&WasiContext::sock_send); },
                                   [&] { invoke(&WasiContext::sock_shutdown); }};
  for (int i = 0; i < 60'000; ++i) {
    if (i % 300 == 0) start(adjust);  // most descriptors are closed by now
    calls[random_() % calls.size()]();
  }
  EXPECT_EQ(file_content("outside/secret"), "secret");
  EXPECT_EQ(file_content("skill/manual"), "read me");
  EXPECT_LE(wasi().disk_written_bytes(), 1U << 20U);
}

TEST_F(RandomCallsTest, PathsThatMeanSomething) {
  std::filesystem::create_directory(path("work/d"));
  put_link("d", "work/l");
  put_link("../outside", "work/out");
  start();
  for (int i = 0; i < 20'000; ++i) {
    const auto [one, one_size] = some_path();
    const auto [two, two_size] = some_path();
    const std::uint32_t fd = 3 + static_cast<std::uint32_t>(random_() % 4);
    const std::uint32_t other = 3 + static_cast<std::uint32_t>(random_() % 4);
    const auto flags = static_cast<std::uint32_t>(random_());
    switch (random_() % 10) {
      case 0: (void)wasi().path_create_directory(memory(), fd, one, one_size); break;
      case 1: (void)wasi().path_unlink_file(memory(), fd, one, one_size); break;
      case 2: (void)wasi().path_remove_directory(memory(), fd, one, one_size); break;
      case 3: (void)wasi().path_rename(memory(), fd, one, one_size, other, two, two_size); break;
      case 4: (void)wasi().path_link(memory(), fd, 0, one, one_size, other, two, two_size); break;
      case 5: (void)wasi().path_symlink(memory(), one, one_size, other, two, two_size); break;
      case 6: (void)wasi().path_filestat_get(memory(), fd, flags & 1U, one, one_size, 64); break;
      case 7: (void)wasi().fd_close(memory(), 5 + flags % 4); break;
      case 8: (void)wasi().path_filestat_set_times(memory(), fd, flags & 1U, one, one_size, 1, 1, 5); break;
      default:
        (void)wasi().path_open(memory(), fd, flags & 1U, one, one_size, (flags >> 1U) & oflags::kAll,
                               (flags & 64U) != 0 ? kWrites : rights::kDirectory, ~Rights{0}, 0, 64);
    }
  }
  EXPECT_EQ(file_content("outside/secret"), "secret");
  EXPECT_EQ(file_content("skill/manual"), "read me");
  std::size_t outside = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path("outside"))) ++outside;
  EXPECT_EQ(outside, 1U);
}

}  // namespace
}  // namespace openskills::wasi
