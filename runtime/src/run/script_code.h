// ScriptCode: compiled code of skills' own files (a Python script's and its modules' bytecode), made ahead of the runs
// that use it and kept in a folder private to the user.
//
// A guest pack says how it makes such code (guests/guest_pack.h). It is made at a script's second run, by a run of the
// guest of its own that executes nothing of the skill: it reads the skill's files, has no workspace, and leaves `code`
// behind, and `sources`, a line "SIZE MTIME_NS CTIME_NS PATH" for each file it read. The folder:
//
//   KEY/record       the identity of every file the code was made from
//   KEY/files/code   what the guest left; KEY/files is what later runs have mounted, read-only
//   KEY.seen         the script ran once
//   KEY.failed       there was no code to keep: not tried again for a minute
//
// KEY is the SHA-256 of the guest's digest, the skill's folder, the script's path and the identity of its file.
//
// Thread rule: safe from several threads and processes at once.
// Nothing here fails: a run without such code compiles what it needs itself, and does the same.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "base/unique_fd.h"
#include "run/plan.h"

namespace openskills {

class ScriptCode {
 public:
  explicit ScriptCode(std::string directory) : directory_(std::move(directory)) {}

  // Below the folder of compiled modules.
  [[nodiscard]] static std::string directory_in(const std::string& cache_directory);

  // Mounts what there is for the plan's script; makes it first at the second run.
  void prepare(Plan& plan, Executor& executor, const CancelToken& cancel);

 private:
  [[nodiscard]] bool open();
  [[nodiscard]] bool is_current(const std::string& key, const ScriptSource& source) const;
  void make(const std::string& key, const Plan& plan, Executor& executor, const CancelToken& cancel) const;
  // Whether there is current code then; of many runs that come together one makes it, the others go without.
  [[nodiscard]] bool make_once(const std::string& key, const Plan& plan, Executor& executor, const CancelToken& cancel);
  [[nodiscard]] bool keep(const std::string& key, const std::string& record, const std::string* code) const;
  [[nodiscard]] bool is_due(const std::string& key) const;  // leaves a mark at the first time

  std::string directory_;
  std::mutex mutex_;
  UniqueFd folder_;              // opened at the first use
  std::set<std::string> making_;  // keys
};

struct ScriptCodeContents {
  std::uint64_t scripts = 0;
  std::uint64_t bytes = 0;
};

// What the folder, which need not exist, holds of scripts that were last used before then (to about a day).
[[nodiscard]] ScriptCodeContents script_code_contents(const std::string& directory,
                                                      std::int64_t used_before_ns = INT64_MAX);

// Removes that, and returns what was removed.
ScriptCodeContents clear_script_code(const std::string& directory, std::int64_t used_before_ns = INT64_MAX);

}  // namespace openskills
