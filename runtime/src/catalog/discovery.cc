#include "catalog/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "catalog/skill_reader.h"
#include "catalog/trust.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/walk.h"

namespace openskills {
namespace {

bool is_skipped_name(std::string_view name) noexcept { return name.starts_with('.') || name == "node_modules"; }

bool looks_like_skill_file(std::string_view name) noexcept {
  if (name.size() != kSkillFileName.size()) return false;
  return std::equal(name.begin(), name.end(), kSkillFileName.begin(), [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b) || (a >= 'a' && a <= 'z' && a - 'a' + 'A' == b);
  });
}

// Whose meaning Claude Code reserves: skills of an account, which are no files here.
bool is_reserved_name(std::string_view name) noexcept {
  constexpr std::string_view kReserved = "synced";
  return std::equal(name.begin(), name.end(), kReserved.begin(), kReserved.end(),
                    [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); });
}

enum class FollowLinks : std::uint8_t { kNo, kYes };

// Searches roots one after another and remembers what it has seen, so that a folder reached twice counts once.
class Scanner {
 public:
  struct Root {
    std::string path;  // canonical
    SkillScope scope = SkillScope::kExplicit;
    std::size_t max_depth = 0;
    std::size_t max_directories = 0;
    FollowLinks follow_links = FollowLinks::kYes;
  };

  Scanner(const DiscoveryOptions& options, KnownSkills* known)
      : profile_(options.profile),
        known_(known),
        max_time_ms_(options.bounds.max_time_ms),
        deadline_ns_(os::monotonic_now_ns() + options.bounds.max_time_ms * 1'000'000),
        reader_(options.profile, known == nullptr && options.index_dir.empty() ? options.stamps : FileStamps::kTake) {}

  void scan(int fd, const Root& root);

  // scan(), and what it finds is noted as nested in that folder of the project, unless that is empty.
  void scan_place(int fd, const Root& root, const std::string& nested_in) {
    const std::size_t first = result_.skills.size();
    scan(fd, root);
    if (!nested_in.empty()) result_.nested.push_back({first, result_.skills.size(), nested_in});
  }

  [[nodiscard]] DiscoveryResult take() {
    result_.files_read = reader_.files_read();
    return std::move(result_);
  }
  [[nodiscard]] const DiscoveryResult& result() const noexcept { return result_; }

  // Hidden folders that were met, a few of them.
  [[nodiscard]] const std::vector<std::string>& not_searched() const noexcept { return not_searched_; }

  // Whether the folder, by canonical path, was searched or loaded before.
  [[nodiscard]] bool has_seen(const std::string& path);

 private:
  struct LinkToFollow {
    std::string directory;  // that holds it
    std::string name;
    std::size_t depth = 0;  // of the linked folder
  };

  [[nodiscard]] bool may_hold_skills(const os::DirectoryEntry& entry) const noexcept {
    constexpr std::size_t kEnoughToName = 8;
    return entry.kind == os::FileKind::kDirectory && entry.name.starts_with('.') && entry.name != ".git" &&
           not_searched_.size() < kEnoughToName;
  }
  void search(int fd, const std::string& directory, std::size_t depth);
  bool visit(int parent_fd, const std::string& directory, const std::string& name, std::size_t depth);
  void follow(const LinkToFollow& link);
  SkillPresence try_skill(const SkillReader::Place& place);
  bool has_room(const std::string& directory);
  void truncated(const std::string& directory, std::string message);
  void report(DiagnosticCode code, Severity severity, std::string message, std::string path) {
    result_.diagnostics.push_back({code, severity, std::move(message), std::move(path)});
  }

  [[nodiscard]] bool is_known(const SkillReader::Place& place, Skill& skill);

  Profile profile_;
  KnownSkills* known_;
  std::int64_t max_time_ms_;
  std::int64_t deadline_ns_;
  SkillReader reader_;
  DiscoveryResult result_;
  std::string known_path_;
  const Root* root_ = nullptr;
  std::size_t directories_ = 0;
  bool said_truncated_ = false;
  std::vector<LinkToFollow> links_;
  std::vector<std::string> not_searched_;
  std::unordered_set<std::string> seen_;  // searched folders, and skills up to indexed_skills_
  std::size_t indexed_skills_ = 0;
  bool check_seen_ = false;  // links or a second root make it possible to arrive twice
};

bool Scanner::has_seen(const std::string& path) {
  // Most scans meet no link, and then no index is made.
  for (; indexed_skills_ < result_.skills.size(); ++indexed_skills_) {
    seen_.insert(result_.skills[indexed_skills_].directory);
  }
  return seen_.contains(path);
}

void Scanner::truncated(const std::string& directory, std::string message) {
  if (!std::exchange(said_truncated_, true)) {
    report(DiagnosticCode::kDiscoveryTruncated, Severity::kWarning, std::move(message), directory);
  }
}

bool Scanner::has_room(const std::string& directory) {
  constexpr std::size_t kFoldersBetweenLooksAtTheClock = 32;
  if (directories_ % kFoldersBetweenLooksAtTheClock == 0 && os::monotonic_now_ns() > deadline_ns_) {
    truncated(directory, fmt::format("the search stopped after {} ms", max_time_ms_));
    return false;
  }
  if (directories_ < root_->max_directories) {
    ++directories_;
    return true;
  }
  truncated(directory, fmt::format("the search stopped after {} folders of '{}'", root_->max_directories, root_->path));
  return false;
}

void Scanner::scan(int fd, const Root& root) {
  root_ = &root;
  directories_ = 0;
  said_truncated_ = false;
  links_.clear();
  if (has_seen(root.path)) return;
  const bool own_folder = root.scope == SkillScope::kExplicit;
  const std::string_view name = std::string_view(root.path).substr(root.path.rfind('/') + 1);
  if (own_folder && try_skill({fd, {}, root.path, name, root.scope}) != SkillPresence::kNone) {
    check_seen_ = true;
    return;
  }
  search(fd, root.path, 0);
  // Links come after all real folders, so that a folder that is both is found where it is.
  check_seen_ = true;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const LinkToFollow link = links_[i];
    follow(link);
  }
}

bool Scanner::is_known(const SkillReader::Place& place, Skill& skill) {
  if (known_ == nullptr) return false;
  known_path_.assign(place.name);
  if (!known_path_.empty()) known_path_ += '/';
  known_path_ += kSkillFileName;
  const Result<os::FileInfo> info = os::file_info_in(place.parent_fd, known_path_);
  if (!info || info->kind != os::FileKind::kFile) return false;
  if (!known_->find(place.directory, place.directory_name, stamp_of(*info, 0), skill)) return false;
  skill.scope = place.scope;
  skill.profile = profile_;
  ++result_.files_known;
  return true;
}

SkillPresence Scanner::try_skill(const SkillReader::Place& place) {
  Skill& skill = result_.skills.emplace_back();
  if (is_known(place, skill)) return SkillPresence::kLoaded;
  const SkillPresence presence = reader_.read(place, skill, result_.diagnostics);
  if (presence != SkillPresence::kLoaded) result_.skills.pop_back();
  if (presence == SkillPresence::kRefused) seen_.emplace(place.directory);
  return presence;
}

void Scanner::search(int fd, const std::string& directory, std::size_t depth) {
  seen_.insert(directory);
  result_.searched.push_back(directory);
  Result<std::vector<os::DirectoryEntry>> entries = os::list_directory(fd, directory);
  if (!entries) {
    report(DiagnosticCode::kDirectoryUnreadable, Severity::kWarning, entries.error().message, directory);
    return;
  }
  // The kernel's order differs between file systems.
  std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  if (result_.skills.empty()) result_.skills.reserve(entries->size());
  for (const os::DirectoryEntry& entry : *entries) {
    if (is_skipped_name(entry.name)) {
      if (may_hold_skills(entry)) not_searched_.push_back(os::join_path(directory, entry.name));
      continue;
    }
    if (profile_ == Profile::kClaudeCode && is_reserved_name(entry.name)) continue;
    if (entry.kind == os::FileKind::kSymlink && root_->follow_links == FollowLinks::kYes) {
      if (links_.size() >= root_->max_directories) continue;
      links_.push_back({directory, entry.name, depth + 1});
    } else if (entry.kind == os::FileKind::kDirectory) {
      if (!visit(fd, directory, entry.name, depth + 1)) return;
    } else if (depth > 0 && looks_like_skill_file(entry.name) && entry.name != kSkillFileName) {
      report(DiagnosticCode::kSkillFileMisnamed, Severity::kWarning,
             fmt::format("'{}' is not read: a skill's file is named exactly SKILL.md", entry.name), directory);
    }
  }
}

// A real folder; false when the bound is reached.
bool Scanner::visit(int parent_fd, const std::string& directory, const std::string& name, std::size_t depth) {
  const std::string path = os::join_path(directory, name);
  if (check_seen_ && has_seen(path)) return true;
  if (!has_room(directory)) return false;
  if (try_skill({parent_fd, name, path, name, root_->scope}) != SkillPresence::kNone) return true;
  if (depth >= root_->max_depth) {
    truncated(path,
              fmt::format("folders deeper than {} levels below '{}' are not searched", root_->max_depth, root_->path));
    return true;
  }
  const Result<UniqueFd> child = os::open_child_directory(parent_fd, name);
  if (!child) {
    report(DiagnosticCode::kDirectoryUnreadable, Severity::kWarning, child.error().message, path);
    return true;
  }
  search(child->get(), path, depth);
  return true;
}

void Scanner::follow(const LinkToFollow& link) {
  const std::string link_path = os::join_path(link.directory, link.name);
  const Result<UniqueFd> fd = os::open_directory(link_path);
  if (!fd) {
    // A link to a file is a loose file; one that leads nowhere is worth a word.
    if (fd.error().code == ErrorCode::kNotADirectory) return;
    report(DiagnosticCode::kLinkBroken, Severity::kWarning, fd.error().message, link_path);
    return;
  }
  const Result<std::string> target = os::path_of_fd(fd->get());
  if (!target || has_seen(*target) || !has_room(link.directory)) return;
  if (try_skill({fd->get(), {}, *target, link.name, root_->scope}) != SkillPresence::kNone) return;
  if (link.depth >= root_->max_depth) return;
  search(fd->get(), *target, link.depth);
}

// Who may bring project skills: everybody for one call, or the folders on the list.
class ProjectTrustCheck {
 public:
  explicit ProjectTrustCheck(const DiscoveryOptions& options) : all_(options.project_trust == ProjectTrust::kTrusted) {
    if (all_ || options.trust_dir.empty()) return;
    Result<TrustStore> store = TrustStore::load(options.trust_dir);
    if (store) {
      store_ = std::move(*store);
    } else {
      problem_ = std::move(store).error();
    }
  }

  [[nodiscard]] bool allows(const StandardPlace& place) const {
    return all_ || place.is_named || store_.covers(place.project_folder, place.project_top);
  }

  // What a person who did trust it wants to know.
  [[nodiscard]] std::string_view why_not(const StandardPlace& place) const {
    for (const TrustedFolder& one : store_.folders()) {
      if (one.path == place.project_top && one.state() == TrustState::kReplaced) {
        return " (another folder was, in this place)";
      }
    }
    return "";
  }

  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }

 private:
  bool all_;
  TrustStore store_;
  std::optional<Error> problem_;
};

DiscoveryResult discover_standard(const DiscoveryOptions& options, KnownSkills* known) {
  Scanner scanner(options, known);
  const ProjectTrustCheck trust(options);
  // A home folder under version control makes the user's own folders look like a project's: what is the user's stays.
  std::unordered_set<std::string> users;
  std::vector<StandardPlace> places = standard_places(options);
  for (const StandardPlace& place : places) {
    if (place.scope == SkillScope::kUser) {
      if (Result<std::string> path = os::canonical_path(place.path)) users.insert(std::move(*path));
    }
  }
  std::vector<Diagnostic> blocked;
  for (const StandardPlace& place : places) {
    const Result<UniqueFd> fd = os::open_directory(place.path);
    const Result<std::string> path = os::canonical_path(place.path);
    if (!fd || !path) continue;
    if (place.scope == SkillScope::kProject && users.contains(*path)) continue;
    const std::size_t max_depth = options.profile == Profile::kClaudeCode ? 1 : options.bounds.max_depth;
    Scanner::Root root{*path, place.scope, max_depth, options.bounds.max_directories_in_standard_place,
                       FollowLinks::kYes};
    if (place.scope != SkillScope::kProject || trust.allows(place)) {
      scanner.scan_place(fd->get(), root, place.nested_in);
      continue;
    }
    // Of an untrusted project nothing is shown but a count: its texts are as little trusted as its scripts.
    root.follow_links = FollowLinks::kNo;
    Scanner counter(options, nullptr);
    counter.scan(fd->get(), root);
    const std::size_t count = counter.result().skills.size();
    if (count == 0) continue;
    blocked.push_back({DiagnosticCode::kProjectUntrusted, Severity::kWarning,
                       fmt::format("{} skill{} blocked: the project is not trusted{}; trust it with `openskills trust "
                                   "add {}`, or once with --trust-project",
                                   count, count == 1 ? " is" : "s are", trust.why_not(place), place.project_top),
                       *path});
  }
  // Only when it matters: a project without skills needs no trust.
  if (!blocked.empty() && trust.problem()) {
    blocked.push_back(
        {DiagnosticCode::kTrustUnusable, Severity::kWarning, trust.problem()->message, options.trust_dir});
  }
  DiscoveryResult result = scanner.take();
  result.diagnostics.insert(result.diagnostics.begin(), std::make_move_iterator(blocked.begin()),
                            std::make_move_iterator(blocked.end()));
  return result;
}

Diagnostic nothing_found(const std::string& path, std::span<const std::string> not_searched) {
  std::string message = "no skill was found here: a skill is a folder with a file SKILL.md that loads";
  for (std::size_t i = 0; i < not_searched.size(); ++i) {
    message += fmt::format("{} '{}'", i == 0 ? "; hidden folders are searched when they are named:" : ",", not_searched[i]);
  }
  return {DiagnosticCode::kNoSkillFound, Severity::kWarning, std::move(message), path};
}

Result<DiscoveryResult> discover_explicit(const DiscoveryOptions& options, KnownSkills* known) {
  Scanner scanner(options, known);
  std::vector<Diagnostic> empty_roots;
  for (const std::string& named : options.explicit_roots) {
    TRY(const UniqueFd fd, os::open_directory(named));
    TRY(const std::string path, os::canonical_path(named));
    const bool seen = scanner.has_seen(path);
    const std::size_t before = scanner.result().skills.size();
    const std::size_t hidden_before = scanner.not_searched().size();
    const Scanner::Root root{path, SkillScope::kExplicit, options.bounds.max_depth,
                             options.bounds.max_directories_in_explicit_root, FollowLinks::kYes};
    scanner.scan(fd.get(), root);
    if (seen || scanner.result().skills.size() > before) continue;
    empty_roots.push_back(nothing_found(path, std::span(scanner.not_searched()).subspan(hidden_before)));
  }
  DiscoveryResult result = scanner.take();
  std::move(empty_roots.begin(), empty_roots.end(), std::back_inserter(result.diagnostics));
  return result;
}

}  // namespace

Result<DiscoveryResult> discover_skills(const DiscoveryOptions& options, KnownSkills* known) {
  if (!options.explicit_roots.empty()) return discover_explicit(options, known);
  if (options.standard_places == StandardPlaces::kSkip) return DiscoveryResult{};
  return discover_standard(options, known);
}

}  // namespace openskills
