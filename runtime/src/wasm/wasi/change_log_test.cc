// What a run reports as changed, net of what it undid.
#include "wasm/wasi/change_log.h"

#include "wasm/wasi/wasi_test_support.h"

namespace openskills::wasi {
namespace {

using Lines = std::vector<std::string>;

class ChangeLogTest : public WasiTest {};

TEST_F(ChangeLogTest, CreatedModifiedDeleted) {
  put_file("work/old", "x");
  put_file("work/gone", "x");
  put_file("work/again", "x");
  put_file("work/read", "x");
  start();
  create("new");
  create("temporary");
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "temporary"), WasiErrno::kSuccess);
  must_open(kWork, "old", {.base = kWrites});
  must_open(kWork, "read", {});
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "gone"), WasiErrno::kSuccess);
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kWork, "again"), WasiErrno::kSuccess);
  create("again");
  EXPECT_EQ(changes(), (Lines{"m again", "d gone", "c new", "m old"}));
  EXPECT_TRUE(wasi().changed_files_complete());
  EXPECT_TRUE(changes().empty());
}

TEST_F(ChangeLogTest, PathsAreThoseOfTheFilesNotOfTheLinks) {
  std::filesystem::create_directories(path("work/real/sub"));
  put_link("real/sub", "work/link");
  start();
  create("link/./file");
  create("real/../real/other");
  EXPECT_EQ(changes(), (Lines{"c real/other", "c real/sub/file"}));
}

TEST_F(ChangeLogTest, RenamesMoveWhatIsOnRecord) {
  put_file("work/old", "x");
  put_file("work/target", "x");
  std::filesystem::create_directory(path("work/folder"));
  put_file("work/folder/inside", "x");
  start();
  create("new.tmp");
  EXPECT_EQ(rename(kWork, "new.tmp", kWork, "new"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "old", kWork, "target"), WasiErrno::kSuccess);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kWork, "made"), WasiErrno::kSuccess);
  create("made/file");
  EXPECT_EQ(rename(kWork, "made", kWork, "final"), WasiErrno::kSuccess);
  EXPECT_EQ(rename(kWork, "folder", kWork, "moved"), WasiErrno::kSuccess);
  EXPECT_EQ(changes(), (Lines{"c final/file", "d folder", "c moved", "c new", "d old", "m target"}));
}

TEST_F(ChangeLogTest, WhatIsRemovedAfterTheRunIsNotReported) {
  start([](WasiConfig& config) { config.preopens[0].track_changes = false; });
  create("file");
  EXPECT_TRUE(exists("work/file"));
  EXPECT_TRUE(changes().empty());
  EXPECT_TRUE(wasi().changed_files_complete());
}

TEST_F(ChangeLogTest, ItsMemoryIsBounded) {
  ChangeLog log;
  for (int i = 0; i < 30'000; ++i) log.created({0, "file" + std::to_string(i)});
  EXPECT_FALSE(log.complete());
  EXPECT_LE(log.take({"/work"}).size(), 20'000U);
}

}  // namespace
}  // namespace openskills::wasi
