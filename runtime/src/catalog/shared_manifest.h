// SharedManifest: the manifest of a skill in a catalog. Copies share it until one of them is changed, and one that comes
// from the index is made of its bytes when it is first looked at: most searches look at few.
//
// Thread rule: copies in different threads may be used freely, and any number of threads may look at one of them.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <utility>

#include "format/manifest.h"

namespace openskills {

// A manifest as bytes of skill_codec.h, which its owner keeps as long as itself.
class EncodedManifest {
 public:
  EncodedManifest() = default;
  EncodedManifest(const EncodedManifest&) = delete;
  EncodedManifest& operator=(const EncodedManifest&) = delete;
  ~EncodedManifest() { delete made_.load(std::memory_order_acquire); }

  // Before anybody looks.
  void set_bytes(std::string_view bytes) noexcept { bytes_ = bytes; }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

  // What the bytes say; an empty manifest when they say none (is_encoded_manifest() tells).
  [[nodiscard]] const Manifest& manifest() const;

 private:
  std::string_view bytes_;
  mutable std::atomic<const Manifest*> made_ = nullptr;  // owned
};

class SharedManifest {
 public:
  SharedManifest() = default;  // as Manifest()
  SharedManifest(Manifest manifest)  // NOLINT(google-explicit-constructor)
      : value_(std::make_shared<Manifest>(std::move(manifest))) {}
  explicit SharedManifest(std::shared_ptr<const EncodedManifest> encoded) : encoded_(std::move(encoded)) {}

  [[nodiscard]] const Manifest& operator*() const;
  [[nodiscard]] const Manifest* operator->() const { return &**this; }

  // The manifest to be changed: this object's alone from here on.
  [[nodiscard]] Manifest& edit();

 private:
  std::shared_ptr<Manifest> value_;                 // at most one of the two
  std::shared_ptr<const EncodedManifest> encoded_;  // may keep a whole index
};

}  // namespace openskills
