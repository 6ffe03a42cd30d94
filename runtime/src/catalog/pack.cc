#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "catalog/file_tree.h"
#include "catalog/package.h"
#include "catalog/package_names.h"
#include "catalog/skill.h"
#include "catalog/zip_library.h"
#include "os/files.h"

namespace openskills {
namespace {

// 1 January 1980, where the time of a ZIP archive begins.
constexpr std::uint16_t kDosDate = (1U << 5U) | 1U;
constexpr std::uint32_t kCompressionLevel = 9;

struct PackedFile {
  std::string path;  // in the skill
  std::string bytes;
  bool executable = false;
};

bool is_left_out(std::string_view path) noexcept {
  return path.ends_with(".pyc") || path == "evals" || path.starts_with("evals/");
}

Result<void> check_skill(const std::string& directory, PackCheck check) {
  TRY(const std::vector<Diagnostic> diagnostics,
      check == PackCheck::kStrict ? validate_skill(directory) : validate_skill_lenient(directory));
  const auto error = std::find_if(diagnostics.begin(), diagnostics.end(),
                                  [](const Diagnostic& one) { return one.severity == Severity::kError; });
  if (error == diagnostics.end()) return {};
  return fail_with_hint(ErrorCode::kSkillInvalid, "the skill is not valid: " + as_reason(*error),
                        check == PackCheck::kStrict ? "mend it, or pack it as it is with --lenient"
                                                    : fmt::format("see `openskills validate {}`", directory));
}

// Reads what belongs into the package.
Result<std::vector<PackedFile>> read_files(int root_fd, PackedSkill& packed) {
  TreeOptions options;
  options.skip_generated = true;
  options.max_files = kMaxPackageFiles;
  options.max_depth = 32;
  TRY(const Tree tree, list_tree(root_fd, options));
  if (!tree.truncated_at.empty()) {
    return fail(ErrorCode::kTooLarge, "the skill has more than {} files or is nested too deeply, at '{}'",
                kMaxPackageFiles, tree.truncated_at);
  }
  std::vector<PackedFile> files;
  PackageNames names;
  std::size_t left = kMaxPackageBytes;
  for (const TreeEntry& entry : tree.entries) {
    if (is_left_out(entry.path)) {
      packed.left_out.push_back(entry.path + ": not part of a package");
      continue;
    }
    if (entry.kind == TreeEntryKind::kUnreadable) return fail(ErrorCode::kAccessDenied, "{}", entry.target);
    if (entry.kind != TreeEntryKind::kFile) {
      packed.left_out.push_back(
          entry.path + (entry.kind == TreeEntryKind::kSpecial ? ": no regular file" : ": a link to " + entry.target));
      continue;
    }
    TRY(names.add(entry.path, PackageNames::Kind::kFile));
    TRY(const UniqueFd fd, os::open_file_beneath(root_fd, entry.path));
    TRY(const os::FileInfo info, os::file_info(fd.get()));
    TRY(std::string bytes, os::read_file(fd.get(), left, entry.path));
    left -= bytes.size();
    files.push_back({entry.path, std::move(bytes), (info.mode & 0100U) != 0});
  }
  return files;
}

// A libzip archive that is thrown away unless it is closed.
class Writer {
 public:
  explicit Writer(const ZipLibrary& zip) : zip_(zip) { zip_.error_init(&error_); }
  ~Writer() {
    if (archive_ != nullptr) zip_.discard(archive_);
    if (target_ != nullptr) zip_.source_free(target_);
    zip_.error_fini(&error_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Result<void> open() {
    target_ = zip_.source_buffer_create(nullptr, 0, 0, &error_);
    if (target_ == nullptr) return failed("begin");
    zip_.source_keep(target_);  // closing the archive gives up one reference
    archive_ = zip_.open_from_source(target_, ZIP_CREATE | ZIP_TRUNCATE, &error_);
    if (archive_ != nullptr) return {};
    zip_.source_free(target_);
    return failed("begin");
  }

  // `file` is borrowed until close().
  Result<void> add(const std::string& name, const PackedFile& file) {
    zip_source_t* const source = zip_.source_buffer(archive_, file.bytes.data(), file.bytes.size(), 0);
    if (source == nullptr) return failed("add to");
    const zip_int64_t added = zip_.file_add(archive_, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (added < 0) {
      zip_.source_free(source);
      return failed("add to");
    }
    const auto index = static_cast<zip_uint64_t>(added);
    constexpr std::uint32_t kRegular = 0100000;
    const std::uint32_t mode = kRegular | (file.executable ? 0755U : 0644U);
    const bool set = zip_.set_file_compression(archive_, index, ZIP_CM_DEFLATE, kCompressionLevel) == 0 &&
                     zip_.file_set_dostime(archive_, index, 0, kDosDate, 0) == 0 &&
                     zip_.file_set_external_attributes(archive_, index, 0, ZIP_OPSYS_UNIX, mode << 16U) == 0;
    if (!set) return failed("add to");
    return {};
  }

  Result<std::string> close() {
    if (zip_.close(archive_) != 0) return failed("write");
    archive_ = nullptr;
    std::string bytes;
    if (zip_.source_open(target_) != 0) return failed("read back");
    std::string chunk(std::size_t{256} << 10U, '\0');
    while (true) {
      const zip_int64_t got = zip_.source_read(target_, chunk.data(), chunk.size());
      if (got < 0) return failed("read back");
      if (got == 0) break;
      bytes.append(chunk, 0, static_cast<std::size_t>(got));
    }
    zip_.source_close(target_);
    return bytes;
  }

 private:
  std::unexpected<Error> failed(std::string_view action) {
    return fail(ErrorCode::kIo, "cannot {} the package: {}", action,
                archive_ != nullptr ? zip_.strerror(archive_) : zip_.error_strerror(&error_));
  }

  const ZipLibrary& zip_;
  zip_error_t error_{};
  zip_source_t* target_ = nullptr;
  zip_t* archive_ = nullptr;
};

}  // namespace

Result<PackedSkill> pack_skill(const std::string& directory, PackCheck check) {
  TRY(check_skill(directory, check));
  TRY(const std::string canonical, os::canonical_path(directory));
  TRY(const UniqueFd root, os::open_directory(canonical));
  PackedSkill packed;
  packed.name = canonical.substr(canonical.rfind('/') + 1);
  PackageNames names;
  TRY(names.add(packed.name, PackageNames::Kind::kFolder));
  TRY(const std::vector<PackedFile> files, read_files(root.get(), packed));
  TRY(const ZipLibrary* const zip, ZipLibrary::load());
  Writer writer(*zip);
  TRY(writer.open());
  for (const PackedFile& file : files) {
    TRY(writer.add(packed.name + "/" + file.path, file));
    packed.files.push_back(file.path);
  }
  TRY(packed.bytes, writer.close());
  return packed;
}

}  // namespace openskills
