#include "wasm/run_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace openskills {
namespace {

using Json = nlohmann::json;

ExecutionResult some_result() {
  ExecutionResult result;
  result.ending = Ending::kLimited;
  result.exit_code = 3;
  result.limit = LimitKind::kMemory;
  result.message = "caf\xC3\xA9 \"quoted\"\n";
  result.usage = {1, 2, 3, true, 5};
  result.changed_files = {{"/workspace", "a/b", FileChange::kCreated}, {"/data", "c", FileChange::kDeleted}};
  return result;
}

Json json_of(const ExecutionResult& result) { return Json::parse(encode_result(result)); }

// The code that decoding gives; kInternal when it succeeds.
ErrorCode decoding(std::string_view line) {
  const Result<ExecutionResult> result = decode_result(line);
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST(RunReport, AResultIsOneLineAndComesBack) {
  const std::string line = encode_result(some_result());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const ExecutionResult result = decode_result(line).value();
  EXPECT_EQ(result.ending, Ending::kLimited);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.limit, LimitKind::kMemory);
  EXPECT_EQ(result.message, some_result().message);
  EXPECT_EQ(result.usage.wall_ns, 1U);
  EXPECT_EQ(result.usage.cpu_ns, 2U);
  EXPECT_EQ(result.usage.peak_memory_bytes, 3U);
  EXPECT_TRUE(result.usage.memory_refused);
  EXPECT_EQ(result.usage.disk_written_bytes, 5U);
  ASSERT_EQ(result.changed_files.size(), 2U);
  EXPECT_EQ(result.changed_files[0].mount_guest_path, "/workspace");
  EXPECT_EQ(result.changed_files[0].relative_path, "a/b");
  EXPECT_EQ(result.changed_files[1].change, FileChange::kDeleted);
}

TEST(RunReport, ExtremeNumbersComeBack) {
  ExecutionResult result;
  for (const int code : {0, 1, 255, -1, INT32_MAX, INT32_MIN}) {
    result.exit_code = code;
    EXPECT_EQ(decode_result(encode_result(result))->exit_code, code);
  }
  result.usage.wall_ns = UINT64_MAX;
  EXPECT_EQ(decode_result(encode_result(result))->usage.wall_ns, UINT64_MAX);
}

TEST(RunReport, PathsOfAnyBytesComeBack) {
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
  ExecutionResult result;
  for (const std::string& path : {every_byte, std::string("caf\xE9"), std::string("caf\xC3\xA9"), std::string("\xFF"),
                                  std::string("a\nb"), std::string("\xED\xA0\x80")}) {
    result.changed_files.push_back({"/workspace", path, FileChange::kModified});
  }
  const std::string line = encode_result(result);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const ExecutionResult decoded = decode_result(line).value();
  ASSERT_EQ(decoded.changed_files.size(), result.changed_files.size());
  for (std::size_t i = 0; i < decoded.changed_files.size(); ++i) {
    EXPECT_EQ(decoded.changed_files[i].relative_path, result.changed_files[i].relative_path) << i;
  }
}

TEST(RunReport, AMessageThatIsNoTextIsStillALine) {
  ExecutionResult result;
  result.message = "bad \xFF byte";
  EXPECT_EQ(decode_result(encode_result(result))->message, "bad \xEF\xBF\xBD byte");
}

TEST(RunReport, AnErrorComesBack) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    const Error sent{static_cast<ErrorCode>(code), "message \xFF", "hint"};
    const Result<ExecutionResult> result = decode_result(encode_result(std::unexpected(sent)));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, sent.code);
    EXPECT_EQ(result.error().message, "message \xEF\xBF\xBD");
    EXPECT_EQ(result.error().hint, "hint");
  }
}

TEST(RunReport, LayersComeBack) {
  LayersInForce layers;
  layers.wasm = true;
  layers.landlock_abi = 7;
  layers.seccomp = true;
  const LayersInForce decoded = decode_layers(encode_layers(layers)).value();
  EXPECT_TRUE(decoded.wasm);
  EXPECT_EQ(decoded.landlock_abi, 7);
  EXPECT_TRUE(decoded.seccomp);
  const LayersInForce none = decode_layers(encode_layers({})).value();
  EXPECT_FALSE(none.wasm);
  EXPECT_EQ(none.landlock_abi, 0);
  EXPECT_FALSE(none.seccomp);
}

TEST(RunReport, MalformedLayersAreAnError) {
  for (const char* line :
       {"", "{", "[]", "null", "7", "\"x\"", "{}", R"({"landlock_abi":-1})", R"({"landlock_abi":"7"})",
        R"({"landlock_abi":1e3})", R"({"landlock_abi":1001})", R"({"landlock_abi":null})", "\xFF"}) {
    const Result<LayersInForce> layers = decode_layers(line);
    ASSERT_FALSE(layers) << line;
    EXPECT_EQ(layers.error().code, ErrorCode::kChildFailed);
  }
  // A layer counts when the child says so, and not for any other value.
  const LayersInForce layers = decode_layers(R"({"landlock_abi":1,"seccomp":1,"wasm":"true"})").value();
  EXPECT_FALSE(layers.seccomp);
  EXPECT_FALSE(layers.wasm);
}

TEST(RunReport, WhatIsNoReportIsAnError) {
  for (const std::string& line :
       {std::string(), std::string("\n"), std::string("{"), std::string("{}"), std::string("[]"), std::string("null"),
        std::string("{}\n{}\n"), std::string("\xFF\xFE\xFD"), std::string("\0\0", 2), std::string("{\"ending\":0"),
        std::string(1 << 20, '['), std::string(1 << 20, '{'), "{\"ending\":" + std::string(1 << 16, '9') + "}"}) {
    EXPECT_EQ(decoding(line), ErrorCode::kChildFailed) << line.substr(0, 40);
  }
}

TEST(RunReport, DeepNestingInAMemberDoesNotOverflowTheStack) {
  const std::string deep = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  EXPECT_EQ(decoding("{\"changes\":" + deep + "}"), ErrorCode::kChildFailed);
  Json json = json_of(some_result());
  std::string line = json.dump();
  line.insert(line.size() - 1, ",\"more\":" + deep);
  EXPECT_EQ(decoding(line), ErrorCode::kInternal);  // an unknown member says nothing
}

TEST(RunReport, EveryMemberThatIsMissingOrOfAnotherKindIsAnError) {
  const Json good = json_of(some_result());
  ASSERT_EQ(decoding(good.dump()), ErrorCode::kInternal);
  for (const char* member :
       {"ending", "exit_code", "limit", "wall_ns", "cpu_ns", "peak_memory_bytes", "disk_written_bytes", "changes"}) {
    Json json = good;
    json.erase(member);
    EXPECT_EQ(decoding(json.dump()), ErrorCode::kChildFailed) << member << " is missing";
    for (const Json& value :
         {Json(nullptr), Json("0"), Json(-1), Json(0.5), Json(true), Json::object(), Json({1, 2})}) {
      json = good;
      json[member] = value;
      EXPECT_EQ(decoding(json.dump()), ErrorCode::kChildFailed) << member << " = " << value;
    }
  }
}

TEST(RunReport, AnEnumeratorThatDoesNotExistIsAnError) {
  const std::pair<const char*, std::uint64_t> rows[] = {{"ending", 7},          {"ending", 255},
                                                        {"ending", UINT64_MAX}, {"limit", 7},
                                                        {"limit", 256},         {"exit_code", 1ULL << 32U},
                                                        {"error", 255},         {"error", UINT64_MAX}};
  for (const auto& [member, value] : rows) {
    Json json = json_of(some_result());
    json[member] = value;
    EXPECT_EQ(decoding(json.dump()), ErrorCode::kChildFailed) << member << " = " << value;
  }
  EXPECT_EQ(decoding(R"({"error":"x"})"), ErrorCode::kChildFailed);
  EXPECT_EQ(decoding(R"({"error":null})"), ErrorCode::kChildFailed);
}

TEST(RunReport, MalformedChangesAreAnError) {
  for (const char* changes : {"[1]", "[[]]", "[[\"/w\",\"a\"]]", "[[\"/w\",\"a\",3]]", "[[\"/w\",\"a\",-1]]",
                              "[[\"/w\",\"a\",\"0\"]]", "[[1,\"a\",0]]", "[[\"/w\",1,0]]", "[[\"/w\",\"a\",0,0]]",
                              "[{\"0\":\"/w\"}]", "[null]", "[[\"/w\",\"\u20ac\",0]]", "[[\"/w\",\"a\",0],7]"}) {
    Json json = json_of(some_result());
    json["changes"] = Json::parse(changes);
    EXPECT_EQ(decoding(json.dump()), ErrorCode::kChildFailed) << changes;
  }
}

// An outcome names its artifacts relative to the workspace, and callers join the two.
TEST(RunReport, T2_APathThatLeadsOutOfItsMountIsAnError) {
  Json json = json_of(some_result());
  for (const char* path : {"../x", "a/../../x", "a/..", "..", "/etc/passwd", "", "//x"}) {
    json["changes"][0][1] = path;
    EXPECT_EQ(decoding(json.dump()), ErrorCode::kChildFailed) << path;
  }
  json["changes"][0][1] = std::string("a\0b", 3);
  EXPECT_EQ(decoding(json.dump()), ErrorCode::kChildFailed);
  for (const char* path : {"x", "..x", "a/...", "a/..b/c"}) {
    json["changes"][0][1] = path;
    EXPECT_EQ(decode_result(json.dump())->changed_files[0].relative_path, path);
  }
}

TEST(RunReport, OptionalMembersOfAnotherKindSayNothing) {
  Json json = json_of(some_result());
  json["message"] = 7;
  json["memory_refused"] = "true";
  const ExecutionResult result = decode_result(json.dump()).value();
  EXPECT_EQ(result.message, "");
  EXPECT_FALSE(result.usage.memory_refused);
  const Result<ExecutionResult> error = decode_result(R"({"error":0,"message":[],"hint":{}})");
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().message, "");
}

TEST(RunReport, NoCutOfAReportDecodesOrCrashes) {
  const std::string line = encode_result(some_result());
  for (std::size_t size = 0; size + 1 < line.size(); ++size) {
    EXPECT_EQ(decoding(std::string_view(line).substr(0, size)), ErrorCode::kChildFailed) << size;
  }
}

TEST(RunReport, NoFlippedByteCrashes) {
  const std::string line = encode_result(some_result());
  for (std::size_t at = 0; at < line.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = line;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      (void)decode_result(flipped);
      (void)decode_layers(flipped);
    }
  }
}

}  // namespace
}  // namespace openskills
