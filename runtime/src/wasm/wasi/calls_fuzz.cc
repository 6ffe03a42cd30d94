// All 46 functions of WASI with any arguments over a small guest memory, in any order: nothing crashes or hangs, no
// byte beside the guest's memory is touched (AddressSanitizer sees it), and what FuzzTree watches holds.
#include <array>
#include <cstring>

#include "wasm/wasi/fuzz_tree_test_support.h"

namespace openskills::wasi {
namespace {

constexpr std::uint32_t kMemoryBytes = 8192;
constexpr int kMostCalls = 24;

// Where things lie that calls take pointers to, so that more than the first check of a call is reached.
constexpr std::uint32_t kPaths = 256;
constexpr std::uint32_t kIovecs = 1024;
constexpr std::uint32_t kSubscriptions = 1280;
constexpr std::uint32_t kScratch = 4096;

constexpr std::array<std::string_view, 10> kPathTexts = {"a",       "d/x", "l/x", "out/secret", ".git/config",
                                                         "../outs", "new", "d",   "keep/this",  "d/../a"};

template <class Method>
struct Caller;
template <class... Arguments>
struct Caller<WasiErrno (WasiContext::*)(GuestMemory, Arguments...)> {
  template <auto kMethod, class Take>
  static WasiErrno call(WasiContext& wasi, GuestMemory memory, Take take) {
    // Braces: the arguments are taken from left to right.
    const std::tuple<Arguments...> arguments{take.template value<Arguments>()...};
    return std::apply([&](Arguments... values) { return (wasi.*kMethod)(memory, values...); }, arguments);
  }
};

// Arguments as the input says: a number that means something to most calls, or any.
struct Take {
  FuzzedDataProvider& input;

  template <class Number>
  Number value() {
    static constexpr std::array<std::uint32_t, 24> kNumbers = {0,
                                                               1,
                                                               2,
                                                               3,
                                                               4,
                                                               5,
                                                               6,
                                                               7,
                                                               8,
                                                               16,
                                                               48,
                                                               kPaths,
                                                               kPaths + 16,
                                                               kPaths + 32,
                                                               kPaths + 96,
                                                               kIovecs,
                                                               kSubscriptions,
                                                               kScratch,
                                                               kMemoryBytes - 8,
                                                               kMemoryBytes - 4,
                                                               kMemoryBytes,
                                                               0x7fffffff,
                                                               0x80000000,
                                                               0xffffffff};
    const auto choice = input.ConsumeIntegral<std::uint8_t>();
    if (choice < 224) return kNumbers[choice % kNumbers.size()];
    if (choice < 240) return static_cast<Number>(rights::kDirectory | rights::kFile);
    return input.ConsumeIntegral<Number>();
  }
};

using Call = WasiErrno (*)(WasiContext& wasi, GuestMemory memory, Take take);

template <auto kMethod>
constexpr Call of() {
  return [](WasiContext& wasi, GuestMemory memory, Take take) {
    return Caller<decltype(kMethod)>::template call<kMethod>(wasi, memory, take);
  };
}

constexpr auto kCalls = std::to_array<Call>({
    of<&WasiContext::args_get>(),
    of<&WasiContext::args_sizes_get>(),
    of<&WasiContext::environ_get>(),
    of<&WasiContext::environ_sizes_get>(),
    of<&WasiContext::clock_res_get>(),
    of<&WasiContext::clock_time_get>(),
    of<&WasiContext::fd_advise>(),
    of<&WasiContext::fd_allocate>(),
    of<&WasiContext::fd_close>(),
    of<&WasiContext::fd_datasync>(),
    of<&WasiContext::fd_fdstat_get>(),
    of<&WasiContext::fd_fdstat_set_flags>(),
    of<&WasiContext::fd_fdstat_set_rights>(),
    of<&WasiContext::fd_filestat_get>(),
    of<&WasiContext::fd_filestat_set_size>(),
    of<&WasiContext::fd_filestat_set_times>(),
    of<&WasiContext::fd_pread>(),
    of<&WasiContext::fd_prestat_get>(),
    of<&WasiContext::fd_prestat_dir_name>(),
    of<&WasiContext::fd_pwrite>(),
    of<&WasiContext::fd_read>(),
    of<&WasiContext::fd_readdir>(),
    of<&WasiContext::fd_renumber>(),
    of<&WasiContext::fd_seek>(),
    of<&WasiContext::fd_sync>(),
    of<&WasiContext::fd_tell>(),
    of<&WasiContext::fd_write>(),
    of<&WasiContext::path_create_directory>(),
    of<&WasiContext::path_filestat_get>(),
    of<&WasiContext::path_filestat_set_times>(),
    of<&WasiContext::path_link>(),
    of<&WasiContext::path_open>(),
    of<&WasiContext::path_readlink>(),
    of<&WasiContext::path_remove_directory>(),
    of<&WasiContext::path_rename>(),
    of<&WasiContext::path_symlink>(),
    of<&WasiContext::path_unlink_file>(),
    of<&WasiContext::poll_oneoff>(),
    of<&WasiContext::proc_exit>(),
    of<&WasiContext::proc_raise>(),
    of<&WasiContext::sched_yield>(),
    of<&WasiContext::random_get>(),
    of<&WasiContext::sock_accept>(),
    of<&WasiContext::sock_recv>(),
    of<&WasiContext::sock_send>(),
    of<&WasiContext::sock_shutdown>(),
});
static_assert(kCalls.size() == 46);

std::vector<std::byte> first_memory() {
  std::vector<std::byte> bytes(kMemoryBytes);
  const GuestMemory memory(bytes.data(), bytes.size());
  for (std::uint32_t i = 0; i < kPathTexts.size(); ++i) {
    std::memcpy(bytes.data() + kPaths + 16 * i, kPathTexts[i].data(), kPathTexts[i].size());
  }
  for (std::uint32_t i = 0; i < 4; ++i) (void)memory.store(kIovecs + 8 * i, IovecLayout{kScratch + 64 * i, 16U << i});
  for (std::uint32_t i = 0; i < 3; ++i) {
    SubscriptionLayout subscription{};
    subscription.user_data = i;
    subscription.tag = static_cast<std::uint8_t>(i);
    if (i > 0) subscription.descriptor.fd = i - 1;
    (void)memory.store(kSubscriptions + 48 * i, subscription);
  }
  return bytes;
}

void run_program(WasiContext& wasi, FuzzedDataProvider& input) {
  std::vector<std::byte> bytes = first_memory();
  // The planted bug: the memory is said to be larger than it is.
  const GuestMemory memory(bytes.data(), bytes.size() + (fuzzing::plants_a_bug() ? 4 : 0));
  for (int i = 0; i < kMostCalls && input.remaining_bytes() > 0; ++i) {
    const auto index = input.ConsumeIntegralInRange<std::size_t>(0, kCalls.size() + 3);
    if (index < kCalls.size()) {
      if (kCalls[index](wasi, memory, Take{input}) == WasiErrno::kStop) return;
      continue;
    }
    const auto at = input.ConsumeIntegralInRange<std::size_t>(0, kMemoryBytes - 64);
    const std::string poked = fuzzing::take_text(input, 64);
    std::memcpy(bytes.data() + at, poked.data(), poked.size());
  }
}

}  // namespace
}  // namespace openskills::wasi

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace openskills;
  FuzzedDataProvider input(data, size);
  std::string stdin_bytes = fuzzing::take_text(input, 32);
  wasi::fuzz_one(std::move(stdin_bytes), [&](wasi::WasiContext& wasi) { wasi::run_program(wasi, input); });
  return 0;
}
