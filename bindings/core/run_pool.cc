#include "run_pool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace openskills::bindings {
namespace {

using Clock = std::chrono::steady_clock;

// Long enough that a host with a run now and then does not start a thread for each.
constexpr std::chrono::seconds kIdle{5};
// Who makes short calls one after the other comes back within this. To sleep and be woken costs such a call twice: the
// switches, and a processor that went cold. Longer looking would only burn.
constexpr std::chrono::microseconds kLookout{100};

}  // namespace

struct RunPool::State {
  State(pid_t owner, std::size_t most) : process(owner), max_threads(most) {}

  static void work(const std::shared_ptr<State>& state);
  // The rest with the lock. Takes the first task, which there is, when its time has come.
  std::function<void()> take(std::unique_lock<std::mutex>& lock);
  enum class Called : std::uint8_t { kComes, kToNotify, kNone };
  // Sees to it that a thread comes for the first task. kToNotify: by work_came, best told when the lock is free again.
  // kNone when there is none and the system has none to give.
  static Called call_thread(const std::shared_ptr<State>& state);
  // Waits for a task without sleeping, for a moment: one thread at a time, which lets others go first. True when there
  // is one.
  bool look_out(std::unique_lock<std::mutex>& lock);

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
  bool looking_out = false;
  std::atomic<bool> tasks_came = false;  // while one looks out
  Clock::time_point last_begun;
  bool closed = false;
};

RunPool::State::Called RunPool::State::call_thread(const std::shared_ptr<State>& state) {
  if (state->taking || state->starting > 0) return Called::kComes;
  if (state->looking_out) {
    state->tasks_came = true;
    return Called::kComes;
  }
  if (state->idle > 0) return Called::kToNotify;
  if (state->threads >= state->max_threads) return Called::kComes;  // the next that is free
  try {
    std::thread([state] { work(state); }).detach();
  } catch (const std::exception&) {  // no thread, or no memory for one
    return state->threads > 0 ? Called::kComes : Called::kNone;
  }
  ++state->threads;
  ++state->starting;
  return Called::kComes;
}

bool RunPool::State::look_out(std::unique_lock<std::mutex>& lock) {
  if (looking_out || closed) return false;
  looking_out = true;
  tasks_came = false;
  lock.unlock();
  const Clock::time_point until = Clock::now() + kLookout;
  while (!tasks_came && Clock::now() < until) std::this_thread::yield();
  lock.lock();
  looking_out = false;
  return !tasks.empty();
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
      if (state->tasks.empty() && state->look_out(lock)) continue;
      ++state->idle;
      const bool woken = state->work_came.wait_for(
          lock, kIdle, [&] { return state->tasks.empty() ? state->closed : !state->taking; });
      --state->idle;
      if (!woken) break;
      continue;
    }
    std::function<void()> task = state->take(lock);
    // Without a thread for the next, this one comes back.
    const Called called = state->tasks.empty() ? Called::kComes : call_thread(state);
    lock.unlock();
    if (called == Called::kToNotify) state->work_came.notify_one();
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
  std::unique_lock lock(state->mutex);
  if (state->closed) return std::unexpected(Error{ErrorCode::kCancelled, "the runtime is shutting down", {}});
  state->tasks.push_back(std::move(task));
  const State::Called called = State::call_thread(state);
  if (called == State::Called::kNone) {
    state->tasks.pop_back();
    return std::unexpected(Error{ErrorCode::kOutOfMemory, "no thread can be started for the run",
                                 "Raise the limit on processes (ulimit -u), or end other programs."});
  }
  lock.unlock();
  if (called == State::Called::kToNotify) state->work_came.notify_one();
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
