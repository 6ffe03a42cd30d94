// OutputCapture: keeps the guest's output up to a limit per stream, or hands it on.
//
// Thread rule: used by the thread that runs the guest.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "invoke/invocation.h"

namespace openskills {

// What one stream came to.
struct CapturedStream {
  std::string bytes;
  bool truncated = false;
};

// Keeps at most limit_bytes of each stream, cut at a character boundary; the rest is taken and dropped, so that the
// guest goes on.
class OutputCapture : public OutputSink {
 public:
  explicit OutputCapture(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  bool write(StreamKind stream, std::string_view bytes) override;

  // Takes what was captured. REQUIRES: the run is over.
  [[nodiscard]] CapturedStream take(StreamKind stream);

 private:
  CapturedStream& stream(StreamKind kind) { return kind == StreamKind::kStdout ? stdout_ : stderr_; }

  std::uint64_t limit_bytes_;
  CapturedStream stdout_;
  CapturedStream stderr_;
};

// Hands output to a function as it comes.
class OutputForwarder : public OutputSink {
 public:
  using Function = std::function<bool(StreamKind, std::string_view)>;
  explicit OutputForwarder(const Function& function) : function_(function) {}

  bool write(StreamKind stream, std::string_view bytes) override { return function_(stream, bytes); }

 private:
  const Function& function_;
};

}  // namespace openskills
