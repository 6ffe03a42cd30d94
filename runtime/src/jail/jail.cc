#include "jail/jail.h"

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

NewTasks new_tasks_of(SeccompProfile profile) {
  return profile == SeccompProfile::kCompiler ? NewTasks::kAllowed : NewTasks::kForbidden;
}

}  // namespace

Result<LayersInForce> enter_jail(const JailSpec& spec) {
  TRY(require_single_thread());
  TRY(leave_session());
  TRY(set_no_new_privileges());
  TRY(drop_capabilities());
  TRY(seal_memory());
  TRY(keep_only_descriptors(descriptors_to_keep(spec)));
  LayersInForce layers;
  TRY(layers.landlock_abi, restrict_paths(spec.paths));
  TRY(limit_resources(spec.rlimits, new_tasks_of(spec.profile)));
  TRY(restrict_system_calls(spec.profile));
  layers.seccomp = true;
  return layers;
}

}  // namespace openskills::jail
