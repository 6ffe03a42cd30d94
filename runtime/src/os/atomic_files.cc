// Files that are written as a whole or not at all: beside their place first, then renamed into it.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "os/errno_error.h"
#include "os/files.h"

namespace openskills::os {
namespace {

enum class Synced : bool { kNo, kYes };

// Writes a file's bytes to the descriptor it is given.
using Fill = std::function<Result<void>(int fd)>;

// What a copy holds in memory, however large the file is.
constexpr std::size_t kPieceBytes = std::size_t{256} << 10U;

// A signal may come in between; none of these calls has done half of its work then.
template <class Call>
auto retry_interrupted(Call call) noexcept {
  while (true) {
    auto result = call();
    if (result || result.error().value != EINTR) return result;
  }
}

Result<void> write_piece(const DescriptorCalls& calls, int fd, std::span<std::byte> bytes, std::string_view name) {
  while (!bytes.empty()) {
    const IoSlice slice{bytes.data(), bytes.size()};
    const auto written = retry_interrupted([&] { return calls.write(fd, {&slice, 1}); });
    if (!written) return fail_errno(written.error().value, "write", name);
    bytes = bytes.subspan(*written);
  }
  return {};
}

Fill fill_with(const DescriptorCalls& calls, std::string_view bytes, std::string_view name) {
  return [&calls, bytes, name](int fd) {
    // The calls take memory to read into and to write from in the same form; writing changes nothing.
    auto* data = reinterpret_cast<std::byte*>(const_cast<char*>(bytes.data()));
    return write_piece(calls, fd, {data, bytes.size()}, name);
  };
}

Fill fill_from(const DescriptorCalls& calls, int source_fd, std::uint64_t size_bytes, std::string_view name) {
  return [&calls, source_fd, size_bytes, name](int fd) -> Result<void> {
    std::vector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, kPieceBytes)));
    for (std::uint64_t at = 0; at < size_bytes;) {
      const IoSlice slice{piece.data(),
                          static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes - at, piece.size()))};
      const auto got =
          retry_interrupted([&] { return calls.read_at(source_fd, {&slice, 1}, static_cast<std::int64_t>(at)); });
      if (!got) return fail_errno(got.error().value, "read", name);
      if (*got == 0) break;
      TRY(write_piece(calls, fd, std::span(piece).first(*got), name));
      at += *got;
    }
    return {};
  };
}

// `temporary_prefix` is what the file is called until it is complete, before a number of its own.
Result<void> write_whole(const DescriptorCalls& calls, int directory_fd, const std::string& name, const Fill& fill,
                         std::string_view temporary_prefix, CreatedMode mode, Synced synced) {
  // Random, since threads write the same file, and processes that share a folder may share a number.
  std::uint64_t unique = 0;
  const auto filled = retry_interrupted([&] { return calls.random(std::as_writable_bytes(std::span(&unique, 1))); });
  if (!filled) return fail_errno(filled.error().value, "name a temporary file for", name);
  const std::string temporary = fmt::format("{}{:016x}.tmp", temporary_prefix, unique);
  const OpenOptions options{
      .mode = OpenMode::kWrite, .create = true, .exclusive = true, .no_follow = true, .created_mode = mode};
  const auto fd = retry_interrupted([&] { return calls.open_beneath(directory_fd, temporary.c_str(), options); });
  if (!fd) return fail_errno(fd.error().value, "create", name);
  Result<void> written = fill(fd->get());
  if (written && synced == Synced::kYes) {
    const auto done = retry_interrupted([&] { return calls.data_sync(fd->get()); });
    if (!done) written = fail_errno(done.error().value, "sync", name);
  }
  if (written) {
    const auto done =
        retry_interrupted([&] { return calls.rename_at(directory_fd, temporary.c_str(), directory_fd, name.c_str()); });
    if (!done) written = fail_errno(done.error().value, "replace", name);
  }
  if (!written) (void)calls.unlink_at(directory_fd, temporary.c_str());
  return written;
}

// Opens the folder of the last part of `path`, making what is missing on the way, and takes the folders off the path.
Result<UniqueFd> make_way(const DescriptorCalls& calls, int root_fd, std::string& path) {
  UniqueFd folder;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/')) {
    const std::string part = path.substr(0, slash);
    path.erase(0, slash + 1);
    if (part.empty() || part == ".") continue;
    const int parent = folder.valid() ? folder.get() : root_fd;
    if (part == "..") return fail_errno(EXDEV, "open", path);
    const auto made = retry_interrupted([&] { return calls.make_directory_at(parent, part.c_str()); });
    if (!made && made.error().value != EEXIST) return fail_errno(made.error().value, "create folder", part);
    auto opened = retry_interrupted(
        [&] { return calls.open_beneath(parent, part.c_str(), {.directory = true, .no_follow = true}); });
    if (!opened) return fail_errno(opened.error().value, "open", part);
    folder = std::move(*opened);
  }
  return folder;
}

Result<void> write_beneath(const DescriptorCalls& calls, int root_fd, const std::string& relative_path,
                           const Fill& fill) {
  if (relative_path.find('\0') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "the path contains a NUL byte");
  }
  std::string name = relative_path;
  TRY(const UniqueFd folder, make_way(calls, root_fd, name));
  const int parent = folder.valid() ? folder.get() : root_fd;
  if (name.empty() || name == "." || name == "..") return fail_errno(EISDIR, "write", relative_path);
  const auto there = retry_interrupted([&] { return calls.status_at(parent, name.c_str()); });
  if (there && there->kind != NodeKind::kRegular) {
    return fail_errno(there->kind == NodeKind::kDirectory ? EISDIR : ELOOP, "replace", relative_path);
  }
  if (!there && there.error().value != ENOENT) return fail_errno(there.error().value, "look at", relative_path);
  // The name may be as long as names get: the temporary one must not be longer.
  return write_whole(calls, parent, name, fill, ".openskills-", CreatedMode::kShared, Synced::kNo);
}

}  // namespace

Result<void> write_file_atomically(int directory_fd, const std::string& name, std::string_view bytes,
                                   const DescriptorCalls& calls) {
  return write_whole(calls, directory_fd, name, fill_with(calls, bytes, name), "." + name + ".",
                     CreatedMode::kOwnerOnly, Synced::kYes);
}

Result<void> write_file_beneath(int root_fd, const std::string& relative_path, std::string_view bytes,
                                const DescriptorCalls& calls) {
  return write_beneath(calls, root_fd, relative_path, fill_with(calls, bytes, relative_path));
}

Result<void> copy_file_beneath(int root_fd, const std::string& relative_path, int source_fd, std::uint64_t size_bytes,
                               const DescriptorCalls& calls) {
  return write_beneath(calls, root_fd, relative_path, fill_from(calls, source_fd, size_bytes, relative_path));
}

}  // namespace openskills::os
