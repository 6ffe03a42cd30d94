#include "jail/jail.h"

#include <unistd.h>

#include <utility>

#include "jail/descriptors.h"
#include "jail/privileges.h"
#include "os/child_process.h"

namespace openskills::jail {
namespace {

Result<void> require_single_thread() {
  const Result<std::size_t> threads = os::count_threads();
  if (!threads) {
    return fail_with_hint(ErrorCode::kLayerMissing, "jail: the threads of this process cannot be counted",
                          "mount /proc");
  }
  if (*threads != 1) {
    return fail_with_hint(ErrorCode::kLayerMissing,
                          fmt::format("jail: this process has {} threads; Landlock binds only one", *threads),
                          "enter the jail before starting any thread");
  }
  return {};
}

std::vector<int> descriptors_to_keep(const JailSpec& spec) {
  std::vector<int> keep = spec.keep_descriptors;
  for (const PathRule& rule : spec.paths) keep.push_back(rule.directory_fd);
  return keep;
}

std::vector<int> files_of(const JailSpec& spec) { return spec.load ? spec.readable_files : std::vector<int>(); }

bool is_accepted(const JailSpec& spec, const Error& error) {
  return spec.missing_layers == MissingLayers::kAccept && error.code == ErrorCode::kLayerMissing;
}

NewTasks new_tasks_of(SeccompProfile profile) {
  return profile == SeccompProfile::kCompiler ? NewTasks::kAllowed : NewTasks::kForbidden;
}

// Whether the filter is in force; false only where that is accepted.
Result<bool> restrict_calls(const JailSpec& spec, SeccompProfile profile) {
  Result<void> restricted = restrict_system_calls(profile);
  if (restricted) return true;
  if (is_accepted(spec, restricted.error())) return false;
  return std::unexpected(std::move(restricted).error());
}

// The layers that need to know nothing of the run.
Result<void> begin() {
  static pid_t begun_by = 0;  // a child of that process has a session of its own to make
  if (begun_by == ::getpid()) return {};
  TRY(leave_session());
  TRY(set_no_new_privileges());
  TRY(clear_bounding_set());
  begun_by = ::getpid();
  return {};
}

}  // namespace

Result<void> begin_jail(SeccompProfile profile) {
  TRY(begin());
  TRY(restrict_system_calls(SeccompProfile::kPreparing));
  prepare_seccomp(profile);
  return {};
}

Result<LayersInForce> enter_jail(const JailSpec& spec) {
  TRY(require_single_thread());
  TRY(begin());
  TRY(drop_capabilities());
  TRY(seal_memory());
  TRY(keep_only_descriptors(descriptors_to_keep(spec)));
  LayersInForce layers;
  if (Result<int> abi = restrict_paths(spec.paths, files_of(spec))) {
    layers.landlock_abi = *abi;
  } else if (!is_accepted(spec, abi.error())) {
    return std::unexpected(std::move(abi).error());
  }
  TRY(limit_resources(spec.rlimits, new_tasks_of(spec.profile)));
  if (spec.load) {
    TRY(restrict_calls(spec, SeccompProfile::kLoader));
    TRY(spec.load());
  }
  TRY(layers.seccomp, restrict_calls(spec, spec.profile));
  return layers;
}

}  // namespace openskills::jail
