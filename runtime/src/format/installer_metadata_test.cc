#include "format/installer_metadata.h"

#include <gtest/gtest.h>

namespace openskills {
namespace {

TEST(InstallerMetadata, C92_TheInstallersKeysAreTakenOut) {
  EXPECT_EQ(
      without_installer_metadata("---\nname: x\nmetadata:\n  github-repo: a/b\n  author: me\n  \"github-path\": >\n"
                                 "    skills\n    x\n  version: '1'\nlicense: MIT\n---\nbody\n"),
      "---\nname: x\nmetadata:\n  author: me\n  version: '1'\nlicense: MIT\n---\nbody\n");
}

TEST(InstallerMetadata, C92_AMappingThatWasTheirsAloneGoesToo) {
  EXPECT_EQ(
      without_installer_metadata("---\r\nname: x\r\nmetadata: # here\r\n    github-ref: v1\r\n    github-pinned: v1\r\n"
                                 "---\r\nbody"),
      "---\r\nname: x\r\n---\r\nbody");
}

TEST(InstallerMetadata, C92_EveryOtherTextStays) {
  for (const char* text :
       {"", "---\n", "no frontmatter\nmetadata:\n  github-ref: x\n", "---\nname: x\n---\nmetadata:\n  github-ref: x\n",
        "---\nmetadata:\n  author: x\n---\n", "---\nmetadata: {github-ref: x}\n---\n", "---\nmetadata:\n---\n",
        "---\nother:\n  github-ref: x\n---\n", "---\ngithub-ref: x\n---\n", "---\nmetadata: x\n  github-ref\n---\n"}) {
    EXPECT_EQ(without_installer_metadata(text), text);
  }
}

}  // namespace
}  // namespace openskills
