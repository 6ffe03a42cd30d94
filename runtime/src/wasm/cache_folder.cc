#include "wasm/cache_folder.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/sha256.h"

namespace openskills {
namespace {

constexpr std::size_t kKeyDigits = 64;

struct ExtensionRow {
  std::string_view extension;
  CacheFileKind kind;
};
constexpr ExtensionRow kExtensions[] = {{".cwasm", CacheFileKind::kCode},
                                        {".json", CacheFileKind::kRecord},
                                        {".ref", CacheFileKind::kReference},
                                        {".lock", CacheFileKind::kLock}};

CacheFileName parse_plain_name(std::string_view name) {
  if (name.size() <= kKeyDigits || !is_sha256(name.substr(0, kKeyDigits))) return {};
  for (const ExtensionRow& row : kExtensions) {
    if (name.substr(kKeyDigits) == row.extension) return {row.kind, std::string(name.substr(0, kKeyDigits))};
  }
  return {};
}

}  // namespace

CacheFileName parse_cache_file_name(std::string_view name) {
  constexpr std::string_view kTemporaryEnd = ".tmp";
  if (!name.starts_with('.')) return parse_plain_name(name);
  if (!name.ends_with(kTemporaryEnd)) return {};
  const std::string_view inner = name.substr(1, name.size() - 1 - kTemporaryEnd.size());
  const std::size_t random_at = inner.rfind('.');
  if (random_at == std::string_view::npos) return {};
  CacheFileName target = parse_plain_name(inner.substr(0, random_at));
  if (target.kind != CacheFileKind::kForeign) target.kind = CacheFileKind::kTemporary;
  return target;
}

std::string entry_key(std::string_view module_sha256, std::string_view code_fingerprint) {
  return sha256_hex(fmt::format("{}\n{}", module_sha256, code_fingerprint));
}

std::string identity_of(const os::FileInfo& info) {
  return fmt::format("{} {} {} {} {}", info.device, info.inode, info.size_bytes, info.modified_ns, info.changed_ns);
}

std::string encode_check_record(const CheckRecord& record) {
  const nlohmann::ordered_json json = {{"sha256", record.code_sha256},      {"identity", record.identity},
                                       {"checked_ns", record.checked_ns},   {"module_sha256", record.module_sha256},
                                       {"module_path", record.module_path}, {"engine", record.engine}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<CheckRecord> decode_check_record(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  CheckRecord record;
  const std::array<std::pair<const char*, std::string*>, 5> members{{{"sha256", &record.code_sha256},
                                                                     {"identity", &record.identity},
                                                                     {"module_sha256", &record.module_sha256},
                                                                     {"module_path", &record.module_path},
                                                                     {"engine", &record.engine}}};
  for (const auto& [name, value] : members) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    *value = found->get<std::string>();
  }
  const auto checked = json.find("checked_ns");
  if (checked == json.end() || !checked->is_number_integer()) return std::nullopt;
  record.checked_ns = checked->get<std::int64_t>();
  if (!is_sha256(record.code_sha256) || !is_sha256(record.module_sha256)) return std::nullopt;
  return record;
}

bool vouches_for(const CheckRecord& record, const os::FileInfo& code_file) {
  return record.identity == identity_of(code_file) && record.checked_ns > code_file.changed_ns;
}

}  // namespace openskills
