// Discovers every skill of a folder with a valid index: folders listed, each SKILL.md looked at, none read.
#include <cstdio>

#include "catalog/catalog.h"
#include "os/files.h"
#include "sampler.h"

namespace {

struct State {
  openskills::DiscoveryOptions options;
};

const char* run_once(void* context) {
  const auto catalog = openskills::Catalog::discover(static_cast<State*>(context)->options);
  if (!catalog || catalog->skills().empty()) return "no skills";
  return catalog->files_read() * 100 <= catalog->skills().size() * 3 ? nullptr : "the index was not used";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto scratch = openskills::os::TemporaryDirectory::create("openskills-index-bench-");
  if (!scratch) return 1;
  State state;
  state.options.explicit_roots = {argv[1]};
  state.options.index_dir = scratch->path() + "/index";
  if (!openskills::Catalog::discover(state.options)) return 1;
  return sampler_serve(run_once, &state);
}
