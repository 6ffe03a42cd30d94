// The rows behind seccomp.h: which system call gets which verdict, in which profile, under which condition.
#pragma once

#include <cstdint>
#include <span>

#include "jail/seccomp.h"

namespace openskills::jail {

enum class Verdict : std::uint8_t { kAllow, kKill, kErrno };

// What a row asks of one argument of the call.
struct Condition {
  enum class Kind : std::uint8_t {
    kAlways,
    kMasked,     // (low 32 bits & mask) == value
    kNull,       // all 64 bits are zero
    kOwnProcess  // low 32 bits are the id of the jailed process
  };
  Kind kind = Kind::kAlways;
  std::uint8_t argument = 0;
  std::uint32_t mask = 0;
  std::uint32_t value = 0;
};

enum ProfileSet : std::uint8_t { kInGuest = 1, kInCompiler = 2, kInBoth = 3 };

// Rows of one call stand together. The first whose condition holds decides; when none holds, the default does.
struct SystemCallRow {
  int number;
  const char* name;
  std::uint8_t profiles;  // of ProfileSet; elsewhere the row does not exist
  Verdict verdict;
  int error_number = 0;  // kErrno
  Condition condition = {};
};

// What a call without a row, or without a row whose condition holds, fails with.
inline constexpr int kDefaultErrno = 38;  // ENOSYS

[[nodiscard]] std::span<const SystemCallRow> system_call_rows() noexcept;

enum StageSet : std::uint8_t { kWhileLoading = 1, kWhilePreparing = 2 };

// A call that is always admitted in some stages before the guest's own filter is in force, whatever its rows say.
struct StageRow {
  int number;
  const char* name;
  std::uint8_t stages;  // of StageSet
};

[[nodiscard]] std::span<const StageRow> stage_rows() noexcept;

}  // namespace openskills::jail
