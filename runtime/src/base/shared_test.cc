#include "base/shared.h"

#include <gtest/gtest.h>

#include <string>

namespace openskills {
namespace {

TEST(Shared, CopiesShareUntilOneIsChanged) {
  Shared<std::string> one(std::string("text"));
  const Shared<std::string> other = one;
  EXPECT_EQ(&*one, &*other);
  one.edit() += "!";
  EXPECT_EQ(*one, "text!");
  EXPECT_EQ(*other, "text");
  const std::string* const alone = &*one;
  one.edit() += "!";
  EXPECT_EQ(&*one, alone);
}

TEST(Shared, AnEmptyOneIsTheDefaultValue) {
  Shared<std::string> one;
  EXPECT_EQ(one->size(), 0U);
  one.edit() = "x";
  EXPECT_EQ(*one, "x");
  EXPECT_EQ(*Shared<std::string>(), "");
}

}  // namespace
}  // namespace openskills
