#include "os/message_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "os/child_process.h"
#include "os/files.h"
#include "os/memory_file.h"
#include "os/spawned_process.h"
#include "os/supervision.h"

namespace openskills::os {
namespace {

TEST(MessageSocket, MessagesKeepTheirBordersAndCarryDescriptors) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  Pipe pipe = Pipe::create().value();
  const int ends[] = {pipe.read_end.get(), pipe.write_end.get()};
  ASSERT_TRUE(pair.first.send("one").value());
  ASSERT_TRUE(pair.first.send("two", ends).value());
  EXPECT_EQ(pair.second.receive().value()->bytes, "one");
  const std::optional<Message> message = pair.second.receive().value();
  EXPECT_EQ(message->bytes, "two");
  ASSERT_EQ(message->descriptors.size(), 2U);
  for (const UniqueFd& fd : message->descriptors) EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
  ASSERT_TRUE(write_all(message->descriptors[1].get(), "x", "pipe"));
  char got = 0;
  EXPECT_EQ(::read(pipe.read_end.get(), &got, 1), 1);
}

TEST(MessageSocket, APeerThatIsGoneIsAnAnswer) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  ASSERT_TRUE(pair.second.send("last").value());
  pair.second.close();
  EXPECT_EQ(pair.first.receive().value()->bytes, "last");
  EXPECT_FALSE(pair.first.receive().value().has_value());
  EXPECT_FALSE(pair.first.send("anybody?").value());
}

TEST(MessageSocket, TryingToSendDoesNotWaitForRoom) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  int sent = 0;
  while (pair.first.try_send("x") && sent < 1'000'000) ++sent;
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 1'000'000);
  EXPECT_EQ(pair.second.receive().value()->bytes, "x");
}

TEST(MessageSocket, WhatRefusesMoreStillReceivesWhatCameBefore) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  ASSERT_TRUE(pair.first.send("before").value());
  pair.second.refuse_more();
  EXPECT_FALSE(pair.first.send("after").value());
  EXPECT_EQ(pair.second.receive().value()->bytes, "before");
  EXPECT_FALSE(pair.second.receive().value().has_value());
}

TEST(MessageSocket, BoundsAreKept) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  EXPECT_EQ(pair.first.send("").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(pair.first.send(std::string(MessageSocket::kMaxBytes + 1, 'x')).error().code, ErrorCode::kInvalidArgument);
  const std::vector<int> many(MessageSocket::kMaxDescriptors + 1, pair.second.fd());
  EXPECT_EQ(pair.first.send("x", many).error().code, ErrorCode::kInvalidArgument);
  const std::vector<int> most(MessageSocket::kMaxDescriptors, pair.second.fd());
  ASSERT_TRUE(pair.first.send(std::string(MessageSocket::kMaxBytes, 'x'), most).value());
  const std::optional<Message> message = pair.second.receive().value();
  EXPECT_EQ(message->bytes.size(), MessageSocket::kMaxBytes);
  EXPECT_EQ(message->descriptors.size(), MessageSocket::kMaxDescriptors);
}

TEST(MemoryFile, HoldsItsBytesForGood) {
  const std::string bytes("a\0b", 3);
  const UniqueFd fd = memory_file(bytes).value();
  EXPECT_EQ(read_file(fd.get(), 100, "memory file").value(), bytes);
  EXPECT_LT(::pwrite(fd.get(), "x", 1, 0), 0);
  EXPECT_LT(::ftruncate(fd.get(), 0), 0);
  EXPECT_TRUE(read_file(memory_file("").value().get(), 100, "memory file").value().empty());
}

TEST(SpawnedProcess, HoldsItsDescriptorAndEnds) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  SpawnedProcess process = SpawnedProcess::start("/bin/cat", pair.second.fd()).value();
  pair.second.close();
  // cat ends by itself: its standard input is /dev/null.
  EXPECT_FALSE(pair.first.receive().value().has_value());  // the only copy of the other end has ended with it
  process.end_until(monotonic_now_ns() + 10'000'000'000);
  EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(process.pid())));
}

TEST(SpawnedProcess, AProgramThatIsNotThereIsAnError) {
  MessageSocket::Pair pair = MessageSocket::create_pair().value();
  const Result<SpawnedProcess> process = SpawnedProcess::start("/nowhere/program", pair.second.fd());
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ErrorCode::kPathNotFound);
}

}  // namespace
}  // namespace openskills::os
