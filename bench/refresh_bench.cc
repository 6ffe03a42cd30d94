// Searches a folder again, nothing having changed, by a catalog that is in memory; and says, on standard error,
// how much memory a skill takes in it.
#include <malloc.h>

#include <cstdio>

#include "catalog/catalog.h"
#include "sampler.h"

namespace {

struct State {
  openskills::DiscoveryOptions options;
  openskills::Catalog catalog;
};

const char* run_once(void* context) {
  const auto* state = static_cast<State*>(context);
  const auto again = state->catalog.refreshed(state->options);
  if (!again || again->skills().empty()) return "no skills";
  return again->files_read() * 100 <= again->skills().size() * 3 ? nullptr : "files were read again";
}

// Large blocks are counted apart.
std::size_t allocated() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  State state;
  state.options.explicit_roots = {argv[1]};
  const std::size_t before = allocated();
  auto catalog = openskills::Catalog::discover(state.options);
  if (!catalog || catalog->skills().empty()) return 1;
  state.catalog = std::move(*catalog);
  std::fprintf(stderr, "%zu skills, %zu bytes of memory each\n", state.catalog.skills().size(),
               (allocated() - before) / state.catalog.skills().size());
  return sampler_serve(run_once, &state);
}
