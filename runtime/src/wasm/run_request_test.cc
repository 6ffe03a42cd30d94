#include "wasm/run_request.h"

#include <gtest/gtest.h>

namespace openskills {
namespace {

TEST(RunRequest, ArrivesAsItWasSent) {
  for (const bool has_stdin : {false, true}) {
    const Result<RunRequest> got = decode_run_request(encode_run_request({-1234567890123, has_stdin}));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->started_monotonic_ns, -1234567890123);
    EXPECT_EQ(got->has_stdin, has_stdin);
    EXPECT_EQ(got->descriptor_count(), has_stdin ? 8U : 7U);
  }
}

TEST(RunRequest, WhatIsNoRequestIsAnError) {
  const std::string good = encode_run_request({1, true});
  for (const std::string& bad : {std::string(), good.substr(1), good + "x", good.substr(0, good.size() - 1) + "\2"}) {
    EXPECT_EQ(decode_run_request(bad).error().code, ErrorCode::kInternal);
  }
}

}  // namespace
}  // namespace openskills
