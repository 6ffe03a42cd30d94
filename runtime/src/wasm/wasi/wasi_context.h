// WasiContext: wasi_snapshot_preview1 for one run. Everything the guest can reach of the host goes through here.
//
// Thread rule: one context belongs to one run and is used by the thread that runs the guest.
// Ownership: owns the preopened folders and all files the guest opens; borrows the output sink, the stdin descriptor
// and the cancel token. Is the data of its run's store, and must outlive the store's use.
//
// What holds, by construction:
// - A path never leaves the folder it is resolved against: the kernel resolves it (openat2, RESOLVE_BENEATH); calls
//   that the kernel offers for names only get one component beneath a folder opened that way.
// - Through a read-only preopen no byte, name, mode or time changes. Protected paths and names of a writable one stay
//   too.
// - Links the guest makes have no ".." and do not start at the root, so that they lead nowhere else when moved.
// - Only regular files and folders can be opened; devices, FIFOs and sockets are refused and never waited for.
// - No call waits beyond the deadline, or longer than 10 ms after a cancellation; fsync and a slow disk are
//   exceptions, which the supervisor's kill covers.
// - What the host allocates for the guest is bounded, whatever numbers the guest passes.
//
// What this does not stop: other processes that change the folders meanwhile (they change what the guest sees, not
// where it gets); what was made before the run: a hard link from a writable folder to a protected file, a link with a
// protected name that is not at the root of its mount (what it leads to is not protected), a link with ".." (the guest
// may move it to where it leads out); a read of stdin that blocks because another process sharing the descriptor took
// the bytes first.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/descriptor_calls.h"
#include "wasm/wasi/change_log.h"
#include "wasm/wasi/descriptor_table.h"
#include "wasm/wasi/disk_quota.h"
#include "wasm/wasi/fixed_inodes.h"
#include "wasm/wasi/guest_clock.h"
#include "wasm/wasi/guest_memory.h"
#include "wasm/wasi/seeded_random.h"
#include "wasm/wasi/wasi_config.h"
#include "wasm/wasi/wasi_types.h"

struct wasmtime_linker;
struct wasmtime_memory;

namespace openskills::wasi {

class PathBuffer;
class ParentFolder;
struct RankedEntry;
struct SliceArray;

class WasiContext {
 public:
  // Errors: kInvalidArgument for a NUL byte in argv or the environment, more than 1 MiB of either, or more preopens
  // than open_files allows.
  // `calls` is borrowed; tests pass one that fails on purpose.
  [[nodiscard]] static Result<std::unique_ptr<WasiContext>> create(
      WasiConfig config, const os::DescriptorCalls& calls = os::DescriptorCalls::kernel());
  ~WasiContext();
  WasiContext(const WasiContext&) = delete;
  WasiContext& operator=(const WasiContext&) = delete;

  // When waiting calls give up, in host monotonic time. Replaces the config's deadline.
  void set_deadline(std::int64_t monotonic_ns) noexcept { config_.control.deadline_monotonic_ns = monotonic_ns; }

  // For the executor, after the run.
  [[nodiscard]] StopReason stop_reason() const noexcept { return stop_reason_; }
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }  // kExit
  // The limit a call was refused for first (kDisk or kFiles), or kNone. The guest was told ENOSPC and may have gone on.
  [[nodiscard]] LimitKind breached_limit() const noexcept { return quota_.breached(); }
  [[nodiscard]] std::uint64_t disk_written_bytes() const noexcept { return quota_.used_bytes(); }
  // Sorted by mount and path.
  [[nodiscard]] std::vector<ChangedFile> take_changed_files() { return changes_.take(mount_paths_); }
  // False when some are missing there: more than 20,000, or their place could not be found out.
  [[nodiscard]] bool changed_files_complete() const noexcept { return changes_.complete(); }

  // For the executor, when the guest has ended.
  void close_files() noexcept { table_.close_all(); }

  // Where the engine's adapter keeps the instance's memory, once found. A second instance needs a context of its own.
  [[nodiscard]] std::unique_ptr<wasmtime_memory>& engine_memory() noexcept { return engine_memory_; }

  // The functions of the standard, in its order and with its parameters. `*_out` are addresses in guest memory.
  WasiErrno args_get(GuestMemory memory, std::uint32_t argv_out, std::uint32_t bytes_out);
  WasiErrno args_sizes_get(GuestMemory memory, std::uint32_t count_out, std::uint32_t size_out);
  WasiErrno environ_get(GuestMemory memory, std::uint32_t environ_out, std::uint32_t bytes_out);
  WasiErrno environ_sizes_get(GuestMemory memory, std::uint32_t count_out, std::uint32_t size_out);
  WasiErrno clock_res_get(GuestMemory memory, std::uint32_t id, std::uint32_t resolution_out);
  WasiErrno clock_time_get(GuestMemory memory, std::uint32_t id, std::uint64_t precision_ns, std::uint32_t time_out);
  WasiErrno fd_advise(GuestMemory memory, std::uint32_t fd, std::uint64_t offset, std::uint64_t length,
                      std::uint32_t advice);
  WasiErrno fd_allocate(GuestMemory memory, std::uint32_t fd, std::uint64_t offset, std::uint64_t length);
  WasiErrno fd_close(GuestMemory memory, std::uint32_t fd);
  WasiErrno fd_datasync(GuestMemory memory, std::uint32_t fd);
  WasiErrno fd_fdstat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t stat_out);
  WasiErrno fd_fdstat_set_flags(GuestMemory memory, std::uint32_t fd, std::uint32_t flags);
  WasiErrno fd_fdstat_set_rights(GuestMemory memory, std::uint32_t fd, std::uint64_t base, std::uint64_t inheriting);
  WasiErrno fd_filestat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t stat_out);
  WasiErrno fd_filestat_set_size(GuestMemory memory, std::uint32_t fd, std::uint64_t size);
  WasiErrno fd_filestat_set_times(GuestMemory memory, std::uint32_t fd, std::uint64_t accessed_ns,
                                  std::uint64_t modified_ns, std::uint32_t flags);
  WasiErrno fd_pread(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                     std::uint64_t offset, std::uint32_t count_out);
  WasiErrno fd_prestat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t prestat_out);
  WasiErrno fd_prestat_dir_name(GuestMemory memory, std::uint32_t fd, std::uint32_t path_out, std::uint32_t size);
  WasiErrno fd_pwrite(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                      std::uint64_t offset, std::uint32_t count_out);
  WasiErrno fd_read(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                    std::uint32_t count_out);
  WasiErrno fd_readdir(GuestMemory memory, std::uint32_t fd, std::uint32_t buffer_out, std::uint32_t buffer_size,
                       std::uint64_t cookie, std::uint32_t used_out);
  WasiErrno fd_renumber(GuestMemory memory, std::uint32_t from, std::uint32_t to);
  WasiErrno fd_seek(GuestMemory memory, std::uint32_t fd, std::uint64_t offset, std::uint32_t whence,
                    std::uint32_t position_out);
  WasiErrno fd_sync(GuestMemory memory, std::uint32_t fd);
  WasiErrno fd_tell(GuestMemory memory, std::uint32_t fd, std::uint32_t position_out);
  WasiErrno fd_write(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                     std::uint32_t count_out);
  WasiErrno path_create_directory(GuestMemory memory, std::uint32_t fd, std::uint32_t path, std::uint32_t path_size);
  WasiErrno path_filestat_get(GuestMemory memory, std::uint32_t fd, std::uint32_t lookup_flags, std::uint32_t path,
                              std::uint32_t path_size, std::uint32_t stat_out);
  WasiErrno path_filestat_set_times(GuestMemory memory, std::uint32_t fd, std::uint32_t lookup_flags,
                                    std::uint32_t path, std::uint32_t path_size, std::uint64_t accessed_ns,
                                    std::uint64_t modified_ns, std::uint32_t flags);
  WasiErrno path_link(GuestMemory memory, std::uint32_t old_fd, std::uint32_t old_flags, std::uint32_t old_path,
                      std::uint32_t old_path_size, std::uint32_t new_fd, std::uint32_t new_path,
                      std::uint32_t new_path_size);
  WasiErrno path_open(GuestMemory memory, std::uint32_t fd, std::uint32_t lookup_flags, std::uint32_t path,
                      std::uint32_t path_size, std::uint32_t open_flags, std::uint64_t base, std::uint64_t inheriting,
                      std::uint32_t fd_flags, std::uint32_t fd_out);
  WasiErrno path_readlink(GuestMemory memory, std::uint32_t fd, std::uint32_t path, std::uint32_t path_size,
                          std::uint32_t buffer_out, std::uint32_t buffer_size, std::uint32_t used_out);
  WasiErrno path_remove_directory(GuestMemory memory, std::uint32_t fd, std::uint32_t path, std::uint32_t path_size);
  WasiErrno path_rename(GuestMemory memory, std::uint32_t old_fd, std::uint32_t old_path, std::uint32_t old_path_size,
                        std::uint32_t new_fd, std::uint32_t new_path, std::uint32_t new_path_size);
  WasiErrno path_symlink(GuestMemory memory, std::uint32_t target, std::uint32_t target_size, std::uint32_t fd,
                         std::uint32_t path, std::uint32_t path_size);
  WasiErrno path_unlink_file(GuestMemory memory, std::uint32_t fd, std::uint32_t path, std::uint32_t path_size);
  WasiErrno poll_oneoff(GuestMemory memory, std::uint32_t subscriptions, std::uint32_t events_out, std::uint32_t count,
                        std::uint32_t count_out);
  WasiErrno proc_exit(GuestMemory memory, std::uint32_t code);
  WasiErrno proc_raise(GuestMemory memory, std::uint32_t signal);
  WasiErrno sched_yield(GuestMemory memory);
  WasiErrno random_get(GuestMemory memory, std::uint32_t buffer_out, std::uint32_t size);
  WasiErrno sock_accept(GuestMemory memory, std::uint32_t fd, std::uint32_t flags, std::uint32_t fd_out);
  WasiErrno sock_recv(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                      std::uint32_t flags, std::uint32_t count_out, std::uint32_t flags_out);
  WasiErrno sock_send(GuestMemory memory, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t iovec_count,
                      std::uint32_t flags, std::uint32_t count_out);
  WasiErrno sock_shutdown(GuestMemory memory, std::uint32_t fd, std::uint32_t how);

 private:
  // A preopen as long as the run lasts, also when the guest closed its descriptor.
  struct Mount {
    Access access = Access::kReadOnly;
    bool track_changes = true;
    std::vector<std::string> protected_paths;
    std::vector<std::string> protected_names;
    std::string host_path;  // as the kernel knows it; "" when that could not be found out
  };
  enum class WaitEnd : std::uint8_t { kReady, kTime, kStop, kFailed };
  enum class Makes : std::uint8_t { kFile, kFolder };  // kFile: anything that is no new folder, also a removal
  struct PollPlan;

  WasiContext(WasiConfig config, const os::DescriptorCalls& calls);
  Result<void> add_streams_and_preopens();

  // With a seed or a fixed clock, nothing the guest is told depends on the host's file system or time.
  [[nodiscard]] bool is_repeatable() const noexcept { return seeded_random_.has_value() || clock_.is_virtual(); }

  WasiErrno stop(StopReason reason) noexcept;
  // What a call answers that the quota does not allow: ENOSPC, and the end for a guest that does not take no for it.
  WasiErrno refuse_quota() noexcept;

  // waiting.cc. `wake_ns` is host monotonic time. A stop is recorded, and so is why waiting failed.
  WaitEnd wait(std::span<os::PollItem> items, std::int64_t wake_ns) noexcept;
  [[nodiscard]] bool must_stop() noexcept;

  // calls_io.cc
  WasiErrno read_stdin(Descriptor& descriptor, const SliceArray& slices, std::size_t& count);
  WasiErrno write_output(const Descriptor& descriptor, const SliceArray& slices, std::size_t& count);
  // How much larger than by what is written a write at `offset`, or at the position, makes the file.
  WasiErrno measure_hole(Descriptor& descriptor, std::optional<std::int64_t> offset,
                         std::uint64_t& hole_bytes) noexcept;
  WasiErrno write_file(Descriptor& descriptor, const SliceArray& slices, std::optional<std::int64_t> offset,
                       std::size_t& count);
  WasiErrno file_for(std::uint32_t fd, Rights wanted, Descriptor*& descriptor) noexcept;

  // path_access.cc
  WasiErrno folder_for(std::uint32_t fd, Rights wanted, Descriptor*& folder) noexcept;
  // The same, EROFS for a read-only mount.
  WasiErrno writable_folder_for(std::uint32_t fd, Rights wanted, Descriptor*& folder) noexcept;
  [[nodiscard]] const Mount& mount_of(const Descriptor& descriptor) const noexcept { return mounts_[descriptor.mount]; }
  // Loads a path and opens the folder of its last component, which must not be "." or "..": `if_dots` is the answer.
  WasiErrno load_parent(const GuestMemory& memory, const Descriptor& folder, std::uint32_t path,
                        std::uint32_t path_size, WasiErrno if_dots, PathBuffer& buffer, ParentFolder& parent) noexcept;
  WasiErrno open_parent(const Descriptor& folder, PathBuffer& path, ParentFolder& parent) noexcept;
  [[nodiscard]] std::optional<ChangeLog::Place> place_of(std::uint32_t mount, int fd, std::string_view name) const;
  // Whether a name may change, or an open file; `place` is set when it could be found out.
  WasiErrno authorize(std::uint32_t mount, int fd, std::string_view name, Makes makes,
                      std::optional<ChangeLog::Place>& place);

  // protected_places.cc
  [[nodiscard]] static bool is_protected(const Mount& mount, std::string_view place, Makes makes) noexcept;
  // Between mounts with different protected names only files move: a folder or a link would bring in, or take away,
  // names that one of them protects. EXDEV makes programs copy instead.
  WasiErrno check_crossing(const Descriptor& from_folder, const ParentFolder& from, const Descriptor& to_folder) const;
  // Protected paths, and protected names at the root, may be links or lead through some: the links themselves and where
  // they lead, even when nothing is there yet, become protected paths.
  void protect_resolved_paths(int directory_fd, Mount& mount) const;
  void protect_what_it_leads_to(int directory_fd, const std::string& path, Mount& mount) const;

  // calls_open.cc
  struct OpenRequest;
  WasiErrno check_open_request(const Descriptor& folder, OpenRequest& request) const noexcept;
  WasiErrno open_or_create(const Descriptor& folder, OpenRequest& request);
  WasiErrno create_file(const Descriptor& folder, OpenRequest& request);
  WasiErrno finish_open(const Descriptor& folder, OpenRequest& request, Descriptor& opened);

  // calls_filestat.cc
  WasiErrno status_beneath(const Descriptor& folder, PathBuffer& path, bool follow, os::NodeStatus& status) noexcept;
  WasiErrno store_status(const GuestMemory& memory, std::uint32_t address, const os::NodeStatus& status);

  // calls_readdir.cc
  class ListingOutput;
  [[nodiscard]] os::NodeKind kind_of_entry(int folder_fd, const os::RawEntry& entry) const noexcept;
  WasiErrno list_as_the_kernel_does(int folder_fd, std::uint64_t cookie, ListingOutput& output);
  // For a repeatable run: an order of its own, since the kernel's depends on the file system.
  WasiErrno list_in_fixed_order(int folder_fd, std::uint64_t cookie, ListingOutput& output);
  WasiErrno add_lowest_ranks(int folder_fd, std::uint64_t cookie, std::vector<RankedEntry>& lowest) const;

  // directory_depth.cc
  // Whether a folder may come to be at that name. `height` is how many more lie beneath it.
  WasiErrno check_depth(std::uint32_t mount, int fd, std::string_view name, std::size_t height) const;
  // The same for what a rename moves; kXdev, which makes programs copy, when it holds too much to be measured.
  WasiErrno check_depth_of_move(const Descriptor& from_folder, const ParentFolder& from, const Descriptor& to_folder,
                                const ParentFolder& to) const;

  // calls_poll.cc
  WasiErrno plan_poll(PollPlan& plan);
  void plan_clock(const SubscriptionLayout& subscription, PollPlan& plan) const;
  void plan_descriptor(const SubscriptionLayout& subscription, PollPlan& plan);
  WasiErrno wait_for(PollPlan& plan);

  const os::DescriptorCalls& calls_;
  WasiConfig config_;
  GuestClock clock_;
  std::optional<SeededRandom> seeded_random_;
  FixedInodes fixed_inodes_;
  DiskQuota quota_;
  ChangeLog changes_;
  std::vector<Mount> mounts_;
  std::vector<std::string> mount_paths_;  // guest paths, by mount
  DescriptorTable table_;
  std::size_t stdin_position_ = 0;  // StdinSource::Kind::kBytes
  std::unique_ptr<wasmtime_memory> engine_memory_;
  os::Errno wait_error_;  // WaitEnd::kFailed
  std::uint32_t quota_refusals_ = 0;
  std::uint32_t shrinks_ = 0;  // how often a file was made shorter
  StopReason stop_reason_ = StopReason::kNone;
  int exit_code_ = 0;
};

// Defines the 46 functions of wasi_snapshot_preview1 on a linker that all runs of an engine share.
// REQUIRES: the data of every store that calls them is the WasiContext of its run.
// Errors: kEngine.
[[nodiscard]] Result<void> define_wasi(wasmtime_linker* linker);

}  // namespace openskills::wasi
