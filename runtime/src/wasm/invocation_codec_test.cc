#include "wasm/invocation_codec.h"

#include <gtest/gtest.h>

namespace openskills {
namespace {

// Every member differs from its default, so that one left out shows.
Invocation full_invocation() {
  Invocation invocation;
  invocation.program_path = "/p\xff.wasm";  // not UTF-8
  invocation.origin = ProgramOrigin::kGuestPack;
  invocation.argv = {"a", "", "\xc3\x28"};
  invocation.cwd = "/skill";
  invocation.stdin_source = {StdinSource::Kind::kBytes, std::string("\0in", 3), -1};
  invocation.capabilities.mounts = {
      {"/host", "/workspace", Access::kReadWrite, MountRole::kWorkspace, {"SKILL.md"}, {".git", ".claude"}},
      {"/lib", "/usr/lib", Access::kReadOnly, MountRole::kGuest, {}, {}}};
  invocation.capabilities.environment = {{"A", "1"}, {"B", "\xfe"}};
  invocation.limits = {1, 2, 3, 4, 5, 6, 7, 10};
  invocation.determinism = {8, -9};
  invocation.missing_layers = MissingLayers::kAccept;
  return invocation;
}

TEST(InvocationCodec, EveryMemberArrives) {
  const Invocation sent = full_invocation();
  const Result<Invocation> got = decode_invocation(encode_invocation(sent));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->program_path, sent.program_path);
  EXPECT_EQ(got->origin, sent.origin);
  EXPECT_EQ(got->argv, sent.argv);
  EXPECT_EQ(got->cwd, sent.cwd);
  EXPECT_EQ(got->stdin_source.kind, sent.stdin_source.kind);
  EXPECT_EQ(got->stdin_source.bytes, sent.stdin_source.bytes);
  ASSERT_EQ(got->capabilities.mounts.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const Mount& a = got->capabilities.mounts[i];
    const Mount& b = sent.capabilities.mounts[i];
    EXPECT_EQ(a.host_path, b.host_path);
    EXPECT_EQ(a.guest_path, b.guest_path);
    EXPECT_EQ(a.access, b.access);
    EXPECT_EQ(a.role, b.role);
    EXPECT_EQ(a.protected_paths, b.protected_paths);
    EXPECT_EQ(a.protected_names, b.protected_names);
  }
  EXPECT_EQ(got->capabilities.environment, sent.capabilities.environment);
  EXPECT_EQ(got->limits, sent.limits);
  EXPECT_EQ(got->determinism.seed, sent.determinism.seed);
  EXPECT_EQ(got->determinism.realtime_start_ns, sent.determinism.realtime_start_ns);
  EXPECT_EQ(got->missing_layers, sent.missing_layers);
}

TEST(InvocationCodec, NothingSetStaysNothing) {
  const Result<Invocation> got = decode_invocation(encode_invocation(Invocation()));
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->determinism.seed);
  EXPECT_FALSE(got->determinism.realtime_start_ns);
  EXPECT_TRUE(got->capabilities.mounts.empty());
}

TEST(InvocationCodec, BytesThatAreNoInvocationAreRefused) {
  const std::string good = encode_invocation(full_invocation());
  for (const std::string& bytes : {std::string(), std::string("\xa0", 1), std::string("x"), good + "x"}) {
    const Result<Invocation> got = decode_invocation(bytes);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::kInternal);
  }
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(decode_invocation(good.substr(0, length)));
}

}  // namespace
}  // namespace openskills
