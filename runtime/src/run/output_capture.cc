#include "run/output_capture.h"

#include <utility>

#include "base/utf8.h"

namespace openskills {

bool OutputCapture::write(StreamKind kind, std::string_view bytes) {
  CapturedStream& target = stream(kind);
  if (target.truncated) return true;
  const std::uint64_t room = limit_bytes_ - target.bytes.size();
  if (bytes.size() <= room) {
    target.bytes.append(bytes);
    return true;
  }
  target.bytes.append(bytes.substr(0, static_cast<std::size_t>(room)));
  target.truncated = true;
  return true;
}

CapturedStream OutputCapture::take(StreamKind kind) {
  CapturedStream taken = std::exchange(stream(kind), {});
  if (!taken.truncated) return taken;
  // The cut fell where the limit was; a character it went through goes as a whole.
  taken.bytes.resize(without_cut_character(taken.bytes).size());
  return taken;
}

}  // namespace openskills
