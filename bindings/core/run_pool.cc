#include "run_pool.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace openskills::bindings {
namespace {

// Long enough that a host with a run now and then does not start a thread for each.
constexpr std::chrono::seconds kIdle{5};

}  // namespace

struct RunPool::State {
  explicit State(pid_t owner) : process(owner) {}

  static void work(const std::shared_ptr<State>& state);

  const pid_t process;
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable thread_ended;
  std::deque<std::function<void()>> tasks;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool closed = false;
};

void RunPool::State::work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  while (true) {
    if (state->tasks.empty()) {
      if (state->closed) break;
      ++state->idle;
      const bool woken = state->work_came.wait_for(lock, kIdle, [&] { return state->closed || !state->tasks.empty(); });
      --state->idle;
      if (!woken) break;
      continue;
    }
    std::function<void()> task = std::move(state->tasks.front());
    state->tasks.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before another waits for the thread
    lock.lock();
  }
  --state->threads;
  state->thread_ended.notify_all();
}

RunPool::RunPool(std::size_t max_threads) : max_threads_(max_threads), state_(std::make_shared<State>(::getpid())) {}

RunPool::~RunPool() { shutdown(); }

std::shared_ptr<RunPool::State> RunPool::state_of_this_process() {
  std::shared_ptr<State> state = std::atomic_load(&state_);
  if (state->process == ::getpid()) return state;
  // The parent's: its lock may be held by a thread that is not here. It is left as it is, never destroyed.
  auto fresh = std::make_shared<State>(::getpid());
  if (std::atomic_compare_exchange_strong(&state_, &state, fresh)) {
    new std::shared_ptr<State>(state);  // NOLINT: kept alive on purpose
    return fresh;
  }
  return state;
}

Result<void> RunPool::submit(std::function<void()> task) {
  const std::shared_ptr<State> state = state_of_this_process();
  const std::lock_guard lock(state->mutex);
  if (state->closed) return std::unexpected(Error{ErrorCode::kCancelled, "the runtime is shutting down", {}});
  state->tasks.push_back(std::move(task));
  if (state->idle >= state->tasks.size() || state->threads >= max_threads_) {
    state->work_came.notify_one();
    return {};
  }
  try {
    std::thread([state] { State::work(state); }).detach();
    ++state->threads;
  } catch (const std::system_error&) {
    if (state->threads == 0) {
      state->tasks.pop_back();
      return std::unexpected(Error{ErrorCode::kOutOfMemory, "no thread can be started for the run",
                                   "Raise the limit on processes (ulimit -u), or end other programs."});
    }
  }
  return {};
}

void RunPool::shutdown() {
  const std::shared_ptr<State> state = std::atomic_load(&state_);
  if (state->process != ::getpid()) return;
  std::unique_lock lock(state->mutex);
  state->closed = true;
  state->work_came.notify_all();
  state->thread_ended.wait(lock, [&] { return state->threads == 0; });
}

}  // namespace openskills::bindings
