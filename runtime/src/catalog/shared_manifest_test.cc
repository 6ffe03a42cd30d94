#include "catalog/shared_manifest.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "catalog/skill_codec.h"

namespace openskills {
namespace {

Manifest named(const std::string& name) {
  Manifest manifest;
  manifest.name = name;
  return manifest;
}

TEST(SharedManifest, CopiesShareUntilOneIsChanged) {
  SharedManifest one(named("a"));
  const SharedManifest other = one;
  EXPECT_EQ(&*one, &*other);
  one.edit().name += "!";
  EXPECT_EQ(one->name, "a!");
  EXPECT_EQ(other->name, "a");
  const Manifest* const alone = &*one;
  one.edit().name += "!";
  EXPECT_EQ(&*one, alone);
}

TEST(SharedManifest, AnEmptyOneIsTheDefaultValue) {
  SharedManifest one;
  EXPECT_EQ(one->name, "");
  one.edit().name = "x";
  EXPECT_EQ(one->name, "x");
  EXPECT_EQ(SharedManifest()->name, "");
}

struct Owner {
  std::string bytes;
  EncodedManifest encoded;
};

std::shared_ptr<Owner> encoded(const Manifest& manifest) {
  auto owner = std::make_shared<Owner>();
  append_manifest(owner->bytes, manifest);
  owner->encoded.set_bytes(owner->bytes);
  return owner;
}

TEST(SharedManifest, IsMadeOfItsBytesOnceForAllCopiesAndThreads) {
  auto owner = encoded(named("a"));
  const std::weak_ptr<Owner> alive = owner;
  auto one = std::make_unique<SharedManifest>(std::shared_ptr<const EncodedManifest>(owner, &owner->encoded));
  owner.reset();
  std::array<const Manifest*, 8> seen{};
  {
    std::array<std::jthread, seen.size()> threads;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      threads[i] = std::jthread([&seen, i, copy = *one] { seen[i] = &*copy; });
    }
  }
  for (const Manifest* manifest : seen) EXPECT_EQ(manifest, &**one);
  EXPECT_EQ((*one)->name, "a");
  SharedManifest changed = *one;
  changed.edit().name = "b";
  EXPECT_EQ((*one)->name, "a");
  one.reset();
  EXPECT_TRUE(alive.expired());
  EXPECT_EQ(changed->name, "b");
}

TEST(SharedManifest, BytesThatSayNothingAreAnEmptyManifest) {
  const auto owner = encoded(named("a"));
  owner->encoded.set_bytes(std::string_view(owner->bytes).substr(1));
  EXPECT_FALSE(is_encoded_manifest(owner->encoded.bytes()));
  EXPECT_EQ(SharedManifest(std::shared_ptr<const EncodedManifest>(owner, &owner->encoded))->name, "");
}

}  // namespace
}  // namespace openskills
