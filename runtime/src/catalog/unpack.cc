#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/package.h"
#include "catalog/package_names.h"
#include "catalog/resources.h"
#include "catalog/skill.h"
#include "catalog/zip_library.h"
#include "format/name_rules.h"
#include "os/files.h"
#include "os/staging_folder.h"

namespace openskills {
namespace {

// What deflate can do at best is 1,032 to 1; text and code stay below 50. Small packages may be odd.
constexpr std::uint64_t kMaxRatio = 200;
constexpr std::uint64_t kRatioFromBytes = std::uint64_t{4} << 20U;

// What a mode says an entry is.
constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kRegular = 0100000;
constexpr std::uint32_t kFolder = 0040000;

std::unexpected<Error> bad(std::string what) {
  return fail_with_hint(ErrorCode::kArchiveInvalid, std::move(what), "do not unpack it, or have it packed again");
}

struct Entry {
  zip_uint64_t index = 0;
  std::string path;  // in the archive, without a slash at its end
  bool is_folder = false;
  bool executable = false;
  std::uint64_t said_bytes = 0;
};

// An archive in memory, opened for reading.
class Reader {
 public:
  explicit Reader(const ZipLibrary& zip) : zip_(zip) { zip_.error_init(&error_); }
  ~Reader() {
    if (archive_ != nullptr) zip_.discard(archive_);
    zip_.error_fini(&error_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<void> open(std::string_view bytes) {
    zip_source_t* const source = zip_.source_buffer_create(bytes.data(), bytes.size(), 0, &error_);
    if (source == nullptr) return bad(fmt::format("the package cannot be read: {}", zip_.error_strerror(&error_)));
    archive_ = zip_.open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error_);
    if (archive_ != nullptr) return {};
    zip_.source_free(source);
    return bad(fmt::format("this is no sound ZIP archive: {}", zip_.error_strerror(&error_)));
  }

  // All entries, names and kinds checked; nothing is decompressed.
  Result<std::vector<Entry>> entries(std::size_t max_entries) {
    const zip_int64_t count = zip_.get_num_entries(archive_, 0);
    if (count < 0 || static_cast<std::uint64_t>(count) > max_entries) {
      return fail(ErrorCode::kTooLarge, "the package has {} entries; at most {} are unpacked", count, max_entries);
    }
    std::vector<Entry> entries;
    PackageNames names;
    for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
      TRY(std::optional<Entry> entry, describe(i));
      if (!entry) continue;
      TRY(names.add(entry->path, entry->is_folder ? PackageNames::Kind::kFolder : PackageNames::Kind::kFile));
      entries.push_back(std::move(*entry));
    }
    return entries;
  }

  // The bytes of an entry, as many as there are and not as many as the archive says.
  Result<std::string> read(const Entry& entry, std::uint64_t limit_bytes) {
    zip_file_t* const file = zip_.fopen_index(archive_, entry.index, 0);
    if (file == nullptr) return bad(fmt::format("the entry '{}': {}", entry.path, zip_.strerror(archive_)));
    std::string bytes;
    std::string chunk(std::size_t{64} << 10U, '\0');
    zip_int64_t got = 0;
    while ((got = zip_.fread(file, chunk.data(), chunk.size())) > 0) {
      bytes.append(chunk, 0, static_cast<std::size_t>(got));
      if (bytes.size() > limit_bytes) break;
    }
    zip_.fclose(file);
    if (got < 0) return bad(fmt::format("the entry '{}' is damaged", entry.path));
    if (bytes.size() <= limit_bytes) {
      if (bytes.size() == entry.said_bytes) return bytes;
      return bad(fmt::format("the entry '{}' has another size than the archive says", entry.path));
    }
    return fail_with_hint(ErrorCode::kTooLarge,
                          fmt::format("the package holds more than may come out of it, at '{}'", entry.path),
                          "this may be a bomb: a small archive that unpacks without end");
  }

 private:
  // Nothing for what an archiver of another system adds of its own.
  Result<std::optional<Entry>> describe(zip_uint64_t index) {
    const char* const name = zip_.get_name(archive_, index, ZIP_FL_ENC_RAW);
    if (name == nullptr) return bad("the package has an entry without a name");
    Entry entry{index, name};
    if (entry.path.starts_with("__MACOSX/") || entry.path.ends_with("/.DS_Store")) return std::nullopt;
    if (entry.path.ends_with('/')) {
      entry.path.pop_back();
      entry.is_folder = true;
    }
    zip_stat_t status{};
    if (zip_.stat_index(archive_, index, 0, &status) != 0) return bad(fmt::format("the entry '{}' is damaged", name));
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE) {
      return bad(fmt::format("the entry '{}' is encrypted", name));
    }
    entry.said_bytes = (status.valid & ZIP_STAT_SIZE) != 0 ? status.size : 0;
    TRY(check_kind(entry));
    return entry;
  }

  Result<void> check_kind(Entry& entry) {
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_.file_get_external_attributes(archive_, entry.index, 0, &system, &attributes) != 0) return {};
    const std::uint32_t mode = attributes >> 16U;
    const std::uint32_t type = mode & kTypeMask;
    // Whatever system it says it is from: an unpacker that believed the mode would make a link of it.
    const bool plain = type == 0 || type == (entry.is_folder ? kFolder : kRegular);
    if (!plain) return bad(fmt::format("the entry '{}' is a link, a device or a pipe, not a plain file", entry.path));
    entry.executable = (mode & 0100U) != 0;
    return {};
  }

  const ZipLibrary& zip_;
  zip_error_t error_{};
  zip_t* archive_ = nullptr;
};

// Where in the archive the skill is: "" or "NAME/".
Result<std::string> find_top(const std::vector<Entry>& entries) {
  std::vector<std::string> tops;
  for (const Entry& entry : entries) {
    if (entry.is_folder) continue;
    const std::size_t slash = entry.path.find('/');
    if (slash == std::string::npos && entry.path == kSkillFileName) return std::string();
    if (slash != std::string::npos && entry.path.substr(slash + 1) == kSkillFileName) {
      tops.push_back(entry.path.substr(0, slash + 1));
    }
  }
  if (tops.empty()) return bad("the package has no SKILL.md, neither at its top nor in its one folder");
  if (tops.size() > 1) return bad(fmt::format("the package has several skills: '{}' and '{}'", tops[0], tops[1]));
  for (const Entry& entry : entries) {
    if ((entry.path + "/").starts_with(tops[0])) continue;
    return bad(fmt::format("the package's entry '{}' lies outside of the skill's folder '{}'", entry.path, tops[0]));
  }
  return tops[0];
}

Result<std::string> choose_name(const std::string& top, const UnpackOptions& options) {
  std::string name = options.name;
  if (name.empty()) name = top.empty() ? options.fallback_name : top.substr(0, top.size() - 1);
  if (is_usable_as_id(name) && !name.starts_with('.')) return name;
  return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("'{}' cannot be the name of the skill's folder", name),
                        "choose another with --name");
}

Result<void> extract(Reader& reader, const std::vector<Entry>& entries, const std::string& top,
                     std::size_t archive_bytes, UnpackBudget& budget, os::StagingFolder& staging,
                     UnpackedSkill& unpacked) {
  const std::uint64_t most_by_ratio = std::max<std::uint64_t>(kRatioFromBytes, archive_bytes * kMaxRatio);
  for (const Entry& entry : entries) {
    if (entry.path.size() < top.size()) continue;  // the skill's own folder
    const std::string path = entry.path.substr(top.size());
    if (entry.is_folder) {
      TRY(staging.make_folder(path));
      continue;
    }
    if (budget.files == 0) return fail(ErrorCode::kTooLarge, "the package has more files than may be unpacked");
    TRY(const std::string bytes, reader.read(entry, std::min(budget.bytes, most_by_ratio - unpacked.bytes)));
    budget.bytes -= bytes.size();
    --budget.files;
    unpacked.bytes += bytes.size();
    ++unpacked.files;
    TRY(staging.write(path, bytes, entry.executable ? os::Executable::kYes : os::Executable::kNo));
  }
  return {};
}

Result<void> check_unpacked(const std::string& directory, const UnpackOptions& options, UnpackedSkill& unpacked) {
  TRY(const std::vector<Diagnostic> diagnostics, validate_skill_lenient(directory));
  for (const Diagnostic& one : diagnostics) {
    if (one.severity != Severity::kError) continue;
    return fail_with_hint(ErrorCode::kSkillInvalid, "the package's SKILL.md does not load: " + one.message,
                          "nothing was unpacked");
  }
  TRY(unpacked.digest, skill_digest(directory));
  if (options.expected_digest.empty() || options.expected_digest == unpacked.digest) return {};
  return fail_with_hint(
      ErrorCode::kArchiveInvalid,
      fmt::format("the package's skill has the digest {}, not {}", unpacked.digest, options.expected_digest),
      "it is not the skill that was asked for; nothing was unpacked");
}

}  // namespace

Result<UnpackedSkill> unpack_skill(std::string_view archive, const UnpackOptions& options, UnpackBudget& budget) {
  if (archive.size() > kMaxPackageBytes) return fail(ErrorCode::kTooLarge, "the package is larger than 256 MiB");
  TRY(const ZipLibrary* const zip, ZipLibrary::load());
  TRY(const std::string parent, os::canonical_path(options.destination));
  Reader reader(*zip);
  TRY(reader.open(archive));
  // Folders count as well: making them costs as much.
  TRY(const std::vector<Entry> entries, reader.entries(std::min(budget.files, kMaxPackageFiles) * 2));
  TRY(const std::string top, find_top(entries));
  TRY(const std::string name, choose_name(top, options));
  UnpackedSkill unpacked;
  unpacked.directory = fmt::format("{}{}{}", parent, parent.ends_with('/') ? "" : "/", name);
  TRY(os::StagingFolder staging, os::StagingFolder::create(parent));
  TRY(extract(reader, entries, top, archive.size(), budget, staging, unpacked));
  TRY(check_unpacked(staging.path(), options, unpacked));
  TRY(staging.publish(name));
  return unpacked;
}

}  // namespace openskills
