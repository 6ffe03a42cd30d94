#include "run_pool.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace openskills::bindings {
namespace {

using Clock = std::chrono::steady_clock;

// Long enough that a host with a run now and then does not start a thread for each.
constexpr std::chrono::seconds kIdle{5};

}  // namespace

struct RunPool::State {
  State(pid_t owner, std::size_t most) : process(owner), max_threads(most) {}

  static void work(const std::shared_ptr<State>& state);
  // The rest with the lock. Takes the first task, which there is, when its time has come.
  std::function<void()> take(std::unique_lock<std::mutex>& lock);
  // Sees to it that a thread comes for the first task. False when there is none and the system has none to give.
  static bool call_thread(const std::shared_ptr<State>& state);

  const pid_t process;
  const std::size_t max_threads;
  // So many tasks begin as they come. Beyond them one begins in each such time: who submits many at once, an event loop
  // for one, would otherwise share its processor with all of their threads for as long as it takes to submit them.
  const std::size_t at_once = 2 * std::max(2U, std::thread::hardware_concurrency());
  const std::chrono::nanoseconds pace = std::chrono::milliseconds(4) / at_once;
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable task_ended;
  std::condition_variable thread_ended;
  std::deque<std::function<void()>> tasks;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t starting = 0;
  std::size_t busy = 0;
  bool taking = false;  // one thread at a time, which calls the next
  Clock::time_point last_begun;
  bool closed = false;
};

bool RunPool::State::call_thread(const std::shared_ptr<State>& state) {
  if (state->taking || state->starting > 0) return true;
  if (state->idle > 0) {
    state->work_came.notify_one();
    return true;
  }
  if (state->threads >= state->max_threads) return true;  // the next that is free
  try {
    std::thread([state] { work(state); }).detach();
  } catch (const std::system_error&) {
    return state->threads > 0;
  }
  ++state->threads;
  ++state->starting;
  return true;
}

std::function<void()> RunPool::State::take(std::unique_lock<std::mutex>& lock) {
  taking = true;
  const Clock::time_point its_time = last_begun + pace;
  task_ended.wait_until(lock, its_time, [&] { return busy < at_once; });
  taking = false;
  last_begun = Clock::now();
  ++busy;
  std::function<void()> task = std::move(tasks.front());
  tasks.pop_front();
  return task;
}

void RunPool::State::work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  --state->starting;
  while (true) {
    if (state->tasks.empty() || state->taking) {
      if (state->tasks.empty() && state->closed) {
        state->work_came.notify_all();  // to those that were not told because another was taking
        break;
      }
      ++state->idle;
      const bool woken = state->work_came.wait_for(
          lock, kIdle, [&] { return state->tasks.empty() ? state->closed : !state->taking; });
      --state->idle;
      if (!woken) break;
      continue;
    }
    std::function<void()> task = state->take(lock);
    if (!state->tasks.empty()) static_cast<void>(call_thread(state));  // without: this one comes back
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before another waits for the thread
    lock.lock();
    --state->busy;
    state->task_ended.notify_one();
  }
  --state->threads;
  state->thread_ended.notify_all();
}

RunPool::RunPool(std::size_t max_threads) : state_(std::make_shared<State>(::getpid(), max_threads)) {}

RunPool::~RunPool() { shutdown(); }

std::shared_ptr<RunPool::State> RunPool::state_of_this_process() {
  std::shared_ptr<State> state = std::atomic_load(&state_);
  if (state->process == ::getpid()) return state;
  // The parent's: its lock may be held by a thread that is not here. It is left as it is, never destroyed.
  auto fresh = std::make_shared<State>(::getpid(), state->max_threads);
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
  if (State::call_thread(state)) return {};
  state->tasks.pop_back();
  return std::unexpected(Error{ErrorCode::kOutOfMemory, "no thread can be started for the run",
                               "Raise the limit on processes (ulimit -u), or end other programs."});
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
