#include "run/execute_skill.h"

#include "base/base64.h"
#include "base/json_depth.h"
#include "base/utf8.h"

namespace openskills {
namespace {

// Environment variables share the guest's memory with its arguments; larger inputs come on standard input only.
constexpr std::size_t kMaxInputVariableBytes = std::size_t{64} << 10U;

// Writing, copying and comparing JSON values takes stack for each level, in this process and in those of callers.
constexpr std::size_t kMaxOutputDepth = 256;

}  // namespace

RunOptions options_with_input(RunOptions options, const nlohmann::json& input) {
  std::string text = input.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() < kMaxInputVariableBytes) options.environment["SKILL_INPUT"] = text;
  options.stdin_source = {StdinSource::Kind::kBytes, std::move(text), -1};
  return options;
}

nlohmann::json output_of(const std::string& stdout_bytes) {
  // The parser takes a NUL for the end; what reads the same bytes as JSON elsewhere does not.
  if (stdout_bytes.find('\0') == std::string::npos && !nests_deeper_than(stdout_bytes, kMaxOutputDepth)) {
    nlohmann::json parsed = nlohmann::json::parse(stdout_bytes, nullptr, false);
    if (!parsed.is_discarded()) return parsed;
  }
  if (is_utf8(stdout_bytes)) return stdout_bytes;
  return {{"base64", to_base64(stdout_bytes)}};
}

}  // namespace openskills
