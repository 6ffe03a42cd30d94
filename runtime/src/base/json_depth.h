// How deep a JSON text nests, without parsing it: writing, copying and comparing JSON values takes stack for each
// level.
//
// Thread rule: pure function.
#pragma once

#include <cstddef>
#include <string_view>

namespace openskills {

// Counts brackets outside of strings; in a text that is no JSON the count means nothing, and does not matter.
[[nodiscard]] bool nests_deeper_than(std::string_view text, std::size_t limit) noexcept;

}  // namespace openskills
