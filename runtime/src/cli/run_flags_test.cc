#include "cli/run_flags.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "catalog/test_tree.h"
#include "cli/command.h"
#include "cli/run_output.h"

namespace openskills::cli {
namespace {

using namespace std::string_literals;

TEST(ParseDuration, TakesANumberWithAUnit) {
  const std::pair<const char*, std::uint64_t> rows[] = {{"500ms", 500},    {"30s", 30'000}, {"2m", 120'000},
                                                        {"1h", 3'600'000}, {"5", 5000},     {"1.5s", 1500},
                                                        {"0.5ms", 1},      {"0", 0},        {"1e2ms", 100}};
  for (const auto& [text, ms] : rows) EXPECT_EQ(parse_duration_ms(text).value(), ms) << text;
}

TEST(ParseDuration, RefusesAnythingElse) {
  for (const std::string& text : {""s,      "s"s,
                                  "ms"s,    "-1s"s,
                                  "1 s"s,   " 1s"s,
                                  "1s "s,   "1S"s,
                                  "1d"s,    "nan"s,
                                  "inf"s,   "infs"s,
                                  "nans"s,  "1e300s"s,
                                  "1e999"s, "0x10"s,
                                  "1,5s"s,  "+1s"s,
                                  "1ss"s,   "ten"s,
                                  "1\0s"s,  "99999999999999999999"s}) {
    const Result<std::uint64_t> ms = parse_duration_ms(text);
    ASSERT_FALSE(ms) << text << " gave " << *ms;
    EXPECT_EQ(ms.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ParseSize, TakesPowersOfTwoToTheTen) {
  const std::pair<const char*, std::uint64_t> rows[] = {{"64K", 64 << 10}, {"256M", 256 << 20}, {"1G", 1 << 30},
                                                        {"1KiB", 1024},    {"1MiB", 1 << 20},   {"2GiB", 2ULL << 30},
                                                        {"1000", 1000},    {"1.5K", 1536},      {"0", 0}};
  for (const auto& [text, bytes] : rows) EXPECT_EQ(parse_size_bytes(text).value(), bytes) << text;
}

TEST(ParseSize, RefusesAnythingElse) {
  for (const std::string& text : {""s, "K"s, "-1K"s, "1k"s, "1KB"s, "1T"s, "1 M"s, "nanK"s, "inf"s, "1e30"s, "M1"s}) {
    const Result<std::uint64_t> bytes = parse_size_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ParseTime, TakesRfc3339) {
  constexpr std::int64_t kNs = 1'000'000'000;
  const std::pair<const char*, std::int64_t> rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:01.5Z", kNs + kNs / 2},
      {"1970-01-01T00:00:00.000000001Z", 1},
      {"1970-01-01T00:00:00.0000000019Z", 1},
      {"1969-12-31T23:59:59Z", -kNs},
      {"1969-12-31T23:59:59.75Z", -kNs / 4},
      {"2026-01-02T03:04:05Z", 1'767'323'045 * kNs},
      {"2026-01-02t03:04:05z", 1'767'323'045 * kNs},
      {"2026-01-02 03:04:05Z", 1'767'323'045 * kNs},
      {"2026-01-02T04:34:05+01:30", 1'767'323'045 * kNs},
      {"2026-01-01T19:04:05-08:00", 1'767'323'045 * kNs},
      {"2026-01-02T03:04:05-00:00", 1'767'323'045 * kNs},
      {"2024-02-29T00:00:00Z", 1'709'164'800 * kNs},
      {"2000-02-29T23:59:60Z", 951'868'800 * kNs},
      {"2016-12-31T23:59:60Z", 1'483'228'800 * kNs},
      {"2262-04-11T00:00:00Z", 9'223'286'400 * kNs},
      {"1677-09-22T00:00:00Z", -9'223'286'400 * kNs},
  };
  for (const auto& [text, ns] : rows) {
    const Result<std::int64_t> time = parse_rfc3339_ns(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, ns) << text;
  }
}

TEST(ParseTime, RefusesAnythingElse) {
  for (const std::string& text : {""s,
                                  "2026"s,
                                  "2026-01-02"s,
                                  "2026-01-02T03:04:05"s,
                                  "2026-01-02T03:04Z"s,
                                  "2026-1-2T3:4:5Z"s,
                                  "2026-02-29T00:00:00Z"s,
                                  "1900-02-29T00:00:00Z"s,
                                  "2026-04-31T00:00:00Z"s,
                                  "2026-00-01T00:00:00Z"s,
                                  "2026-13-01T00:00:00Z"s,
                                  "2026-01-00T00:00:00Z"s,
                                  "2026-01-01T24:00:00Z"s,
                                  "2026-01-01T00:60:00Z"s,
                                  "2026-01-01T00:00:61Z"s,
                                  "2026-01-01T00:00:00ZZ"s,
                                  "2026-01-01T00:00:00+1:00"s,
                                  "2026-01-01T00:00:00+24:00"s,
                                  "2026-01-01T00:00:00+01:60"s,
                                  "2026-01-01T00:00:00+0100"s,
                                  "2026-01-01T00:00:00.Z"s,
                                  "2026-01-01T00:00:00."s,
                                  "2026-01-01T00:00:00.5"s,
                                  "-026-01-01T00:00:00Z"s,
                                  "2026/01/01T00:00:00Z"s,
                                  "2026-01-01X00:00:00Z"s,
                                  "20260101T000000Z"s,
                                  "9999-12-31T23:59:59Z"s,
                                  "0000-01-01T00:00:00Z"s,
                                  "2262-04-12T00:00:00Z"s,
                                  "1677-09-21T00:00:00Z"s,
                                  "2026-01-01T00:00:00Z\0"s,
                                  " 2026-01-01T00:00:00Z"s,
                                  "garbage"s}) {
    const Result<std::int64_t> time = parse_rfc3339_ns(text);
    ASSERT_FALSE(time) << text << " gave " << *time;
    EXPECT_EQ(time.error().code, ErrorCode::kInvalidArgument);
  }
}

RunFlags flags_with(const std::function<void(RunFlags&)>& set) {
  RunFlags flags;
  set(flags);
  return flags;
}

ErrorCode error_of(const std::function<void(RunFlags&)>& set) {
  const Result<RunOptions> options = to_run_options(flags_with(set));
  return options ? ErrorCode::kInternal : options.error().code;
}

TEST(RunFlags, TheDefaultsAreThoseOfTheLibrary) {
  const RunOptions options = to_run_options({}).value();
  const RunOptions defaults;
  EXPECT_EQ(options.timeout_ms, defaults.timeout_ms);
  EXPECT_EQ(options.memory_bytes, defaults.memory_bytes);
  EXPECT_EQ(options.output_limit_bytes, defaults.output_limit_bytes);
  EXPECT_EQ(options.workspace_access, WorkspaceAccess::kReadWrite);
  EXPECT_EQ(options.isolation, Isolation::kProcess);
  EXPECT_EQ(options.tier, Tier::kAuto);
  EXPECT_EQ(options.cwd, WorkingDirectory::kWorkspace);
  EXPECT_EQ(options.stdin_source.kind, StdinSource::Kind::kEmpty);
  EXPECT_FALSE(options.workspace);
  EXPECT_FALSE(options.seed);
  EXPECT_FALSE(options.clock_start_ns);
}

TEST(RunFlags, EachFlagBecomesItsOption) {
  const RunOptions options = to_run_options(flags_with([](RunFlags& flags) {
                               flags.workspace = "/w";
                               flags.workspace_access = "ro";
                               flags.cwd = "skill";
                               flags.tier = "wasm";
                               flags.isolation = "in-process";
                               flags.timeout = "1m";
                               flags.memory = "1G";
                               flags.output_limit = "2K";
                               flags.environment = {"A=1", "B=x=y", "C="};
                               flags.mounts = {"/h:/g", "/h:/r:ro", "/h:/w:rw", "/a:b::/c", "x::y"};
                               flags.seed = 7;
                               flags.clock = "1970-01-01T00:00:01Z";
                             })).value();
  EXPECT_EQ(options.workspace, "/w");
  EXPECT_EQ(options.workspace_access, WorkspaceAccess::kReadOnly);
  EXPECT_EQ(options.cwd, WorkingDirectory::kSkill);
  EXPECT_EQ(options.tier, Tier::kWasm);
  EXPECT_EQ(options.isolation, Isolation::kInProcess);
  EXPECT_EQ(options.timeout_ms, 60'000U);
  EXPECT_EQ(options.memory_bytes, 1U << 30U);
  EXPECT_EQ(options.output_limit_bytes, 2048U);
  EXPECT_EQ(options.environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}, {"C", ""}}));
  ASSERT_EQ(options.mounts.size(), 5U);
  EXPECT_EQ(options.mounts[0].host_path, "/h");
  EXPECT_EQ(options.mounts[0].guest_path, "/g");
  EXPECT_TRUE(options.mounts[0].writable);
  EXPECT_FALSE(options.mounts[1].writable);
  EXPECT_EQ(options.mounts[1].guest_path, "/r");
  EXPECT_TRUE(options.mounts[2].writable);
  EXPECT_EQ(options.mounts[3].host_path, "/a:b");
  EXPECT_EQ(options.mounts[3].guest_path, "/c");
  EXPECT_EQ(options.mounts[4].guest_path, "y");
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.clock_start_ns, 1'000'000'000);
}

TEST(RunFlags, AValueThatDoesNotParseNamesItself) {
  for (const char* mount : {"", ":", "/h", "/h:", ":/g", "::", "/h::", "::/g", ":ro", "/h:ro"}) {
    EXPECT_EQ(error_of([&](RunFlags& flags) { flags.mounts = {mount}; }), ErrorCode::kInvalidArgument) << mount;
  }
  for (const char* entry : {"", "A", "=1", "="}) {
    EXPECT_EQ(error_of([&](RunFlags& flags) { flags.environment = {entry}; }), ErrorCode::kInvalidArgument) << entry;
  }
  EXPECT_EQ(error_of([](RunFlags& flags) { flags.timeout = "soon"; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([](RunFlags& flags) { flags.memory = "lots"; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([](RunFlags& flags) { flags.output_limit = ""; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([](RunFlags& flags) { flags.clock = "noon"; }), ErrorCode::kInvalidArgument);
}

TEST(RunFlags, StandardInputIsAFileOrThisProgramsOwn) {
  const TestTree tree;
  tree.write("input", "bytes");
  RunOptions options =
      to_run_options(flags_with([&](RunFlags& flags) { flags.stdin_source = tree.path("input"); })).value();
  EXPECT_EQ(options.stdin_source.kind, StdinSource::Kind::kDescriptor);
  const UniqueFd file(options.stdin_source.descriptor);
  EXPECT_EQ(os::read_file(file.get(), 100, "input").value(), "bytes");
  options = to_run_options(flags_with([](RunFlags& flags) { flags.stdin_source = "-"; })).value();
  EXPECT_EQ(options.stdin_source.descriptor, 0);
  EXPECT_EQ(error_of([&](RunFlags& flags) { flags.stdin_source = tree.root(); }), ErrorCode::kNotAFile);
  EXPECT_EQ(error_of([&](RunFlags& flags) { flags.stdin_source = tree.path("no"); }), ErrorCode::kPathNotFound);
}

TEST(RunFlags, TheArtifactsFolderIsMadeAndMustBeOne) {
  const TestTree tree;
  tree.write("file", "x");
  EXPECT_TRUE(to_run_options(flags_with([&](RunFlags& flags) { flags.artifacts = tree.path("a/b"); })));
  EXPECT_TRUE(std::filesystem::is_directory(tree.path("a/b")));
  EXPECT_EQ(error_of([&](RunFlags& flags) { flags.artifacts = tree.path("file"); }), ErrorCode::kNotADirectory);
}

TEST(RunFlags, AModuleHasNoWorkspaceFlags) {
  CLI::App app;
  RunFlags flags;
  declare_run_flags(app, flags, FlagSet::kModule);
  EXPECT_EQ(app.get_option_no_throw("--workspace"), nullptr);
  app.parse("--dir a::b --timeout 5s --env A=1 --env B=2", false);
  EXPECT_EQ(flags.mounts, std::vector<std::string>{"a::b"});
  EXPECT_EQ(flags.environment.size(), 2U);
  CLI::App skill_app;
  declare_run_flags(skill_app, flags, FlagSet::kSkill);
  EXPECT_THROW(skill_app.parse("--workspace-access all", false), CLI::ParseError);
  EXPECT_THROW(skill_app.parse("--isolation none", false), CLI::ParseError);
}

TEST(Printable, MakesControlCharactersHarmless) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(printable("plain\n\ttext"), "plain\n\ttext");
  EXPECT_EQ(printable("caf\xC3\xA9 \xC2\xA0"), "caf\xC3\xA9 \xC2\xA0");
  EXPECT_EQ(printable("a\x1b[31mb"), "a" + mark + "[31mb");
  EXPECT_EQ(printable("a\rb\x07"
                      "c\x7f"
                      "d\0e"s),
            "a" + mark + "b" + mark + "c" + mark + "d" + mark + "e");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "6n"),
            "a" + mark + "6n");
  EXPECT_EQ(printable("a\xC2\xC2\x9B"
                      "6n")
                .find('\xC2'),
            std::string::npos);
  EXPECT_EQ(printable("\xFF\xFE"), mark + mark);
  EXPECT_EQ(printable(""), "");
}

TEST(ExitCodes, EveryErrorHasOne) {
  EXPECT_EQ(exit_code_of(ErrorCode::kInvalidArgument), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::kPathNotFound), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::kSkillNotFound), 127);
  EXPECT_EQ(exit_code_of(ErrorCode::kScriptNotFound), 127);
  EXPECT_EQ(exit_code_of(ErrorCode::kGuestMissing), 126);
  EXPECT_EQ(exit_code_of(ErrorCode::kWorkspaceRefused), 126);
  EXPECT_EQ(exit_code_of(ErrorCode::kTimeout), 124);
  EXPECT_EQ(exit_code_of(ErrorCode::kLimit), 123);
  EXPECT_EQ(exit_code_of(ErrorCode::kCancelled), 130);
  EXPECT_EQ(exit_code_of(ErrorCode::kTrap), 134);
  for (const ErrorCode code : {ErrorCode::kIo, ErrorCode::kEngine, ErrorCode::kChildFailed, ErrorCode::kInternal}) {
    EXPECT_EQ(exit_code_of(code), 125);
  }
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    EXPECT_NE(exit_code_of(static_cast<ErrorCode>(code)), 0) << code;
  }
}

Outcome outcome_of(Status status) {
  Outcome outcome;
  outcome.status = status;
  return outcome;
}

TEST(ExitCodes, AnOutcomeHasTheScriptsOwnOrOneOfOurs) {
  Outcome outcome = outcome_of(Status::kOk);
  outcome.exit_code = 0;
  EXPECT_EQ(exit_code_of(outcome), 0);
  outcome = outcome_of(Status::kFailed);
  outcome.exit_code = 7;
  EXPECT_EQ(exit_code_of(outcome), 7);
  EXPECT_EQ(exit_code_of(outcome_of(Status::kOk)), 125);  // never a success that nobody reported
  EXPECT_EQ(exit_code_of(outcome_of(Status::kTimeout)), 124);
  EXPECT_EQ(exit_code_of(outcome_of(Status::kLimit)), 123);
  EXPECT_EQ(exit_code_of(outcome_of(Status::kRefused)), 126);
  EXPECT_EQ(exit_code_of(outcome_of(Status::kCancelled)), 130);
  EXPECT_EQ(exit_code_of(outcome_of(Status::kCrashed)), 134);
  outcome = outcome_of(Status::kCrashed);
  outcome.signal_number = 9;
  EXPECT_EQ(exit_code_of(outcome), 137);
  EXPECT_EQ(exit_code_of(outcome_of(Status::kError)), 125);
  outcome = outcome_of(Status::kError);
  outcome.error = Error{ErrorCode::kScriptNotFound, "m", {}};
  EXPECT_EQ(exit_code_of(outcome), 127);
}

TEST(SkillArgument, IsAPathWhenItLooksLikeOne) {
  for (const char* path : {".", "..", "./skill", "a/b", "/abs"}) EXPECT_TRUE(is_skill_path(path)) << path;
  for (const char* id : {"skill", "...", "a.b", ""}) EXPECT_FALSE(is_skill_path(id)) << id;
}

TEST(SkillArgument, IsFoundByPathAndById) {
  const TestTree tree;
  tree.skill("skills/one");
  GlobalFlags global;
  EXPECT_EQ(find_skill(global, tree.path("skills/one"))->id, "one");
  global.skills = {tree.path("skills")};
  EXPECT_EQ(find_skill(global, "one")->id, "one");
  EXPECT_EQ(find_skill(global, "two").error().code, ErrorCode::kSkillNotFound);
  EXPECT_EQ(find_skill(global, tree.path("none")).error().code, ErrorCode::kPathNotFound);
}

}  // namespace
}  // namespace openskills::cli
