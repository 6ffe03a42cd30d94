// Discovers every skill of a folder, without an index: frontmatter read and parsed, names resolved.
#include "catalog/catalog.h"
#include "sampler.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  openskills::DiscoveryOptions options;
  options.explicit_roots = {argv[1]};
  options.stamps = openskills::FileStamps::kSkip;  // as the command line, which searches once
  return sampler_serve(
      [](void* context) -> const char* {
        const auto catalog = openskills::Catalog::discover(*static_cast<openskills::DiscoveryOptions*>(context));
        return catalog && !catalog->skills().empty() ? nullptr : "no skills";
      },
      &options);
}
