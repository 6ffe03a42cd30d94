#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/sizes.h"
#include "guests/guest_pack.h"
#include "os/clock.h"
#include "os/files.h"
#include "run/script_code.h"
#include "wasm/cache_upkeep.h"
#include "wasm/engine.h"
#include "wasm/module_store.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownDigits = 12;
// Fewer digits of an entry's key could name another entry tomorrow.
constexpr std::size_t kMinDigits = 6;

struct CacheFlags {
  bool verify = false;
  bool all = false;
  bool dry_run = false;
  std::string unused_for;
  std::vector<std::string> entries;
};

struct OpenCache {
  std::string path;
  UniqueFd folder;  // invalid when there is none yet
  CacheContents contents;
};

Result<OpenCache> open_cache(CacheCheck check) {
  OpenCache cache;
  cache.path = ModuleStore::default_directory();
  const Result<os::FileInfo> info = os::file_info_at(cache.path);
  if (!info && info.error().code == ErrorCode::kPathNotFound) return cache;
  TRY(cache.folder, os::open_private_directory(cache.path));
  TRY(cache.contents, list_cache(cache.folder.get(), Engine::code_fingerprint(), check));
  return cache;
}

// The guest an entry is of, or nothing.
std::string guest_of(const GuestRegistry& guests, const CacheEntry& entry) {
  for (const GuestPack& pack : guests.packs()) {
    if (!entry.module_sha256.empty() && pack.module_sha256 == entry.module_sha256) return pack.id();
  }
  return {};
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json entry_json(const GuestRegistry& guests, const CacheEntry& entry, const std::string& folder) {
  return {{"key", entry.key},
          {"file", folder + "/" + code_name(entry.key)},
          {"state", cache_entry_state_name(entry.state)},
          {"guest", or_null(guest_of(guests, entry))},
          {"module_path", or_null(entry.module_path)},
          {"module_sha256", or_null(entry.module_sha256)},
          {"code_sha256", or_null(entry.code_sha256)},
          {"engine", or_null(entry.engine)},
          {"size_bytes", entry.size_bytes},
          {"last_used", format_time(entry.last_used_ns)}};
}

std::string entry_line(const GuestRegistry& guests, const CacheEntry& entry) {
  std::string what = guest_of(guests, entry);
  if (what.empty()) what = entry.module_path.empty() ? "unknown module" : entry.module_path;
  return fmt::format("  {}  {:>10}  {:<11}  {:<12}  {}  {}\n", entry.key.substr(0, kShownDigits),
                     format_size(entry.size_bytes), format_age(os::realtime_now_ns() - entry.last_used_ns),
                     cache_entry_state_name(entry.state), printable(what),
                     entry.engine.empty() ? "" : "(" + printable(entry.engine) + ")");
}

int show_cache(const GlobalFlags& global, const CacheFlags& flags) {
  const Result<OpenCache> cache = open_cache(flags.verify ? CacheCheck::kDigests : CacheCheck::kRecords);
  if (!cache) return report_error(global, cache.error());
  const CacheContents& contents = cache->contents;
  const ScriptCodeContents scripts = script_code_contents(ScriptCode::directory_in(cache->path));
  const GuestRegistry guests = GuestRegistry::scan(GuestRegistry::default_folders());
  if (global.json) {
    Json entries = Json::array();
    for (const CacheEntry& entry : contents.entries) entries.push_back(entry_json(guests, entry, cache->path));
    print_json({{"folder", cache->path},
                {"limit_bytes", default_cache_limit_bytes()},
                {"total_bytes", contents.total_bytes},
                {"leftover_files", contents.leftover_files},
                {"foreign_files", contents.foreign_files},
                {"engine", Engine::code_fingerprint()},
                {"entries", std::move(entries)},
                {"scripts", scripts.scripts},
                {"script_bytes", scripts.bytes}});
    return kExitOk;
  }
  std::string text;
  for (const CacheEntry& entry : contents.entries) text += entry_line(guests, entry);
  text += fmt::format("{} of {} in {} entries, in {}\n", format_size(contents.total_bytes),
                      format_size(default_cache_limit_bytes()), contents.entries.size(), printable(cache->path));
  if (scripts.scripts > 0) {
    text += fmt::format("code of {} scripts, {}\n", scripts.scripts, format_size(scripts.bytes));
  }
  if (contents.leftover_files > 0) {
    text += fmt::format("{} files were left by processes that were killed; openskills cache clear removes them\n",
                        contents.leftover_files);
  }
  if (contents.foreign_files > 0) text += fmt::format("{} files are not the cache's own\n", contents.foreign_files);
  write_stdout(text);
  return kExitOk;
}

// What names exactly one entry.
Result<std::string> find_named(const CacheContents& contents, const std::string& name) {
  std::string found;
  for (const CacheEntry& entry : contents.entries) {
    if (name.size() < kMinDigits || !entry.key.starts_with(name)) continue;
    if (!found.empty()) return fail(ErrorCode::kInvalidArgument, "'{}' begins several entries' keys", name);
    found = entry.key;
  }
  if (!found.empty()) return found;
  return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("no entry of the cache is '{}'", name),
                        "name it as openskills cache show does, by six digits or more");
}

// What was last used before goes.
Result<std::int64_t> oldest_wanted(const CacheFlags& flags) {
  if (flags.unused_for.empty()) return INT64_MIN;
  TRY(const std::int64_t unused_for_ns, parse_long_duration_ns(flags.unused_for));
  return os::realtime_now_ns() - unused_for_ns;
}

// Code of scripts has no entries to name, and any that is there can be used.
Result<ScriptCodeContents> clear_scripts(const CacheFlags& flags, const std::string& cache_path) {
  TRY(const std::int64_t oldest, oldest_wanted(flags));
  const std::int64_t before = flags.all ? INT64_MAX : oldest;
  const std::string directory = ScriptCode::directory_in(cache_path);
  return flags.dry_run ? script_code_contents(directory, before) : clear_script_code(directory, before);
}

Result<std::vector<std::string>> choose_entries(const CacheContents& contents, const CacheFlags& flags) {
  std::vector<std::string> keys;
  for (const std::string& name : flags.entries) {
    TRY(std::string key, find_named(contents, name));
    keys.push_back(std::move(key));
  }
  if (!flags.entries.empty()) return keys;
  TRY(const std::int64_t unused_before_ns, oldest_wanted(flags));
  for (const CacheEntry& entry : contents.entries) {
    const bool stale = entry.state == CacheEntryState::kOtherEngine || entry.state == CacheEntryState::kDamaged;
    if (flags.all || stale || entry.last_used_ns < unused_before_ns) keys.push_back(entry.key);
  }
  return keys;
}

Result<int> clear(const GlobalFlags& global, const CacheFlags& flags) {
  if (!flags.entries.empty() && (flags.all || !flags.unused_for.empty())) {
    return fail(ErrorCode::kInvalidArgument, "name entries, or use --all or --unused-for, not both");
  }
  TRY(const OpenCache cache, open_cache(CacheCheck::kRecords));
  TRY(const std::vector<std::string> keys, choose_entries(cache.contents, flags));
  CacheClearance clearance;
  std::string chosen_lines;
  Json chosen = Json::array();
  const GuestRegistry guests = GuestRegistry::scan(GuestRegistry::default_folders());
  for (const CacheEntry& entry : cache.contents.entries) {
    if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) continue;
    chosen.push_back(entry_json(guests, entry, cache.path));
    chosen_lines += entry_line(guests, entry);
    clearance.removed_bytes += entry.size_bytes;
    ++clearance.removed_entries;
  }
  if (!flags.dry_run && cache.folder.valid()) {
    TRY(clearance, clear_cache(cache.folder.get(), keys));
  }
  TRY(const ScriptCodeContents scripts, clear_scripts(flags, cache.path));
  if (global.json) {
    print_json({{"folder", cache.path},
                {"dry_run", flags.dry_run},
                {"chosen", std::move(chosen)},
                {"removed_entries", clearance.removed_entries},
                {"removed_bytes", clearance.removed_bytes},
                {"left_entries", clearance.left_entries},
                {"removed_scripts", scripts.scripts},
                {"removed_script_bytes", scripts.bytes}});
    return kExitOk;
  }
  std::string text = global.quiet ? std::string() : chosen_lines;
  text += fmt::format("{} {} entries, {}\n", flags.dry_run ? "would remove" : "removed", clearance.removed_entries,
                      format_size(clearance.removed_bytes));
  if (scripts.scripts > 0) {
    text += fmt::format("{} the code of {} scripts, {}\n", flags.dry_run ? "would remove" : "removed", scripts.scripts,
                        format_size(scripts.bytes));
  }
  if (clearance.left_entries > 0) {
    text += fmt::format("left {} entries that are being compiled now\n", clearance.left_entries);
  }
  write_stdout(text);
  return kExitOk;
}

}  // namespace

Command add_cache(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("cache", "See and clear the compiled code that is kept");
  command->footer("Example: openskills cache show");
  command->require_subcommand(1);
  const auto flags = std::make_shared<CacheFlags>();
  CLI::App* show = command->add_subcommand("show", "List the entries, the one used last first");
  show->add_flag("--verify", flags->verify, "Read every entry and compare its digest");
  show->footer("Example: openskills cache show --verify --json");
  show->fallthrough();
  CLI::App* clear_command = command->add_subcommand(
      "clear", "Remove what this version cannot use: entries of other engines, damaged ones, leftovers");
  clear_command->add_option("ENTRY", flags->entries, "Remove these entries only, named by the digits that show prints");
  clear_command->add_flag("--all", flags->all, "Remove every entry, and the code of scripts");
  clear_command->add_option("--unused-for", flags->unused_for, "Also remove what was not used for this long")
      ->type_name("TIME");
  clear_command->add_flag("--dry-run", flags->dry_run, "Say what would be removed, and remove nothing");
  clear_command->footer("Example: openskills cache clear --unused-for 30d --dry-run");
  clear_command->fallthrough();
  return {command, [&global, flags, show] {
            if (show->parsed()) return show_cache(global, *flags);
            const Result<int> code = clear(global, *flags);
            return code ? *code : report_error(global, code.error());
          }};
}

}  // namespace openskills::cli
