// What of a writable mount stays as it is: protected paths with what they lead to, and protected names.
#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "wasm/wasi/path_access.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasi/wasi_errno.h"

namespace openskills::wasi {
namespace {

constexpr std::size_t kMaxLinks = 40;  // as many as the kernel follows

char lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::ranges::equal(left, right, [](char a, char b) { return lower_ascii(a) == lower_ascii(b); });
}

// Takes the first part off a path; "" for a slash that follows another.
std::string_view take_part(std::string_view& path) noexcept {
  const std::size_t end = path.find('/');
  const std::string_view part = path.substr(0, end);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  return part;
}

bool is_or_lies_beneath(std::string_view path, std::string_view root) noexcept {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

// To the folder that holds an absolute path's last part.
void go_up(std::string& path) { path.resize(std::max<std::size_t>(path.rfind('/'), 1)); }

void go_down(std::string& path, std::string_view part) {
  if (path.back() != '/') path += '/';
  path += part;
}

void add_once(std::string_view path, std::vector<std::string>& paths) {
  if (!path.empty() && std::ranges::find(paths, path) == paths.end()) paths.emplace_back(path);
}

}  // namespace

bool has_part_named(std::string_view path, const std::vector<std::string>& names) noexcept {
  if (names.empty()) return false;
  while (!path.empty()) {
    const std::string_view part = take_part(path);
    const auto is_part = [part](const std::string& name) { return equal_without_case(name, part); };
    if (!part.empty() && std::ranges::any_of(names, is_part)) return true;
  }
  return false;
}

bool has_dot_dot(std::string_view path) noexcept {
  while (!path.empty()) {
    if (take_part(path) == "..") return true;
  }
  return false;
}

std::optional<std::string_view> beneath(std::string_view root, std::string_view path) noexcept {
  if (root.empty() || !path.starts_with(root)) return std::nullopt;
  path.remove_prefix(root.size());
  if (path.empty()) return path;
  if (root.back() == '/') return path;
  if (path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  return path;
}

bool WasiContext::is_protected(const Mount& mount, std::string_view place, Makes makes) noexcept {
  for (const std::string& guarded : mount.protected_paths) {
    if (is_or_lies_beneath(place, guarded)) return true;
    // A folder on the way to a protected path may be made, but not removed, renamed or replaced by anything else.
    if (makes == Makes::kFile && is_or_lies_beneath(guarded, place)) return true;
  }
  return has_part_named(place, mount.protected_names);
}

WasiErrno WasiContext::check_crossing(const Descriptor& from_folder, const ParentFolder& from,
                                      const Descriptor& to_folder) const {
  const Mount& source = mount_of(from_folder);
  const Mount& target = mount_of(to_folder);
  if (&source == &target || source.protected_names == target.protected_names) return WasiErrno::kSuccess;
  const auto status = calls_.status_at(from.fd(), std::string(from.bare_name()).c_str());
  if (!status) return to_wasi(status.error());
  return status->kind == os::NodeKind::kRegular ? WasiErrno::kSuccess : WasiErrno::kXdev;
}

void WasiContext::protect_what_it_leads_to(int directory_fd, const std::string& path, Mount& mount) const {
  const auto opened = calls_.open_beneath(directory_fd, path.c_str(), {.mode = os::OpenMode::kPathOnly});
  std::array<char, 4096> buffer;
  if (opened) {
    const os::SystemResult<std::string_view> place = calls_.path_of(opened->get(), buffer);
    const auto relative = place ? beneath(mount.host_path, *place) : std::nullopt;
    if (relative && *relative != path) add_once(*relative, mount.protected_paths);
  }
  // Part by part, as the kernel goes: it does not tell which links it follows, nor where to when the end is missing.
  std::string place = mount.host_path;
  std::string rest = path;
  bool missing = false;
  for (std::size_t links = 0; !rest.empty();) {
    std::string_view left = rest;
    const std::string part(take_part(left));
    rest.erase(0, rest.size() - left.size());
    if (part.empty() || part == ".") continue;
    // Where that leads depends on what is put there: the missing part itself stays missing.
    if (part == ".." && missing) break;
    if (part == "..") {
      go_up(place);
      continue;
    }
    go_down(place, part);
    const auto relative = beneath(mount.host_path, place);
    if (missing || !relative || relative->empty()) continue;
    const auto node = calls_.open_beneath(directory_fd, std::string(*relative).c_str(),
                                          {.mode = os::OpenMode::kPathOnly, .no_follow = true});
    missing = !node;
    if (missing) continue;
    if (const auto status = calls_.status(node->get()); !status || status->kind != os::NodeKind::kSymlink) continue;
    // Another link in its place would lead elsewhere.
    add_once(*relative, mount.protected_paths);
    const auto size = calls_.read_link(node->get(), std::as_writable_bytes(std::span(buffer)));
    if (!size || ++links > kMaxLinks) return;
    const std::string_view target(buffer.data(), *size);
    go_up(place);
    if (target.starts_with('/')) place = "/";
    rest = std::string(target) + "/" + rest;
  }
  const auto relative = beneath(mount.host_path, place);
  if (relative && *relative != path) add_once(*relative, mount.protected_paths);
}

void WasiContext::protect_resolved_paths(int directory_fd, Mount& mount) const {
  if (mount.access != Access::kReadWrite || mount.host_path.empty()) return;
  std::vector<std::string> starts = mount.protected_paths;
  for (const std::string& name : mount.protected_names) add_once(name, starts);
  for (const std::string& start : starts) {
    // Most are not there, and one call tells that of a name: it leads nowhere.
    const bool is_name = start.find('/') == std::string::npos;
    if (is_name) {
      const auto status = calls_.status_at(directory_fd, start.c_str());
      if (!status && status.error().value == ENOENT) continue;
    }
    protect_what_it_leads_to(directory_fd, start, mount);
  }
}

}  // namespace openskills::wasi
