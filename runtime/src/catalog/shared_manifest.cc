#include "catalog/shared_manifest.h"

#include "catalog/skill_codec.h"

namespace openskills {

const Manifest& EncodedManifest::manifest() const {
  if (const Manifest* const made = made_.load(std::memory_order_acquire)) return *made;
  auto mine = std::make_unique<Manifest>();
  if (!read_manifest(bytes_, *mine)) *mine = Manifest();
  const Manifest* first = nullptr;
  // Of several threads that look at once, one's is kept.
  if (!made_.compare_exchange_strong(first, mine.get(), std::memory_order_acq_rel)) return *first;
  return *mine.release();
}

const Manifest& SharedManifest::operator*() const {
  static const Manifest kEmpty{};
  if (value_) return *value_;
  return encoded_ ? encoded_->manifest() : kEmpty;
}

Manifest& SharedManifest::edit() {
  if (!value_ || value_.use_count() > 1) {
    value_ = std::make_shared<Manifest>(**this);
    encoded_.reset();
  }
  return *value_;
}

}  // namespace openskills
