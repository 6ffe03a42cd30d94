// The filter programs themselves, run as the kernel would: what a filter on top of a stage comes to together with it.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>
#include <span>
#include <vector>

#include "jail/seccomp.h"
#include "jail/seccomp_table.h"

namespace openskills::jail {
namespace {

constexpr pid_t kPid = 4711;
constexpr std::uint32_t kFirstForeignNumber = 0x40000000;
#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// The instructions that filters here are made of.
std::uint32_t run(std::span<const sock_filter> program, const seccomp_data& call) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    const auto jump = [&](bool is_true) { at += is_true ? step.jt : step.jf; };
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= step.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(accumulator == step.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(accumulator >= step.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: jump((accumulator & step.k) != 0); break;
      case BPF_JMP | BPF_JA: at += step.k; break;
      case BPF_RET | BPF_K: return step.k;
      default: ADD_FAILURE() << "an unknown instruction at " << at; return SECCOMP_RET_KILL_PROCESS;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return SECCOMP_RET_KILL_PROCESS;
}

// Of several filters the kernel takes the answer whose action is the smallest signed number.
std::uint32_t stricter(std::uint32_t a, std::uint32_t b) {
  const auto rank = [](std::uint32_t answer) { return static_cast<std::int32_t>(answer & SECCOMP_RET_ACTION_FULL); };
  return rank(b) < rank(a) ? b : a;
}

// Calls with every number there is and some there are not, and with arguments on both sides of every condition.
std::vector<seccomp_data> calls_to_try() {
  std::set<std::uint64_t> values = {0,    1,        PROT_EXEC,         PROT_READ | PROT_EXEC,
                                    kPid, kPid + 1, ~std::uint64_t{0}, std::uint64_t{1} << 32U};
  for (const SystemCallRow& row : system_call_rows()) {
    values.insert({row.condition.value, row.condition.mask, row.condition.value ^ 1U});
  }
  std::vector<seccomp_data> calls;
  constexpr int kNumbers = 600;
  for (int number = -1; number < kNumbers; ++number) {
    for (const std::uint64_t value : values) {
      seccomp_data call{};
      call.nr = number;
      call.arch = kArchitecture;
      std::ranges::fill(call.args, value);
      calls.push_back(call);
    }
  }
  for (const std::uint32_t architecture : {std::uint32_t{AUDIT_ARCH_I386}, kArchitecture}) {
    seccomp_data call{};
    call.nr = architecture == kArchitecture ? static_cast<int>(kFirstForeignNumber) : 1;
    call.arch = architecture;
    calls.push_back(call);
  }
  return calls;
}

void expect_same_verdicts(SeccompProfile stage, SeccompProfile profile) {
  const std::vector<sock_filter> before = build_seccomp_program(stage, kPid);
  const std::vector<sock_filter> whole = build_seccomp_program(profile, kPid);
  const std::vector<sock_filter> on_top = build_seccomp_program(profile, kPid, stage);
  std::size_t admitted_only_before = 0;
  for (const seccomp_data& call : calls_to_try()) {
    const std::uint32_t wanted = run(whole, call);
    const std::uint32_t first = run(before, call);
    ASSERT_EQ(stricter(first, run(on_top, call)), wanted) << call.nr << " with " << call.args[0];
    admitted_only_before += first == SECCOMP_RET_ALLOW && wanted != SECCOMP_RET_ALLOW ? 1 : 0;
  }
  EXPECT_GT(admitted_only_before, 0U) << "the stage admits nothing of its own: nothing was tried";
  EXPECT_LT(on_top.size(), whole.size() / 3);
}

TEST(SeccompProgram, T11_OnTopOfTheLoadersItComesToTheGuestsVerdicts) {
  expect_same_verdicts(SeccompProfile::kLoader, SeccompProfile::kWasmGuest);
}

TEST(SeccompProgram, T11_OnTopOfThePreparedOnesItComesToTheGuestsVerdicts) {
  expect_same_verdicts(SeccompProfile::kPreparing, SeccompProfile::kWasmGuest);
}

TEST(SeccompProgram, T11_ALoaderAmongThePreparedComesToTheLoadersVerdicts) {
  expect_same_verdicts(SeccompProfile::kPreparing, SeccompProfile::kLoader);
}

TEST(SeccompProgram, T11_WhoeverPreparesStartsNothingAndReachesNobody) {
  const std::vector<sock_filter> program = build_seccomp_program(SeccompProfile::kPreparing, kPid);
  for (const SystemCallRow& row : system_call_rows()) {
    const bool in_stage = std::ranges::any_of(stage_rows(), [&](const StageRow& stage) {
      return stage.number == row.number && (stage.stages & kWhilePreparing) != 0;
    });
    if (row.verdict != Verdict::kKill || row.condition.kind != Condition::Kind::kAlways || in_stage) continue;
    seccomp_data call{};
    call.nr = row.number;
    call.arch = kArchitecture;
    EXPECT_EQ(run(program, call), SECCOMP_RET_KILL_PROCESS) << row.name;
  }
}

TEST(StageTable, NamesEachCallOnce) {
  std::set<int> seen;
  for (const StageRow& row : stage_rows()) EXPECT_TRUE(seen.insert(row.number).second) << row.name;
}

}  // namespace
}  // namespace openskills::jail
