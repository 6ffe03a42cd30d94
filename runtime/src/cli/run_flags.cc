#include "cli/run_flags.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "os/files.h"
#include "os/terminal.h"

namespace openskills::cli {
namespace {

struct Unit {
  std::string_view suffix;
  double factor;
};

constexpr Unit kDurations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"", 1000}};
constexpr Unit kSizes[] = {{"K", 0x1p10},   {"M", 0x1p20},   {"G", 0x1p30}, {"KiB", 0x1p10},
                           {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"", 1}};
constexpr double kMost = 1e15;
// What 64 bits of nanoseconds hold on either side of 1970: from 1677 to 2262.
constexpr std::int64_t kMostSeconds = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;

template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(std::string_view text, const Unit (&units)[N]) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units) {
    if (unit.suffix != suffix) continue;
    const double value = number * unit.factor;
    if (!(value >= 0) || value > kMost) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(value));
  }
  return std::nullopt;
}

// A fixed number of decimal digits at `at`, or nothing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::unexpected<Error> bad_flag(std::string_view flag, std::string_view value, std::string_view takes) {
  return fail(ErrorCode::kInvalidArgument, "{} does not take '{}': use {}", flag, value, takes);
}

// The offset behind the seconds: "Z" or "+01:00", in minutes.
std::optional<int> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return text[0] == '-' ? -offset : offset;
}

Result<ExtraMount> parse_mount(const std::string& text) {
  std::string rest = text;
  bool writable = true;
  if (rest.ends_with(":ro")) {
    writable = false;
    rest.resize(rest.size() - 3);
  } else if (rest.ends_with(":rw")) {
    rest.resize(rest.size() - 3);
  }
  // wasmtime and others write HOST::GUEST.
  std::size_t separator = rest.find("::");
  const std::size_t width = separator == std::string::npos ? 1 : 2;
  if (separator == std::string::npos) separator = rest.rfind(':');
  if (separator == std::string::npos || separator == 0 || separator + width >= rest.size()) {
    return bad_flag("a mount", text, "HOST:GUEST or HOST:GUEST:ro");
  }
  return ExtraMount{rest.substr(0, separator), rest.substr(separator + width), writable};
}

Result<StdinSource> parse_stdin(const std::string& text) {
  if (text.empty()) return StdinSource{};
  if (text == "-") return StdinSource{StdinSource::Kind::kDescriptor, {}, os::kStdinFd};
  // The descriptor stays open for the one run this process makes.
  TRY(UniqueFd file, os::open_file(text));
  TRY(const os::FileInfo info, os::file_info(file.get()));
  if (info.kind == os::FileKind::kDirectory) return fail(ErrorCode::kNotAFile, "--stdin '{}' is a folder", text);
  return StdinSource{StdinSource::Kind::kDescriptor, {}, file.release()};
}

Result<void> set_environment(const RunFlags& flags, RunOptions& options) {
  for (const std::string& entry : flags.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) return bad_flag("--env", entry, "NAME=VALUE");
    options.environment[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return {};
}

}  // namespace

Result<std::uint64_t> parse_duration_ms(const std::string& text) {
  if (const auto value = parse_with_unit(text, kDurations)) return *value;
  return fail(ErrorCode::kInvalidArgument, "'{}' is no duration: use e.g. 500ms, 30s or 2m", text);
}

Result<std::uint64_t> parse_size_bytes(const std::string& text) {
  if (const auto value = parse_with_unit(text, kSizes)) return *value;
  return fail(ErrorCode::kInvalidArgument, "'{}' is no size: use e.g. 64K, 256M or 1G", text);
}

Result<std::int64_t> parse_rfc3339_ns(const std::string& text) {
  const auto bad = [&] {
    return fail(ErrorCode::kInvalidArgument, "'{}' is no RFC 3339 time: use e.g. 2026-01-02T03:04:05Z", text);
  };
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' || text[16] != ':') {
    return bad();
  }
  std::size_t at = 19;
  std::int64_t fraction_ns = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000'000;
    if (!digits(text, at + 1, 1)) return bad();
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      fraction_ns += unit * (text[at] - '0');
    }
  }
  const auto offset = parse_offset(std::string_view(text).substr(at));
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return bad();
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + *hour) * 60 + *minute - *offset) * 60 + *second;
  if (seconds < -kMostSeconds || seconds > kMostSeconds) return bad();
  return seconds * 1'000'000'000 + fraction_ns;
}

void declare_run_flags(CLI::App& command, RunFlags& flags, FlagSet set) {
  if (set == FlagSet::kSkill) {
    command.add_option("--workspace", flags.workspace, "The folder seen as /workspace (default: current directory)");
    command.add_option("--workspace-access", flags.workspace_access, "rw, ro or none")
        ->check(CLI::IsMember({"rw", "ro", "none"}));
    command.add_option("--cwd", flags.cwd, "Where the script starts: workspace or skill")
        ->check(CLI::IsMember({"workspace", "skill"}));
    command.add_option("--tier", flags.tier, "auto, wasm or native")->check(CLI::IsMember({"auto", "wasm", "native"}));
    command.add_flag("--ignore-requirements", flags.ignore_requirements,
                     "Run although the guest lacks packages the script asks for");
    command.add_option("--digest", flags.digest, "Run only while the skill's files have this digest")
        ->type_name("SHA256");
  }
  command.add_option("--isolation", flags.isolation, "process (a jailed child) or in-process")
      ->check(CLI::IsMember({"process", "in-process"}));
  command.add_flag("--accept-missing-layers", flags.accept_missing_layers,
                   "Run although the kernel has no Landlock or no seccomp; the outcome says what held");
  command.add_option("--timeout", flags.timeout, "Wall time, e.g. 500ms, 30s");
  command.add_option("--memory", flags.memory, "Guest memory, e.g. 256M");
  command.add_option("--output-limit", flags.output_limit, "Captured bytes per stream with --json, e.g. 1M");
  command.add_option("--env", flags.environment, "NAME=VALUE for the script (repeatable)")->expected(1)->take_all();
  command
      .add_option(set == FlagSet::kSkill ? "--mount" : "--mount,--dir", flags.mounts,
                  "HOST:GUEST[:ro], a further folder (repeatable)")
      ->expected(1)
      ->take_all();
  command.add_option("--seed", flags.seed, "Make every random byte repeatable")->check(CLI::NonNegativeNumber);
  command.add_option("--clock", flags.clock, "Start the clock at this RFC 3339 time; sleeping advances it");
  command.add_option("--stdin", flags.stdin_source, "A file, or - for this program's own (default: empty)");
  command.add_flag("--events", flags.events, "JSON lines while it runs");
  command.add_option("--artifacts", flags.artifacts, "Copy changed files into this folder");
}

Result<RunOptions> to_run_options(const RunFlags& flags) {
  RunOptions options;
  options.workspace = flags.workspace;
  options.workspace_access = flags.workspace_access == "rw"   ? WorkspaceAccess::kReadWrite
                             : flags.workspace_access == "ro" ? WorkspaceAccess::kReadOnly
                                                              : WorkspaceAccess::kNone;
  options.cwd = flags.cwd == "skill" ? WorkingDirectory::kSkill : WorkingDirectory::kWorkspace;
  options.tier = flags.tier == "auto" ? Tier::kAuto : flags.tier == "wasm" ? Tier::kWasm : Tier::kNative;
  options.isolation = flags.isolation == "process" ? Isolation::kProcess : Isolation::kInProcess;
  options.missing_layers = flags.accept_missing_layers ? MissingLayers::kAccept : MissingLayers::kRefuse;
  options.requirements = flags.ignore_requirements ? Requirements::kIgnore : Requirements::kCheck;
  options.expected_digest = flags.digest;
  TRY(options.timeout_ms, parse_duration_ms(flags.timeout));
  TRY(options.memory_bytes, parse_size_bytes(flags.memory));
  TRY(options.output_limit_bytes, parse_size_bytes(flags.output_limit));
  TRY(set_environment(flags, options));
  for (const std::string& text : flags.mounts) {
    TRY(ExtraMount mount, parse_mount(text));
    options.mounts.push_back(std::move(mount));
  }
  options.seed = flags.seed;
  if (!flags.clock.empty()) {
    TRY(options.clock_start_ns, parse_rfc3339_ns(flags.clock));
  }
  TRY(options.stdin_source, parse_stdin(flags.stdin_source));
  if (!flags.artifacts.empty()) {
    TRY(os::create_directories(flags.artifacts));
    options.artifacts_directory = flags.artifacts;
  }
  return options;
}

}  // namespace openskills::cli
