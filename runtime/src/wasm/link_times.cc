#include "wasm/link_times.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "os/files.h"

namespace openskills {
namespace {

using os::TimeChange;

// A pipe takes this much in one piece, or nothing of it (PIPE_BUF of Linux).
constexpr std::size_t kMaxMessageBytes = 4096;

constexpr bool is_known(std::uint8_t kind) noexcept {
  return kind <= static_cast<std::uint8_t>(TimeChange::Kind::kSet);
}

// A message is a Request, then the path as the kernel names it, from the root of the file system.
struct Request {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t accessed_ns = 0;
  std::int64_t modified_ns = 0;
  std::uint8_t accessed_kind = 0;  // TimeChange::Kind
  std::uint8_t modified_kind = 0;
  std::uint8_t padding[6] = {};
};

// The errno value, 0 for success.
int set_link_times(const std::vector<UniqueFd>& mounts, const Request& request, const char* path) noexcept {
  const os::DescriptorCalls& calls = os::DescriptorCalls::kernel();
  for (const UniqueFd& mount : mounts) {
    std::array<char, kMaxMessageBytes> buffer;
    const auto root = calls.path_of(mount.get(), buffer);
    const std::string_view whole(path);
    if (!root || !os::is_within(whole, *root) || whole == *root) continue;
    const char* relative = path + root->size() + (root->ends_with('/') ? 0 : 1);
    const auto link = calls.open_beneath(mount.get(), relative, {.mode = os::OpenMode::kPathOnly, .no_follow = true});
    if (!link) continue;
    const auto status = calls.status(link->get());
    const bool is_the_link = status && status->kind == os::NodeKind::kSymlink && status->device == request.device &&
                             status->inode == request.inode;
    if (!is_the_link) continue;
    const auto set =
        calls.set_place_times(link->get(), {static_cast<TimeChange::Kind>(request.accessed_kind), request.accessed_ns},
                              {static_cast<TimeChange::Kind>(request.modified_kind), request.modified_ns});
    return set ? 0 : set.error().value;
  }
  return EACCES;
}

}  // namespace

Result<LinkTimesService> LinkTimesService::create(const Invocation& invocation) {
  LinkTimesService service;
  for (const Mount& mount : invocation.capabilities.mounts) {
    if (mount.access != Access::kReadWrite) continue;
    if (auto folder = os::open_directory(mount.host_path)) service.writable_mounts_.push_back(std::move(*folder));
  }
  TRY(os::Pipe requests, os::Pipe::create(os::Blocking::kNo));
  TRY(os::Pipe answers, os::Pipe::create());
  service.requests_ = std::move(requests.read_end);
  service.child_requests_ = std::move(requests.write_end);
  service.answers_ = std::move(answers.write_end);
  service.child_answers_ = std::move(answers.read_end);
  return service;
}

void LinkTimesService::end() noexcept {
  requests_.reset();
  answers_.reset();
  child_answers_.reset();
}

void LinkTimesService::serve() noexcept {
  if (!requests_.valid()) return;
  std::array<char, kMaxMessageBytes + 1> message;
  const auto got = os::read_ready(requests_.get(), std::span(message).first(kMaxMessageBytes));
  if (got && got->state == os::StreamRead::State::kEmpty) return;
  Request request;
  if (!got || got->size_bytes <= sizeof request) return end();
  std::memcpy(&request, message.data(), sizeof request);
  message[got->size_bytes] = '\0';
  const char* path = message.data() + sizeof request;
  const bool well_formed = is_known(request.accessed_kind) && is_known(request.modified_kind) && path[0] == '/' &&
                           std::strlen(path) == got->size_bytes - sizeof request;
  if (!well_formed) return end();
  const auto error = static_cast<std::int32_t>(set_link_times(writable_mounts_, request, path));
  // A child that asks on and on and does not listen.
  if (!os::write_patiently(answers_.get(), {reinterpret_cast<const char*>(&error), sizeof error},
                           [] { return true; })) {
    end();
  }
}

os::SystemResult<void> LinkTimesCalls::set_place_times(int place_fd, TimeChange accessed,
                                                       TimeChange modified) const noexcept {
  const auto found = status(place_fd);
  if (!found) return std::unexpected(found.error());
  std::array<char, kMaxMessageBytes> message;
  Request request{.device = found->device,
                  .inode = found->inode,
                  .accessed_ns = accessed.time_ns,
                  .modified_ns = modified.time_ns,
                  .accessed_kind = static_cast<std::uint8_t>(accessed.kind),
                  .modified_kind = static_cast<std::uint8_t>(modified.kind)};
  std::memcpy(message.data(), &request, sizeof request);
  const auto path = path_of(place_fd, std::span(message).subspan(sizeof request));
  if (!path) return std::unexpected(path.error());
  const os::Errno gone{EIO};
  if (!os::write_all(requests_fd_, {message.data(), sizeof request + path->size()}, "supervisor")) {
    return std::unexpected(gone);
  }
  std::int32_t error = 0;
  const auto answered = os::read_ready(answers_fd_, {reinterpret_cast<char*>(&error), sizeof error});
  if (!answered || answered->size_bytes != sizeof error) return std::unexpected(gone);
  if (error != 0) return std::unexpected(os::Errno{error});
  return {};
}

}  // namespace openskills
