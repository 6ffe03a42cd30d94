// Skills as bytes, for the index: inside of the catalog layer only.
//
// Thread rule: pure functions. The bytes are for this build on this machine; they are no interchange format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/skill.h"

namespace openskills {

void append_number(std::string& bytes, std::uint64_t value);
void append_text(std::string& bytes, std::string_view text);

// Takes values off the front of bytes that may be anything: after the first failure every value is empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::uint64_t number() noexcept;
  [[nodiscard]] std::string_view text() noexcept;
  void skip_texts(std::uint64_t count) noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// A skill without its manifest, its scope, and the paths that follow from its folder.
void append_skill(std::string& bytes, const Skill& skill);

// The skill in `bytes`; false when they are damaged, and then `skill` is not to be used.
[[nodiscard]] bool read_skill(std::string_view bytes, Skill& skill);

// A manifest without its body.
void append_manifest(std::string& bytes, const Manifest& manifest);

// The manifest in `bytes`; false when they are damaged, and then `manifest` is not to be used.
[[nodiscard]] bool read_manifest(std::string_view bytes, Manifest& manifest);

// Whether read_manifest() would read `bytes`, found out without making anything.
[[nodiscard]] bool is_encoded_manifest(std::string_view bytes);

}  // namespace openskills
