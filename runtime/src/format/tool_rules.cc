#include "format/tool_rules.h"

#include <cstddef>

namespace openskills {
namespace {

bool is_separator(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ','; }

}  // namespace

ToolRules split_tool_rules(std::string_view text) {
  ToolRules result;
  for (std::size_t at = 0; at < text.size();) {
    if (is_separator(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    std::size_t depth = 0;
    bool balanced = true;
    while (at < text.size() && (depth > 0 || !is_separator(text[at]))) {
      if (text[at] == '(') ++depth;
      if (text[at] == ')') {
        balanced = balanced && depth > 0;
        depth -= depth > 0 ? 1 : 0;
      }
      ++at;
    }
    const std::string_view rule = text.substr(begin, at - begin);
    (balanced && depth == 0 ? result.rules : result.unbalanced).emplace_back(rule);
  }
  return result;
}

}  // namespace openskills
