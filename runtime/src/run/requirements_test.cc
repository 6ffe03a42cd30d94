#include "run/requirements.h"

#include <gtest/gtest.h>

namespace openskills {
namespace {

using Names = std::vector<std::string>;

constexpr const char* kPython = "3.13.5";

// "name bound bound", or "-".
std::string shown(std::string_view line) {
  const std::optional<Requirement> requirement = parse_requirement(line, kPython);
  if (!requirement) return "-";
  std::string text = requirement->name;
  for (const std::string& bound : requirement->lower_bounds) text += " " + bound;
  return text;
}

GuestPack guest_with(std::vector<GuestPackage> packages) {
  GuestPack guest;
  guest.name = "python";
  guest.version = kPython;
  guest.packages = std::move(packages);
  return guest;
}

TEST(Requirements, ALineIsANameAndItsLowerBounds) {
  EXPECT_EQ(shown("requests"), "requests");
  EXPECT_EQ(shown("  PyYAML>=6.0  "), "pyyaml 6.0");
  EXPECT_EQ(shown("ruamel.yaml_clib==0.2"), "ruamel-yaml-clib 0.2");
  EXPECT_EQ(shown("a--b__c"), "a-b-c");
  EXPECT_EQ(shown("rich[jupyter] >= 13, < 14"), "rich 13");
  EXPECT_EQ(shown("typer[all]"), "typer");
  EXPECT_EQ(shown("jinja2 (>=3.1)"), "jinja2 3.1");
  EXPECT_EQ(shown("x~=1.4.2"), "x 1.4.2");
  EXPECT_EQ(shown("x==1.*"), "x 1");
  EXPECT_EQ(shown("x<2,!=1.5,>1"), "x 1");
  EXPECT_EQ(shown("pip @ file:///x.whl"), "pip");
  EXPECT_EQ(shown("x>=1 # why"), "x 1");
  EXPECT_EQ(shown("x==1 --hash=sha256:ab"), "x 1");
  EXPECT_EQ(shown("x\r"), "x");
}

TEST(Requirements, LinesThatNameNoPackageAskForNothing) {
  for (const char* line : {"", "   ", "# requests", "-r other.txt", "--index-url x", "-e .", "git+ssh://x/y", "https://x/y.whl",
                           "./local", ">=1", "[x]"}) {
    EXPECT_EQ(shown(line), "-") << line;
  }
}

TEST(Requirements, AMarkerThatExcludesTheGuestExcludesTheLine) {
  EXPECT_EQ(shown("tomli; python_version < '3.11'"), "-");
  EXPECT_EQ(shown("tomli>=1 ; python_version<\"3.14\""), "tomli 1");
  EXPECT_EQ(shown("x; python_version == '3.13'"), "x");
  EXPECT_EQ(shown("x; python_full_version >= '3.13.6'"), "-");
  EXPECT_EQ(shown("pywin32; sys_platform == 'win32'"), "-");
  EXPECT_EQ(shown("x; sys_platform != 'win32' and python_version >= '3.9'"), "x");
  EXPECT_EQ(shown("x; sys_platform == 'win32' or python_version >= '3.9'"), "x");
  EXPECT_EQ(shown("x; extra == 'dev'"), "-");
  EXPECT_EQ(shown("x; (something == 'odd')"), "x") << "what is not understood is asked for";
}

TEST(Requirements, VersionsCompareByTheirNumbers) {
  EXPECT_EQ(compare_versions("1.2", "1.2.0"), 0);
  EXPECT_EQ(compare_versions("v2", "2.0"), 0);
  EXPECT_LT(compare_versions("1.9", "1.10"), 0);
  EXPECT_GT(compare_versions("2.9.0.post0", "2.8.2"), 0);
  EXPECT_EQ(compare_versions("1.0rc1", "1.0"), 0);
  EXPECT_LT(compare_versions("", "1"), 0);
  EXPECT_EQ(compare_versions("", ""), 0);
  EXPECT_GT(compare_versions("99999999999999999999999.1", "1"), 0);
}

TEST(Requirements, ABlockInTheScriptIsRead) {
  const auto metadata = parse_script_metadata(
      "#!/usr/bin/env -S uv run\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   \"requests<3\",\n"
      "#   'rich>=13',\n# ]\n#\n# [tool.x]\n# y = 1\n# ///\nimport rich\n",
      kPython);
  ASSERT_TRUE(metadata) << metadata.error().message;
  ASSERT_EQ(metadata->requirements.size(), 2U);
  EXPECT_EQ(metadata->requirements[0].name, "requests");
  EXPECT_EQ(metadata->requirements[1].lower_bounds, Names{"13"});
  EXPECT_EQ(metadata->python_bound, "3.11");
}

TEST(Requirements, WhatIsNoClosedBlockIsAComment) {
  for (const char* script :
       {"", "print(1)", "# /// script\n# dependencies = ['x']\n", "# /// script\nx = 1\n# ///\n",
        "# /// other\n# dependencies = ['x']\n# ///\n", "  # /// script\n  # dependencies = ['x']\n  # ///\n"}) {
    const auto metadata = parse_script_metadata(script, kPython);
    ASSERT_TRUE(metadata) << script;
    EXPECT_TRUE(metadata->requirements.empty()) << script;
  }
}

TEST(Requirements, ABlockThatIsNoTomlIsAnError) {
  const auto metadata = parse_script_metadata("# /// script\n# dependencies = [\n# ///\n", kPython);
  ASSERT_FALSE(metadata);
  EXPECT_EQ(metadata.error().code, ErrorCode::kInvalidInput);
  EXPECT_FALSE(metadata.error().hint.empty());
}

TEST(Requirements, EntriesOfAnotherKindAreIgnored) {
  const auto metadata =
      parse_script_metadata("# /// script\n# dependencies = [1, 'x', {a = 1}]\n# requires-python = 3\n# ///\n", kPython);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->requirements.size(), 1U);
  EXPECT_EQ(metadata->python_bound, "");
}

TEST(Requirements, OnlyImportsOfTheFirstColumnAreUnconditional) {
  EXPECT_EQ(unconditional_imports("import a, b.c as d  # , e\nfrom f.g import h\nfrom . import i\ntry:\n    import j\n"
                                  "except ImportError:\n    j = None\nimportant = 1\nfrom\nimport\n"),
            (Names{"a", "b", "f"}));
}

TEST(Requirements, APackageIsKnownByItsModule) {
  const auto brings = [](const char* package, const char* module) {
    return brings_one_of(*parse_requirement(package, kPython), {module});
  };
  EXPECT_TRUE(brings("PyYAML", "yaml"));
  EXPECT_TRUE(brings("Pillow>=9", "PIL"));
  EXPECT_TRUE(brings("opencv-python", "cv2"));
  EXPECT_TRUE(brings("some-package", "some_package"));
  EXPECT_FALSE(brings("pandas", "json"));
}

TEST(Requirements, WhatTheGuestHasInANewerVersionIsMet) {
  const GuestPack guest = guest_with({{"PyYAML", "6.0.3"}, {"rich", "14.2.0"}, {"typing_extensions", "4.16.0"}});
  const auto missing = [&](const char* list) { return unmet(parse_requirements_file(list, kPython), guest); };
  EXPECT_EQ(missing("pyyaml\nrich>=13,<14\nTyping-Extensions==4.1"), Names{});
  EXPECT_EQ(missing("pandas>=2\nrich\nnumpy"), (Names{"pandas>=2", "numpy"}));
  EXPECT_EQ(missing("rich>=15"), Names{"rich>=15 (the guest has 14.2.0)"});
  EXPECT_EQ(missing("rich \\\n  >=13 \\\n  --hash=sha256:1"), Names{});
}

}  // namespace
}  // namespace openskills
