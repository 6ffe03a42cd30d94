// RunReport: what the process that carries a guest tells its supervisor, as lines of JSON on a pipe.
//
// Thread rule: pure functions.
// The first line is written after the jail is entered and before the guest starts; only it is believed about layers.
// The second line may come from a process that guest code has taken over, so decoding checks every member and trusts
// no path in it: one that leads out of its mount is refused, and artifacts are opened again beneath their mounts.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "invoke/invocation.h"

namespace openskills {

[[nodiscard]] std::string encode_layers(const LayersInForce& layers);
[[nodiscard]] Result<LayersInForce> decode_layers(std::string_view line);

[[nodiscard]] std::string encode_result(const Result<ExecutionResult>& result);

// The child's result, or the child's Error; kChildFailed when the line is not what encode_result makes.
[[nodiscard]] Result<ExecutionResult> decode_result(std::string_view line);

}  // namespace openskills
