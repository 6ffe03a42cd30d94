#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "options_json.h"
#include "runtime_handle.h"
#include "values.h"
#include "values_json.h"

namespace openskills::ts {

// The watcher, and how to end a wait from the environment's thread.
struct SharedWatcher : Stoppable {
  SharedWatcher() : stop_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~SharedWatcher() override {
    if (stop_fd >= 0) ::close(stop_fd);
  }
  SharedWatcher(const SharedWatcher&) = delete;
  SharedWatcher& operator=(const SharedWatcher&) = delete;
  void stop() override {
    stopped = true;
    const std::uint64_t one = 1;
    (void)!::write(stop_fd, &one, sizeof one);
  }

  const int stop_fd;
  std::atomic<bool> stopped = false;
  std::mutex mutex;
  std::optional<SkillWatcher> watcher;
};

namespace {

using Clock = std::chrono::steady_clock;
// How often a watcher without a descriptor looks whether it is to stop.
constexpr int kLookMs = 200;

void wait_for_either(const SharedWatcher& shared, int timeout_ms) {
  pollfd ends[2] = {{shared.stop_fd, POLLIN, 0}, {shared.watcher->descriptor(), POLLIN, 0}};
  (void)::poll(ends, 2, timeout_ms);
}

Result<std::string> wait_for_change(SharedWatcher& shared, std::int64_t timeout_ms) {
  const std::lock_guard lock(shared.mutex);
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (shared.watcher && !shared.stopped) {
    const bool polls = shared.watcher->descriptor() >= 0;
    auto changes = shared.watcher->wait(polls ? 0 : kLookMs);
    if (!changes) return std::unexpected(changes.error());
    if (*changes) return bindings::text_of(bindings::changes_json(**changes));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) break;
    if (polls) wait_for_either(shared, static_cast<int>(std::min<std::int64_t>(left, 2'000)));
  }
  return std::string("null");
}

Result<std::string> start_watching(SharedWatcher& shared, const std::string& options) {
  const std::lock_guard lock(shared.mutex);
  const nlohmann::json json = nlohmann::json::parse(options, nullptr, false);
  if (json.is_discarded()) return std::unexpected(Error{ErrorCode::kInvalidInput, "the options are not JSON", {}});
  auto wanted = bindings::runtime_options_from(json);
  if (!wanted) return std::unexpected(wanted.error());
  auto watcher = SkillWatcher::start(*wanted);
  if (!watcher) return std::unexpected(watcher.error());
  shared.watcher.emplace(std::move(*watcher));
  return std::string("null");
}

}  // namespace

Napi::Function WatcherHandle::define(Napi::Env env) {
  return DefineClass(env, "WatcherHandle",
                     {InstanceMethod<&WatcherHandle::start>("start"), InstanceMethod<&WatcherHandle::wait>("wait"),
                      InstanceMethod<&WatcherHandle::close>("close")});
}

WatcherHandle::WatcherHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<WatcherHandle>(info), shared_(std::make_shared<SharedWatcher>()) {}

WatcherHandle::~WatcherHandle() { shared_->stop(); }

Napi::Value WatcherHandle::start(const Napi::CallbackInfo& info) {
  return promise_of_text(
      info.Env(), AddonState::Kind::kShort,
      [shared = shared_, options = text_of(info[0])] { return start_watching(*shared, options); }, shared_.get());
}

Napi::Value WatcherHandle::wait(const Napi::CallbackInfo& info) {
  const std::int64_t timeout_ms = info[0].As<Napi::Number>().Int64Value();
  return promise_of_text(
      info.Env(), AddonState::Kind::kLasting,
      [shared = shared_, timeout_ms] { return wait_for_change(*shared, timeout_ms); }, shared_.get());
}

void WatcherHandle::close(const Napi::CallbackInfo&) { shared_->stop(); }

}  // namespace openskills::ts
