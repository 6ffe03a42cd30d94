// NumberedPages: a private mapping of a file whose pages hold their numbers, for the tests of what a process has
// written.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <span>

namespace openskills::os {

class NumberedPages : public ::testing::Test {
 protected:
  explicit NumberedPages(std::size_t pages) : pages_(pages) {}

  void SetUp() override {
    page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t size = pages_ * page_;
    const int fd = ::memfd_create("pages", MFD_CLOEXEC);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(size)), 0);
    auto* shared = static_cast<std::byte*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    ASSERT_NE(shared, MAP_FAILED);
    for (std::size_t i = 0; i < pages_; ++i) std::memset(shared + i * page_, number(i), page_);
    ::munmap(shared, size);
    base_ = static_cast<std::byte*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    ::close(fd);
    ASSERT_NE(base_, MAP_FAILED);
  }
  void TearDown() override { ::munmap(base_, pages_ * page_); }

  [[nodiscard]] std::span<std::byte> range() const { return {base_, pages_ * page_}; }
  [[nodiscard]] std::byte& at(std::size_t page) const { return base_[page * page_ + 7]; }
  // Makes the page this process's own; no byte changes.
  void write(std::size_t page) { at(page) = static_cast<std::byte>(number(page)); }
  void read(std::size_t page) {
    volatile std::byte read = at(page);
    (void)read;
  }
  void expect_every_byte_as_it_was() const {
    for (std::size_t i = 0; i < pages_ * page_; ++i)
      ASSERT_EQ(base_[i], static_cast<std::byte>(number(i / page_))) << i;
  }

 private:
  static int number(std::size_t page) { return static_cast<int>(page % 251); }
  std::size_t pages_;
  std::size_t page_ = 0;
  std::byte* base_ = nullptr;
};

}  // namespace openskills::os
