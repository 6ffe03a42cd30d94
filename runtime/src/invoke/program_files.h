// ProgramFiles: what the files of an installed program have to be, as its manifest says. Checked before its code is
// used for the first time.
//
// Thread rule: values.
#pragma once

#include <string>
#include <vector>

namespace openskills {

struct ProgramFiles {
  // A folder the program reads, and the digest of all it holds (skill_digest()).
  struct Tree {
    std::string path;
    std::string sha256;
  };

  // Compiled code that comes with the program. Used only when its digest is trusted; see guests/trusted_code.h.
  struct CompiledCode {
    std::string directory;  // absolute
    std::string file;       // beneath it
    std::string sha256;
    std::string engine;  // the fingerprint of the engine that made it
  };

  std::string sha256 = {};  // of the program; any when empty
  std::vector<Tree> trees = {};
  std::vector<CompiledCode> compiled = {};
};

}  // namespace openskills
