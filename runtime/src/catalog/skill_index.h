// SkillIndex: what was read of many skills, kept on disk for the next search.
//
// Thread rule: one object, one thread; several processes may use one folder.
// It is never believed over the files: a search lists the folders as ever and takes a skill from the index only when a
// stat of its SKILL.md gives the stamp under which it was read. The folder must be the user's and writable by nobody
// else (it is made with mode 0700); an index that is not private, damaged, or of another build is ignored and
// written anew.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "catalog/by_directory.h"
#include "catalog/discovery.h"

namespace openskills {

class SkillIndex final : public KnownSkills {
 public:
  // Below so many skills reading them is as fast as reading an index.
  static constexpr std::size_t kMinSkills = 200;

  // Reads the index of a search with these options; empty when there is none that can be used.
  [[nodiscard]] static SkillIndex load(const DiscoveryOptions& options);

  [[nodiscard]] bool find(std::string_view directory, std::string_view directory_name, const FileStamp& now,
                          Skill& skill) override;

  // Writes a new index when so much is new or gone that it pays. What cannot be written is left: an index is no need.
  // `known`: how many of the skills came from this one.
  void save_if_worthwhile(std::span<const Skill> skills, std::span<const Skill> hidden, std::size_t known) const;

  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }

 private:
  struct Record {
    std::string_view directory;
    std::string_view directory_name;
    FileStamp stamp;
    std::string_view skill;   // for read_skill()
    std::size_t manifest = 0;  // which of Contents
  };

  // What skills that were found here keep.
  struct Contents {
    std::string bytes;
    std::unique_ptr<EncodedManifest[]> manifests;  // NOLINT(modernize-avoid-c-arrays): they do not move
  };

  struct DirectoryOf {
    std::string_view operator()(const Record& record) const noexcept { return record.directory; }
  };

  bool parse();

  std::string directory_;
  std::string file_name_;
  std::shared_ptr<Contents> contents_;
  ByDirectory<Record, DirectoryOf> records_;  // the views point into contents_
};

}  // namespace openskills
