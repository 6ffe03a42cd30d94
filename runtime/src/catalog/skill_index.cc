#include "catalog/skill_index.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/sha256.h"
#include "catalog/skill_codec.h"
#include "os/files.h"
#include "os/private_files.h"

namespace openskills {
namespace {

constexpr std::size_t kMaxIndexBytes = std::size_t{512} << 20U;

// Another number whenever the records or what they are made from change their meaning.
constexpr std::string_view kMagic = "OpenSkills index 3\n";
constexpr std::size_t kHeaderBytes = kMagic.size() + 8;

std::uint64_t mixed(std::uint64_t sum, std::uint64_t word) noexcept {
  sum = (sum ^ word) * 0xD6E8FEB86659FD93ULL;
  return sum ^ (sum >> 32U);
}

// Tells damage, not malice: nobody else can write here. Four sums side by side, since each step waits for the last.
std::uint64_t checksum(std::string_view bytes) noexcept {
  std::array<std::uint64_t, 4> sums{0x9E3779B97F4A7C15ULL ^ bytes.size(), 1, 2, 3};
  std::array<std::uint64_t, 4> words{};
  for (; bytes.size() >= sizeof words; bytes.remove_prefix(sizeof words)) {
    std::memcpy(words.data(), bytes.data(), sizeof words);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = mixed(sums[i], words[i]);
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum = mixed(sum, one);
  for (const char c : bytes) sum = mixed(sum, static_cast<std::uint8_t>(c));
  return sum;
}

std::string to_bytes(std::uint64_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// Searches in other places, or by other rules, have other indexes.
std::string name_of_index(const DiscoveryOptions& options) {
  std::string what = fmt::format("{}\n{}\n", OPENSKILLS_VERSION, profile_name(options.profile));
  if (options.explicit_roots.empty()) {
    for (const StandardPlace& place : standard_places(options)) what += place.path + "\n";
  }
  for (const std::string& root : options.explicit_roots) what += os::canonical_path(root).value_or(root) + "\n";
  return sha256_hex(what).substr(0, 16) + ".index";
}

void append_record(std::string& bytes, const Skill& skill) {
  std::string encoded;
  append_skill(encoded, skill);
  append_text(bytes, skill.directory);
  append_text(bytes, skill.directory_name());
  append_number(bytes, skill.stamp.device);
  append_number(bytes, skill.stamp.inode);
  append_number(bytes, skill.stamp.size_bytes);
  append_number(bytes, static_cast<std::uint64_t>(skill.stamp.modified_ns));
  append_number(bytes, static_cast<std::uint64_t>(skill.stamp.changed_ns));
  append_text(bytes, encoded);
  encoded.clear();
  append_manifest(encoded, *skill.manifest);
  append_text(bytes, encoded);
}

}  // namespace

SkillIndex SkillIndex::load(const DiscoveryOptions& options) {
  SkillIndex index;
  index.directory_ = options.index_dir;
  index.file_name_ = name_of_index(options);
  Result<std::optional<std::string>> bytes = os::read_private_file(index.directory_, index.file_name_, kMaxIndexBytes);
  if (!bytes || !*bytes) return index;
  index.contents_ = std::make_shared<Contents>();
  index.contents_->bytes = std::move(**bytes);
  if (!index.parse()) index.records_.clear();
  return index;
}

bool SkillIndex::parse() {
  const std::string_view bytes = contents_->bytes;
  if (!bytes.starts_with(kMagic) || bytes.size() < kHeaderBytes) return false;
  const std::string_view payload = bytes.substr(kHeaderBytes);
  if (bytes.substr(kMagic.size(), 8) != to_bytes(checksum(payload))) return false;
  ByteReader reader(payload);
  const std::uint64_t count = reader.number();
  if (count > payload.size()) return false;
  records_.reserve(count);
  contents_->manifests = std::make_unique<EncodedManifest[]>(count);  // NOLINT(modernize-avoid-c-arrays)
  for (std::uint64_t i = 0; i < count; ++i) {
    Record record;
    record.directory = reader.text();
    record.directory_name = reader.text();
    record.stamp.device = reader.number();
    record.stamp.inode = reader.number();
    record.stamp.size_bytes = reader.number();
    record.stamp.modified_ns = static_cast<std::int64_t>(reader.number());
    record.stamp.changed_ns = static_cast<std::int64_t>(reader.number());
    record.stamp.settled = true;  // others are not written
    record.skill = reader.text();
    record.manifest = i;
    contents_->manifests[i].set_bytes(reader.text());
    if (reader.failed()) return false;
    records_.add(record);
  }
  records_.sort();
  return reader.at_end();
}

bool SkillIndex::find(std::string_view directory, std::string_view directory_name, const FileStamp& now, Skill& skill) {
  const Record* const found = records_.find(directory);
  if (found == nullptr) return false;
  const Record& record = *found;
  if (record.directory_name != directory_name || !record.stamp.still_holds(now)) return false;
  const EncodedManifest& manifest = contents_->manifests[record.manifest];
  if (!read_skill(record.skill, skill) || !is_encoded_manifest(manifest.bytes())) {
    skill = Skill();
    return false;
  }
  skill.manifest = SharedManifest(std::shared_ptr<const EncodedManifest>(contents_, &manifest));
  skill.directory = directory;
  skill.set_directory_name(directory_name);
  skill.stamp = record.stamp;
  for (Diagnostic& diagnostic : skill.diagnostics) diagnostic.path = skill.skill_md();
  return true;
}

void SkillIndex::save_if_worthwhile(std::span<const Skill> skills, std::span<const Skill> hidden,
                                    std::size_t known) const {
  const std::size_t all = skills.size() + hidden.size();
  if (all < kMinSkills) return;
  const std::size_t is_new = all - std::min(known, all);
  const std::size_t is_gone = records_.size() - std::min(known, records_.size());
  // A few skills are read as fast as an index of thousands is written.
  if (is_new <= all / 50 && is_gone <= all / 5) return;
  std::string payload;
  std::uint64_t count = 0;
  for (const std::span<const Skill> list : {skills, hidden}) {
    for (const Skill& skill : list) {
      if (!skill.stamp.settled) continue;
      append_record(payload, skill);
      ++count;
    }
  }
  std::string numbered;
  append_number(numbered, count);
  numbered += payload;
  const Result<UniqueFd> folder = os::open_private_directory(directory_);
  if (!folder) return;
  (void)os::write_file_atomically(folder->get(), file_name_,
                                  std::string(kMagic) + to_bytes(checksum(numbered)) + numbered);
}

}  // namespace openskills
