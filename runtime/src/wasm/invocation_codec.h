// InvocationCodec: an Invocation as bytes, for the way from a host to the child that carries the run.
//
// Thread rule: pure functions.
// Both ends are OpenSkills of one version; the form (CBOR) is nobody else's business and may change. Strings are bytes
// throughout: paths and arguments need not be UTF-8. A descriptor of standard input and what
// is checked before a program runs (program_files) do not travel here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "invoke/invocation.h"

namespace openskills {

[[nodiscard]] std::string encode_invocation(const Invocation& invocation);

// Errors: kInternal for bytes that encode_invocation did not make.
[[nodiscard]] Result<Invocation> decode_invocation(std::string_view bytes);

}  // namespace openskills
