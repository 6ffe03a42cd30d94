#include "run/script_code.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "os/clock.h"
#include "os/private_files.h"
#include "os/staging_folder.h"
#include "os/walk.h"
#include "run/output_capture.h"
#include "run/script_record.h"
#include "wasm/cache_folder.h"

namespace openskills {
namespace {

constexpr std::string_view kSeenEnd = ".seen";
constexpr std::string_view kFailedEnd = ".failed";
constexpr std::int64_t kRetryNs = 60'000'000'000;
constexpr std::uint64_t kMaxWallMs = 10'000;
constexpr std::size_t kMaxCodeBytes = std::size_t{16} << 20U;
constexpr std::size_t kMaxNames = 1024;  // scripts and marks together; half of them go when there are more
constexpr std::int64_t kDayNs = 86'400'000'000'000;
constexpr std::int64_t kAbandonedNs = 600'000'000'000;

std::string key_of(const ScriptSource& source, const os::FileInfo& script) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}", source.guest_sha256, source.skill_directory, source.relative_path,
                                identity_of(script)));
}

// A run of the guest that compiles and does nothing else: the skill read-only, no workspace, no folder for temporary
// files but the one its answer goes to.
Invocation compilation(const Plan& plan, const std::string& answer_folder) {
  const ScriptSource& source = *plan.source;
  Invocation invocation;
  invocation.program_path = plan.invocation.program_path;
  invocation.origin = plan.invocation.origin;
  invocation.program_files = plan.invocation.program_files;
  invocation.missing_layers = plan.invocation.missing_layers;
  invocation.argv = {plan.invocation.argv.front()};
  invocation.argv.insert(invocation.argv.end(), source.how.arguments.begin(), source.how.arguments.end());
  invocation.argv.insert(invocation.argv.end(), {source.guest_script, source.guest_root, source.how.guest_path});
  invocation.cwd = source.how.guest_path;
  invocation.capabilities.environment = {{"LANG", "C.UTF-8"}, {"PWD", invocation.cwd}};
  for (const Mount& mount : plan.invocation.capabilities.mounts) {
    if (mount.role == MountRole::kSkill || mount.role == MountRole::kGuest)
      invocation.capabilities.mounts.push_back(mount);
  }
  invocation.capabilities.mounts.push_back(
      {answer_folder, source.how.guest_path, Access::kReadWrite, MountRole::kTemporary, {}, {}});
  Limits& limits = invocation.limits;
  limits.wall_ms = limits.cpu_ms = std::min(kMaxWallMs, plan.invocation.limits.wall_ms);
  limits.memory_bytes = plan.invocation.limits.memory_bytes;
  limits.disk_bytes = 2 * kMaxCodeBytes;
  limits.files_created = 8;
  return invocation;
}

// What the guest left: read by the host, so that nothing the guest has made is kept but bytes.
struct Answer {
  std::string code;
  std::string sources;
};

std::optional<Answer> read_answer(const std::string& folder) {
  const Result<UniqueFd> root = os::open_directory(folder);
  if (!root) return std::nullopt;
  const auto read = [&](const char* name, std::size_t limit) -> std::optional<std::string> {
    const Result<UniqueFd> file = os::open_file_beneath_nofollow(root->get(), name);
    Result<std::string> bytes = file ? os::read_file(file->get(), limit, name) : std::unexpected(file.error());
    if (!bytes) return std::nullopt;
    return std::move(*bytes);
  };
  std::optional<std::string> code = read("code", kMaxCodeBytes);
  std::optional<std::string> sources = read("sources", kMaxScriptRecordBytes);
  if (!code || !sources) return std::nullopt;
  return Answer{std::move(*code), std::move(*sources)};
}

// Whether trying again makes no sense as long as the script stays what it is.
bool is_final(const ExecutionResult& result, const Limits& limits) {
  if (result.ending == Ending::kExited) return result.exit_code != 0;
  return limits.wall_ms == kMaxWallMs && limits.memory_bytes >= Limits().memory_bytes;
}

// Where an entry or a mark was last used, and what it takes.
struct Kept {
  std::string name;
  std::int64_t used_ns = 0;
  std::uint64_t bytes = 0;
  bool is_folder = false;
  bool is_code = false;
};

std::vector<Kept> list_kept(int folder) {
  std::vector<Kept> all;
  const Result<std::vector<os::DirectoryEntry>> names = os::list_directory(folder, "script code");
  if (!names) return all;
  for (const os::DirectoryEntry& entry : *names) {
    Kept kept{entry.name, 0, 0, entry.kind == os::FileKind::kDirectory, false};
    if (!kept.is_folder) {
      if (const auto info = os::file_info_in(folder, entry.name)) kept.used_ns = info->modified_ns;
    } else if (const auto record = os::file_info_in(folder, entry.name + "/record")) {
      kept.used_ns = record->modified_ns;
      kept.bytes = record->size_bytes;
      if (const auto code = os::file_info_in(folder, entry.name + "/files/code")) kept.bytes += code->size_bytes;
      kept.is_code = !entry.name.starts_with('.');
    } else if (const auto info = os::file_info_in(folder, entry.name)) {
      kept.used_ns = info->modified_ns;
    }
    all.push_back(std::move(kept));
  }
  return all;
}

Result<void> remove_kept(int folder, const std::string& directory, const Kept& kept) {
  return kept.is_folder ? os::remove_tree(os::join_path(directory, kept.name)) : os::remove_in(folder, kept.name);
}

void keep_bound(int folder, const std::string& directory) {
  std::vector<Kept> all = list_kept(folder);
  const std::int64_t now = os::file_clock_now_ns();
  std::ranges::sort(all, {}, &Kept::used_ns);
  std::size_t too_many = all.size() > kMaxNames ? all.size() / 2 : 0;
  for (const Kept& kept : all) {
    const bool abandoned = kept.name.starts_with('.') && kept.used_ns < now - kAbandonedNs;
    if (too_many > 0) {
      --too_many;
    } else if (!abandoned) {
      continue;
    }
    (void)remove_kept(folder, directory, kept);
  }
}

}  // namespace

std::string ScriptCode::directory_in(const std::string& cache_directory) {
  return os::join_path(cache_directory, kScriptCodeFolder);
}

bool ScriptCode::open() {
  const std::lock_guard lock(mutex_);
  if (folder_.valid()) return true;
  Result<UniqueFd> folder = os::open_private_directory(directory_);
  if (folder) folder_ = std::move(*folder);
  return folder_.valid();
}

bool ScriptCode::is_current(const std::string& key, const ScriptSource& source) const {
  const Result<UniqueFd> entry = os::open_child_directory(folder_.get(), key);
  if (!entry) return false;
  const Result<UniqueFd> file = os::open_file_beneath_nofollow(entry->get(), "record");
  const Result<os::FileInfo> info = file ? os::file_info(file->get()) : std::unexpected(file.error());
  if (!info || !os::is_private_file(*info)) return false;
  const Result<std::string> text = os::read_file(file->get(), kMaxScriptRecordBytes, "record");
  const bool current = text && is_current_script_record(*text, source.skill_directory);
  if (current && info->modified_ns < os::file_clock_now_ns() - kDayNs) (void)os::touch_in(entry->get(), "record");
  return current;
}

void ScriptCode::make(const std::string& key, const Plan& plan, Executor& executor, const CancelToken& cancel) const {
  const std::int64_t begun_ns = os::file_clock_now_ns();
  const Result<os::TemporaryDirectory> answer_folder = os::TemporaryDirectory::create("openskills-");
  if (!answer_folder) return;
  OutputCapture nowhere(0);
  const Invocation invocation = compilation(plan, answer_folder->path());
  const Result<ExecutionResult> result = executor.execute(invocation, nowhere, cancel);
  if (!result || result->ending == Ending::kCancelled) return;
  std::optional<Answer> answer;
  if (result->ending == Ending::kExited && result->exit_code == 0) answer = read_answer(answer_folder->path());
  std::optional<std::string> record;
  if (answer) {
    record = make_script_record(answer->sources, plan.source->skill_directory, begun_ns);
  } else if (is_final(*result, invocation.limits)) {
    record = empty_script_record();
  }
  if (!record || !keep(key, *record, answer ? &answer->code : nullptr)) {
    (void)os::write_file_beneath(folder_.get(), key + std::string(kFailedEnd), {});
  }
  (void)os::remove_in(folder_.get(), key + std::string(kSeenEnd));
  keep_bound(folder_.get(), directory_);
}

bool ScriptCode::keep(const std::string& key, const std::string& record, const std::string* code) const {
  Result<os::StagingFolder> staged = os::StagingFolder::create(directory_);
  if (!staged || !staged->make_folder("files")) return false;
  const Result<UniqueFd> top = os::open_directory(staged->path());
  const Result<UniqueFd> files = os::open_directory(os::join_path(staged->path(), "files"));
  if (!top || !files || !os::write_file_atomically(top->get(), "record", record)) return false;
  if (code != nullptr && !os::write_file_atomically(files->get(), "code", *code)) return false;
  (void)os::remove_tree(os::join_path(directory_, key));
  return staged->publish(key, os::StagingFolder::Sync::kDone).has_value();
}

bool ScriptCode::make_once(const std::string& key, const Plan& plan, Executor& executor, const CancelToken& cancel) {
  {
    const std::lock_guard lock(mutex_);
    if (!making_.insert(key).second) return false;
  }
  struct Release {
    ScriptCode* code;
    const std::string* key;
    ~Release() {
      const std::lock_guard lock(code->mutex_);
      code->making_.erase(*key);
    }
  };
  const Release release{this, &key};
  if (!is_current(key, *plan.source)) make(key, plan, executor, cancel);
  return is_current(key, *plan.source);
}

bool ScriptCode::is_due(const std::string& key) const {
  const auto there = [&](std::string_view end) { return os::file_info_in(folder_.get(), key + std::string(end)); };
  if (const Result<os::FileInfo> failed = there(kFailedEnd)) {
    return failed->modified_ns < os::file_clock_now_ns() - kRetryNs;
  }
  if (there("") || there(kSeenEnd)) return true;
  (void)os::write_file_beneath(folder_.get(), key + std::string(kSeenEnd), {});
  if (key.starts_with("00")) keep_bound(folder_.get(), directory_);  // now and then
  return false;
}

void ScriptCode::prepare(Plan& plan, Executor& executor, const CancelToken& cancel) {
  if (!plan.source || !open()) return;
  const ScriptSource& source = *plan.source;
  const Result<os::FileInfo> script = os::file_info_at(os::join_path(source.skill_directory, source.relative_path));
  if (!script) return;
  const std::string key = key_of(source, *script);
  if (!is_current(key, source) && (!is_due(key) || !make_once(key, plan, executor, cancel))) return;
  plan.invocation.capabilities.mounts.push_back({os::join_path(os::join_path(directory_, key), "files"),
                                                 source.how.guest_path, Access::kReadOnly, MountRole::kCode, {}, {}});
}

ScriptCodeContents script_code_contents(const std::string& directory, std::int64_t used_before_ns) {
  ScriptCodeContents contents;
  const Result<UniqueFd> folder = os::open_directory(directory);
  if (!folder) return contents;
  for (const Kept& kept : list_kept(folder->get())) {
    if (!kept.is_code || kept.used_ns >= used_before_ns) continue;
    ++contents.scripts;
    contents.bytes += kept.bytes;
  }
  return contents;
}

ScriptCodeContents clear_script_code(const std::string& directory, std::int64_t used_before_ns) {
  ScriptCodeContents removed;
  const Result<UniqueFd> folder = os::open_directory(directory);
  if (!folder) return removed;
  for (const Kept& kept : list_kept(folder->get())) {
    if (kept.used_ns >= used_before_ns || !remove_kept(folder->get(), directory, kept)) continue;
    if (kept.is_code) ++removed.scripts;
    removed.bytes += kept.bytes;
  }
  return removed;
}

}  // namespace openskills
