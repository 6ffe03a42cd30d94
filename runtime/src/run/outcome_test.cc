#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include "base/sha256.h"
#include "catalog/test_tree.h"
#include "openskills/outcome.h"
#include "os/test_faulty_calls.h"
#include "run/artifacts.h"
#include "run/execute_skill.h"
#include "run/output_capture.h"
#include "run/runner.h"

namespace openskills {
namespace {

using Json = nlohmann::json;

TEST(OutputCapture, KeepsEachStreamUpToItsLimit) {
  OutputCapture capture(5);
  EXPECT_TRUE(capture.write(StreamKind::kStdout, "abc"));
  EXPECT_TRUE(capture.write(StreamKind::kStdout, "de"));
  EXPECT_TRUE(capture.write(StreamKind::kStderr, "123456"));
  EXPECT_TRUE(capture.write(StreamKind::kStderr, "7"));  // taken and dropped: the guest goes on
  const CapturedStream out = capture.take(StreamKind::kStdout);
  EXPECT_EQ(out.bytes, "abcde");
  EXPECT_FALSE(out.truncated);
  const CapturedStream err = capture.take(StreamKind::kStderr);
  EXPECT_EQ(err.bytes, "12345");
  EXPECT_TRUE(err.truncated);
}

TEST(OutputCapture, ALimitOfNothingKeepsNothing) {
  OutputCapture capture(0);
  EXPECT_TRUE(capture.write(StreamKind::kStdout, ""));
  EXPECT_FALSE(capture.take(StreamKind::kStdout).truncated);
  EXPECT_TRUE(capture.write(StreamKind::kStdout, "x"));
  const CapturedStream out = capture.take(StreamKind::kStdout);
  EXPECT_EQ(out.bytes, "");
  EXPECT_TRUE(out.truncated);
}

TEST(OutputCapture, ACharacterThatWasCutGoesAsAWhole) {
  const std::string text = "a\xE2\x82\xAC\xF0\x9F\x98\x80z";  // of 1, 3, 4 and 1 bytes
  const std::size_t whole[] = {0, 1, 1, 1, 4, 4, 4, 4, 8};
  for (std::size_t limit = 0; limit < text.size(); ++limit) {
    OutputCapture capture(limit);
    for (const char c : text) EXPECT_TRUE(capture.write(StreamKind::kStdout, std::string_view(&c, 1)));
    EXPECT_EQ(capture.take(StreamKind::kStdout).bytes, text.substr(0, whole[limit])) << limit;
  }
  OutputCapture exact(text.size());
  EXPECT_TRUE(exact.write(StreamKind::kStdout, text));
  EXPECT_EQ(exact.take(StreamKind::kStdout).bytes, text);
}

TEST(OutputCapture, BytesThatAreNoTextAreKept) {
  OutputCapture capture(3);
  EXPECT_TRUE(capture.write(StreamKind::kStdout, "\xFF\xFE\x80\x80"));
  EXPECT_EQ(capture.take(StreamKind::kStdout).bytes.substr(0, 2), "\xFF\xFE");
}

TEST(OutputForwarder, HandsOnAndAnswers) {
  std::string seen;
  const OutputForwarder::Function function = [&](StreamKind, std::string_view bytes) {
    seen.append(bytes);
    return seen.size() < 4;
  };
  OutputForwarder forwarder(function);
  EXPECT_TRUE(forwarder.write(StreamKind::kStdout, "ab"));
  EXPECT_FALSE(forwarder.write(StreamKind::kStderr, "cd"));
  EXPECT_EQ(seen, "abcd");
}

class Artifacts : public testing::Test {
 protected:
  Artifacts() {
    for (const char* folder : {"work", "data", "private", "skill", "out"}) tree_.folder(folder);
    mounts_ = {{tree_.path("skill"), "/skill", Access::kReadOnly, MountRole::kSkill},
               {tree_.path("work"), "/workspace", Access::kReadWrite, MountRole::kWorkspace},
               {tree_.path("private"), "/tmp", Access::kReadWrite, MountRole::kTemporary},
               {tree_.path("data"), "/data", Access::kReadWrite, MountRole::kExtra}};
  }
  [[nodiscard]] std::vector<Artifact> collect(const std::vector<ChangedFile>& changes) const {
    return ArtifactCollector::open(mounts_, "")->collect(changes);
  }
  [[nodiscard]] Result<void> copy(const std::vector<ChangedFile>& changes) const {
    return ArtifactCollector::open(mounts_, tree_.path("out"))->copy(changes);
  }
  [[nodiscard]] std::string copied(std::string_view name) const {
    return os::read_file_at(tree_.path("out/" + std::string(name)), 100).value_or("none");
  }

  TestTree tree_;
  std::vector<Mount> mounts_;
};

TEST_F(Artifacts, ChangedFilesAreMeasuredAndHashed) {
  tree_.write("work/a/new", "created");
  tree_.write("work/old", "modified");
  tree_.write("data/x", "extra");
  const std::vector<Artifact> artifacts = collect({{"/workspace", "a/new", FileChange::kCreated},
                                                   {"/workspace", "old", FileChange::kModified},
                                                   {"/workspace", "gone", FileChange::kDeleted},
                                                   {"/data", "x", FileChange::kCreated}});
  ASSERT_EQ(artifacts.size(), 4U);
  EXPECT_EQ(artifacts[0].path, "a/new");
  EXPECT_EQ(artifacts[0].bytes, 7U);
  EXPECT_EQ(artifacts[0].sha256, sha256_hex("created"));
  EXPECT_EQ(artifacts[0].change, "created");
  EXPECT_EQ(artifacts[1].change, "modified");
  EXPECT_EQ(artifacts[2].change, "deleted");
  EXPECT_EQ(artifacts[2].sha256, "");
  EXPECT_EQ(artifacts[3].path, "/data/x");
  EXPECT_EQ(artifacts[3].sha256, sha256_hex("extra"));
}

TEST_F(Artifacts, OnlyWritableMountsThatAreNotPrivateCount) {
  tree_.write("private/x", "x");
  tree_.write("skill/x", "x");
  EXPECT_TRUE(collect({{"/tmp", "x", FileChange::kCreated},
                       {"/skill", "x", FileChange::kModified},
                       {"/nowhere", "x", FileChange::kCreated},
                       {"", "x", FileChange::kCreated}})
                  .empty());
}

TEST_F(Artifacts, LinksAndPathsThatLeaveAreNotRead) {
  tree_.write("secret", "secret");
  tree_.link("../secret", "work/link");
  tree_.link("..", "work/up");
  tree_.fifo("work/fifo");
  tree_.folder("work/folder");
  const std::vector<ChangedFile> changes = {
      {"/workspace", "link", FileChange::kCreated},      {"/workspace", "up/secret", FileChange::kCreated},
      {"/workspace", "../secret", FileChange::kCreated}, {"/workspace", tree_.path("secret"), FileChange::kCreated},
      {"/workspace", "fifo", FileChange::kCreated},      {"/workspace", "folder", FileChange::kCreated},
      {"/workspace", "", FileChange::kCreated},          {"/workspace", std::string("a\0b", 3), FileChange::kCreated},
      {"/workspace", "missing", FileChange::kModified}};
  for (const Artifact& artifact : collect(changes)) {
    EXPECT_EQ(artifact.sha256, "") << artifact.path;
    EXPECT_EQ(artifact.bytes, 0U) << artifact.path;
  }
  EXPECT_TRUE(copy(changes));
  EXPECT_TRUE(std::filesystem::is_empty(tree_.path("out")));
}

TEST_F(Artifacts, AreCopiedUnderTheirPaths) {
  tree_.write("work/a/new", "one");
  tree_.write("data/x", "two");
  ASSERT_TRUE(copy({{"/workspace", "a/new", FileChange::kCreated},
                    {"/data", "x", FileChange::kModified},
                    {"/workspace", "gone", FileChange::kDeleted}}));
  EXPECT_EQ(copied("a/new"), "one");
  EXPECT_EQ(copied("data/x"), "two");
}

// Whichever call fails: the copies before it stay, the one under way is not there, and nothing lies beside them.
TEST_F(Artifacts, AFaultAtAnyCallLeavesNoHalfCopy) {
  const std::string large(700'000, 'l');
  tree_.write("work/a/first", "one");
  tree_.write("work/b/second", large);
  const std::vector<ChangedFile> changes = {{"/workspace", "a/first", FileChange::kCreated},
                                            {"/workspace", "b/second", FileChange::kCreated}};
  for (const int error : {ENOSPC, EIO, EMFILE, ENOMEM}) {
    std::set<std::string> met;
    for (int nth = 0;; ++nth) {
      ASSERT_LT(nth, 100);
      std::filesystem::remove_all(tree_.path("out"));
      tree_.folder("out");
      const ArtifactCollector collector = ArtifactCollector::open(mounts_, tree_.path("out")).value();
      const os::FaultyCalls calls(nth, error);
      const Result<void> done = collector.copy(changes, calls);
      for (const auto& entry : std::filesystem::recursive_directory_iterator(tree_.path("out"))) {
        if (entry.is_directory()) continue;
        const std::string name = entry.path().lexically_relative(tree_.path("out")).string();
        EXPECT_TRUE(name == "a/first" || name == "b/second") << name << " after " << calls.failed();
        EXPECT_EQ(entry.file_size(), name == "a/first" ? 3U : large.size()) << calls.failed();
      }
      if (calls.failed().empty()) {
        EXPECT_TRUE(done);
        EXPECT_EQ(copied("a/first"), "one");
        break;
      }
      met.insert(calls.failed());
      ASSERT_FALSE(done) << calls.failed();
      EXPECT_FALSE(std::filesystem::exists(tree_.path("out/b/second"))) << calls.failed();
    }
    EXPECT_TRUE(met.contains("read_at") && met.contains("write") && met.contains("rename_at"));
  }
}

TEST_F(Artifacts, ACopyDoesNotFollowALinkInItsFolder) {
  tree_.write("elsewhere", "old");
  tree_.link("../elsewhere", "out/a");
  tree_.write("work/a", "new");
  EXPECT_FALSE(copy({{"/workspace", "a", FileChange::kCreated}}));
  EXPECT_EQ(os::read_file_at(tree_.path("elsewhere"), 100).value(), "old");
}

TEST_F(Artifacts, AFolderThatTheScriptCanChangeIsRefusedForCopies) {
  tree_.folder("work/out");
  for (const std::string& folder : {tree_.path("work"), tree_.path("work/out"), tree_.root(), tree_.path("data")}) {
    const Result<ArtifactCollector> collector = ArtifactCollector::open(mounts_, folder);
    ASSERT_FALSE(collector) << folder;
    EXPECT_EQ(collector.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(ArtifactCollector::open(mounts_, tree_.path("missing")).error().code, ErrorCode::kPathNotFound);
}

TEST(OutcomeJson, HasEveryMemberAlways) {
  const Json json = Json(to_json(Outcome{}));
  for (const char* member :
       {"schema", "run_id", "skill", "digest", "script", "argv", "status", "exit_code", "signal", "limit", "error",
        "output", "stdout", "stderr", "stdout_truncated", "stderr_truncated", "artifacts", "usage", "isolation"}) {
    EXPECT_TRUE(json.contains(member)) << member;
  }
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["status"], "error");
  EXPECT_TRUE(json["exit_code"].is_null());
  EXPECT_TRUE(json["error"].is_null());
  EXPECT_EQ(json["stdout"], "");
  EXPECT_EQ(json["isolation"]["layers"]["network"], "denied");
}

TEST(OutcomeJson, SaysWhatHappened) {
  Outcome outcome;
  outcome.status = Status::kLimit;
  outcome.exit_code = 3;
  outcome.limit = "memory";
  outcome.error = Error{ErrorCode::kLimit, "m", {}};
  outcome.artifacts = {{"a", 1, "ff", "created"}, {"b", 0, "", "deleted"}};
  outcome.argv = {"x"};
  outcome.output = {{"k", 1}};
  const Json json = Json(to_json(outcome));
  EXPECT_EQ(json["status"], "limit");
  EXPECT_EQ(json["exit_code"], 3);
  EXPECT_EQ(json["error"]["code"], "limit-exceeded");
  EXPECT_TRUE(json["error"]["hint"].is_null());
  EXPECT_EQ(json["artifacts"][0]["sha256"], "ff");
  EXPECT_TRUE(json["artifacts"][1]["sha256"].is_null());
  EXPECT_EQ(json["output"]["k"], 1);
}

TEST(OutcomeJson, BytesThatAreNoTextAreNeverLostAndNeverAnException) {
  const std::string bad = "\xFF\xFE";
  Outcome outcome;
  outcome.run_id = "r";
  outcome.skill = outcome.script = outcome.stdout_bytes = outcome.stderr_bytes = bad;
  outcome.argv = {bad};
  outcome.error = Error{ErrorCode::kIo, bad, bad};
  outcome.artifacts = {{bad, 1, "", "created"}};
  outcome.isolation.reason = outcome.isolation.guest = bad;
  std::string text;
  ASSERT_NO_THROW(text = to_json(outcome).dump());
  const Json json = Json::parse(text);
  EXPECT_EQ(json["stdout"]["base64"], "//4=");
  EXPECT_EQ(json["stderr"]["base64"], "//4=");
}

TEST(OutcomeJson, EveryStatusHasItsName) {
  EXPECT_EQ(status_name(Status::kOk), "ok");
  EXPECT_EQ(status_name(Status::kError), "error");
  EXPECT_EQ(status_name(static_cast<Status>(200)), "error");
}

TEST(ExecuteSkill, TheInputIsOnStandardInputAndInTheEnvironmentWhileSmall) {
  RunOptions options = options_with_input({}, {{"a", 1}});
  EXPECT_EQ(options.stdin_source.kind, StdinSource::Kind::kBytes);
  EXPECT_EQ(options.stdin_source.bytes, R"({"a":1})");
  EXPECT_EQ(options.environment["SKILL_INPUT"], R"({"a":1})");
  EXPECT_EQ(options_with_input({}, nullptr).stdin_source.bytes, "null");
  // 65535 bytes with the quotes are below 64 KiB, 65536 are not.
  EXPECT_TRUE(options_with_input({}, std::string(65533, 'x')).environment.contains("SKILL_INPUT"));
  EXPECT_FALSE(options_with_input({}, std::string(65534, 'x')).environment.contains("SKILL_INPUT"));
  EXPECT_EQ(options_with_input({}, std::string("\0", 1)).environment["SKILL_INPUT"], "\"\\u0000\"");
  EXPECT_NO_THROW((void)options_with_input({}, "\xFF"));
}

TEST(ExecuteSkill, OutputThatParsesIsJsonElseText) {
  EXPECT_EQ(output_of(R"( {"a": [1]} )"), (Json{{"a", {1}}}));
  EXPECT_EQ(output_of("7\n"), Json(7));
  EXPECT_EQ(output_of("\"x\""), Json("x"));
  EXPECT_EQ(output_of(""), Json(""));
  EXPECT_EQ(output_of("text\n"), Json("text\n"));
  EXPECT_EQ(output_of("{} {}"), Json("{} {}"));
  EXPECT_EQ(output_of(std::string("{}\0x", 4)), Json(std::string("{}\0x", 4)));
  EXPECT_EQ(output_of("nan"), Json("nan"));
  EXPECT_EQ(output_of("\xFF"), (Json{{"base64", "/w=="}}));
  EXPECT_EQ(output_of("\"\xFF\"")["base64"], "Iv8i");
  EXPECT_TRUE(output_of(std::string(1 << 20, '[')).is_string());
}

// Deep enough to overflow the stack of whoever writes it, were it taken as a value.
TEST(ExecuteSkill, T25_OutputThatNestsTooDeepIsText) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  Outcome outcome;
  outcome.output = output_of(nested(256));
  EXPECT_TRUE(outcome.output.is_array());
  outcome.output = output_of(nested(257));
  EXPECT_EQ(outcome.output, Json(nested(257)));
  outcome.output = output_of(nested(500'000));
  EXPECT_EQ(to_json(outcome)["output"], Json(nested(500'000)));
  // Brackets in strings do not nest.
  EXPECT_TRUE(output_of("[\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\"]").is_array());
}

TEST(RunnerErrors, AreOutcomesWithTheFittingStatus) {
  const std::pair<ErrorCode, Status> rows[] = {
      {ErrorCode::kTierUnavailable, Status::kRefused}, {ErrorCode::kGuestMissing, Status::kRefused},
      {ErrorCode::kLayerMissing, Status::kRefused},    {ErrorCode::kWorkspaceRefused, Status::kRefused},
      {ErrorCode::kCancelled, Status::kCancelled},     {ErrorCode::kTimeout, Status::kTimeout},
      {ErrorCode::kScriptNotFound, Status::kError},    {ErrorCode::kInternal, Status::kError}};
  for (const auto& [code, status] : rows) {
    const Outcome outcome = outcome_of_error(Error{code, "m", "h"});
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.error->code, code);
    EXPECT_EQ(outcome.run_id.size(), 32U);
    EXPECT_FALSE(outcome.ok());
  }
  EXPECT_NE(outcome_of_error({}).run_id, outcome_of_error({}).run_id);
}

}  // namespace
}  // namespace openskills
