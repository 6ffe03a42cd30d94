#include "jail/seccomp.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "jail/seccomp_table.h"

namespace openskills::jail {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "OpenSkills runs on x86-64 and aarch64"
#endif
static_assert(std::endian::native == std::endian::little, "argument words below are little-endian");

// x86-64 calls with this bit are x32's; no other architecture has numbers that high.
constexpr std::uint32_t kForeignNumberBit = 0x40000000;

// Writes a program that only jumps forward. Wherever the number of the call may be compared, it is in the accumulator:
// what follows a load of an argument ends in returns.
class ProgramBuilder {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void load_argument_low(std::uint8_t index) { load(argument_offset(index)); }
  void load_argument_high(std::uint8_t index) { load(argument_offset(index) + sizeof(std::uint32_t)); }
  void mask(std::uint32_t bits) { add(BPF_ALU | BPF_AND | BPF_K, bits); }
  void give(std::uint32_t action) { add(BPF_RET | BPF_K, action); }

  // Goes on when the accumulator equals `value`, else skips `skipped` instructions.
  void require_equal(std::uint32_t value, std::uint8_t skipped) { add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped); }
  void kill_unless_equal(std::uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    give(SECCOMP_RET_KILL_PROCESS);
  }
  void kill_if_bits_set(std::uint32_t bits) {
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    give(SECCOMP_RET_KILL_PROCESS);
  }

  // Puts a test where `position` was taken from size(): what has been written since is skipped unless the accumulator
  // is below `value`.
  void insert_require_below(std::size_t position, std::uint32_t value) {
    const std::size_t skipped = program_.size() - position;
    const auto at = program_.begin() + static_cast<std::ptrdiff_t>(position);
    if (skipped <= UINT8_MAX) {
      program_.insert(at, instruction(BPF_JMP | BPF_JGE | BPF_K, value, static_cast<std::uint8_t>(skipped), 0));
    } else {  // too far for a conditional jump
      const auto jump = static_cast<std::uint32_t>(skipped);
      program_.insert(at, {instruction(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1), instruction(BPF_JMP | BPF_JA, jump)});
    }
  }

  void reserve(std::size_t instructions) { program_.reserve(instructions); }
  [[nodiscard]] std::size_t size() const { return program_.size(); }
  [[nodiscard]] std::vector<sock_filter> take() { return std::move(program_); }

 private:
  static std::size_t argument_offset(std::uint8_t index) {
    return offsetof(seccomp_data, args) + std::size_t{index} * sizeof(std::uint64_t);
  }
  static sock_filter instruction(unsigned int code, std::uint32_t value, std::uint8_t if_true = 0,
                                 std::uint8_t if_false = 0) {
    return {static_cast<std::uint16_t>(code), if_true, if_false, value};
  }
  void add(unsigned int code, std::uint32_t value, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    program_.push_back(instruction(code, value, if_true, if_false));
  }
  std::vector<sock_filter> program_;
};

std::uint32_t action_of(const SystemCallRow& row) {
  switch (row.verdict) {
    case Verdict::kAllow: return SECCOMP_RET_ALLOW;
    case Verdict::kErrno: return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(row.error_number);
    case Verdict::kKill: break;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

void add_row(ProgramBuilder& program, const SystemCallRow& row, pid_t own_pid) {
  const Condition& condition = row.condition;
  switch (condition.kind) {
    case Condition::Kind::kAlways: break;
    case Condition::Kind::kMasked:
      program.load_argument_low(condition.argument);
      program.mask(condition.mask);
      program.require_equal(condition.value, 1);
      break;
    case Condition::Kind::kNull:
      program.load_argument_low(condition.argument);
      program.require_equal(0, 3);
      program.load_argument_high(condition.argument);
      program.require_equal(0, 1);
      break;
    case Condition::Kind::kOwnProcess:
      program.load_argument_low(condition.argument);
      program.require_equal(static_cast<std::uint32_t>(own_pid), 1);
      break;
  }
  program.give(action_of(row));
}

constexpr std::uint32_t kDefaultAction = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(kDefaultErrno);

void add_prologue(ProgramBuilder& program) {
  program.load(offsetof(seccomp_data, arch));
  program.kill_unless_equal(kNativeArchitecture);
  program.load(offsetof(seccomp_data, nr));
  program.kill_if_bits_set(kForeignNumberBit);
}

using Rows = std::span<const SystemCallRow>;

// The system calls from `first_number` up to the next segment's: the same verdict for all of them, or one call with
// conditions.
struct Segment {
  std::uint32_t first_number = 0;
  std::uint32_t verdict = kDefaultAction;
  Rows conditional;  // when not empty, these decide
};

Segment segment_of(Rows rows_of_call, std::uint8_t profile) {
  Segment segment{static_cast<std::uint32_t>(rows_of_call[0].number), kDefaultAction, {}};
  for (const SystemCallRow& row : rows_of_call) {
    if ((row.profiles & profile) == 0) continue;
    if (row.condition.kind != Condition::Kind::kAlways) {
      segment.conditional = rows_of_call;
    } else if (segment.conditional.empty()) {
      segment.verdict = action_of(row);
    }
  }
  return segment;
}

std::uint8_t bit_of(SeccompProfile profile) noexcept {
  return profile == SeccompProfile::kCompiler ? kInCompiler : kInGuest;
}

// The stage a profile is for; 0 when it is none.
std::uint8_t stage_of(SeccompProfile profile) noexcept {
  switch (profile) {
    case SeccompProfile::kLoader: return kWhileLoading;
    case SeccompProfile::kPreparing: return kWhilePreparing;
    case SeccompProfile::kWasmGuest:
    case SeccompProfile::kCompiler: break;
  }
  return 0;
}

bool is_in_stage(const StageRow& row, SeccompProfile profile) noexcept { return (row.stages & stage_of(profile)) != 0; }

std::vector<Segment> calls_of(SeccompProfile profile) {
  const Rows rows = system_call_rows();
  std::vector<Segment> calls;
  calls.reserve(rows.size() + stage_rows().size());
  for (std::size_t i = 0, end = 0; i < rows.size(); i = end) {
    while (end < rows.size() && rows[end].number == rows[i].number) ++end;
    calls.push_back(segment_of(rows.subspan(i, end - i), bit_of(profile)));
  }
  for (const StageRow& row : stage_rows()) {
    if (!is_in_stage(row, profile)) continue;
    const auto number = static_cast<std::uint32_t>(row.number);
    std::erase_if(calls, [&](const Segment& segment) { return segment.first_number == number; });
    calls.push_back({number, SECCOMP_RET_ALLOW, {}});
  }
  return calls;
}

// What a profile takes away from the stage it follows: all else is that one's to judge.
std::vector<Segment> calls_after(SeccompProfile stage, SeccompProfile profile) {
  const std::vector<Segment> own = calls_of(profile);
  std::vector<Segment> calls;
  for (const StageRow& row : stage_rows()) {
    if (!is_in_stage(row, stage) || is_in_stage(row, profile)) continue;
    const auto number = static_cast<std::uint32_t>(row.number);
    const auto found = std::ranges::find(own, number, &Segment::first_number);
    calls.push_back(found != own.end() ? *found : Segment{number, kDefaultAction, {}});
  }
  return calls;
}

// Segments for all numbers there are, of some calls and what is said of all others.
std::vector<Segment> segments_of(std::vector<Segment> calls, std::uint32_t verdict_of_others) {
  std::ranges::sort(calls, {}, &Segment::first_number);
  std::vector<Segment> segments;
  segments.reserve(2 * calls.size() + 1);
  const auto append = [&segments](const Segment& next) {
    const bool same = !segments.empty() && segments.back().conditional.empty() && next.conditional.empty() &&
                      segments.back().verdict == next.verdict;
    if (!same) segments.push_back(next);
  };
  std::uint32_t next_number = 0;
  for (const Segment& call : calls) {
    if (call.first_number != next_number) append({next_number, verdict_of_others, {}});
    append(call);
    next_number = call.first_number + 1;
  }
  append({next_number, verdict_of_others, {}});
  return segments;
}

void add_segment(ProgramBuilder& program, const Segment& segment, std::uint8_t profile, pid_t own_pid) {
  for (const SystemCallRow& row : segment.conditional) {
    if ((row.profiles & profile) != 0) add_row(program, row, own_pid);
  }
  const bool is_decided = !segment.conditional.empty() &&
                          segment.conditional.back().condition.kind == Condition::Kind::kAlways &&
                          (segment.conditional.back().profiles & profile) != 0;
  if (!is_decided) program.give(segment.verdict);
}

// A binary search for the number. Both the length of the program and the comparisons it makes count: the kernel
// compiles it, and runs it for every number there is to learn which are always admitted.
void add_search(ProgramBuilder& program, std::span<const Segment> segments, std::uint8_t profile, pid_t own_pid) {
  if (segments.size() == 1) return add_segment(program, segments[0], profile, own_pid);
  const std::size_t middle = segments.size() / 2;
  const std::size_t position = program.size();
  add_search(program, segments.first(middle), profile, own_pid);
  program.insert_require_below(position, segments[middle].first_number);
  add_search(program, segments.subspan(middle), profile, own_pid);
}

}  // namespace

std::vector<sock_filter> build_seccomp_program(SeccompProfile profile, pid_t own_pid,
                                               std::optional<SeccompProfile> stage) {
  constexpr std::size_t kEnoughInstructions = 1024;
  ProgramBuilder program;
  program.reserve(kEnoughInstructions);
  add_prologue(program);
  const std::vector<Segment> segments = stage ? segments_of(calls_after(*stage, profile), SECCOMP_RET_ALLOW)
                                              : segments_of(calls_of(profile), kDefaultAction);
  add_search(program, segments, bit_of(profile), own_pid);
  return program.take();
}

namespace {

// What this process has in force, and what prepare_seccomp() has built for it.
struct OfProcess {
  pid_t pid = 0;
  std::optional<SeccompProfile> stage;
  std::optional<SeccompProfile> built_for;
  std::vector<sock_filter> program;
};

// A fork has the filters of its parent. It takes them for none, and puts whole programs on top.
OfProcess& of_process() {
  static OfProcess known;
  if (known.pid != ::getpid()) known = {::getpid(), {}, {}, {}};
  return known;
}

}  // namespace

void prepare_seccomp(SeccompProfile profile) {
  OfProcess& known = of_process();
  // The stages are the guest's: what they admit is not all taken away by what another profile takes from them.
  const bool follows = profile == SeccompProfile::kWasmGuest || profile == SeccompProfile::kLoader;
  known.program = build_seccomp_program(profile, known.pid, follows ? known.stage : std::nullopt);
  known.built_for = profile;
}

Result<void> restrict_system_calls(SeccompProfile profile) {
  OfProcess& known = of_process();
  if (known.built_for != profile) prepare_seccomp(profile);
  known.built_for.reset();
  std::vector<sock_filter> filter = std::exchange(known.program, {});
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return fail_with_hint(ErrorCode::kLayerMissing,
                          fmt::format("seccomp: the filter cannot be put in force: {}", std::strerror(errno)),
                          "a kernel with CONFIG_SECCOMP_FILTER is needed");
  }
  if (stage_of(profile) != 0) known.stage = profile;
  return {};
}

}  // namespace openskills::jail
