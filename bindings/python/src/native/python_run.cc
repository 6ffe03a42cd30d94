#include "python_run.h"

#include <chrono>

#include "python_json.h"
#include "run_pool.h"

namespace nb = nanobind;

namespace openskills::python {
namespace {

using Runtime = std::shared_ptr<bindings::BindingRuntime>;

// How often a run on the main thread looks whether a signal's handler is to run.
constexpr std::chrono::milliseconds kSignalsEvery{20};

bindings::RunPool& pool() {
  // Never destroyed: its threads may outlive static objects.
  static auto* const the_pool = new bindings::RunPool();  // NOLINT
  return *the_pool;
}

// A Python object that threads without the interpreter's lock carry; it is let go with the lock held.
class Carried {
 public:
  explicit Carried(nb::object object) : object_(std::move(object)) {}
  Carried(const Carried&) = delete;
  Carried& operator=(const Carried&) = delete;
  ~Carried() {
    const nb::gil_scoped_acquire held;
    object_.reset();
  }
  [[nodiscard]] const nb::object& get() const { return object_; }

 private:
  nb::object object_;
};

// The token of one run. Handlers of signals run on the main thread alone: a run that has it looks for them when it asks
// whether to go on, and ends when one raised.
class RunToken : public CancelToken {
 public:
  void hear_signals() {
    hears_ = true;
    next_look_ = Clock::now() + kSignalsEvery;
  }
  [[nodiscard]] bool cancelled() const noexcept override {
    if (hears_ && raised_ == nullptr && Clock::now() >= next_look_) look();
    return raised_ != nullptr || CancelToken::cancelled();
  }
  // With the interpreter's lock, as what follows. The run ends, and this is raised where it was called for.
  void raised(nb::python_error& problem) {
    if (hears_ && raised_ == nullptr) {
      raised_ = std::make_unique<nb::python_error>(problem);
    } else {
      problem.discard_as_unraisable("openskills: on_output");
    }
  }
  void raise_what_was_raised() {
    if (raised_ == nullptr) return;
    const std::unique_ptr<nb::python_error> raised = std::move(raised_);
    throw nb::python_error(*raised);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void look() const noexcept {
    const nb::gil_scoped_acquire held;
    // Taken out of the thread's state: callbacks of the run may follow on this thread.
    if (PyErr_CheckSignals() != 0) raised_ = std::make_unique<nb::python_error>();
    next_look_ = Clock::now() + kSignalsEvery;
  }

  bool hears_ = false;
  mutable Clock::time_point next_look_;
  mutable std::unique_ptr<nb::python_error> raised_;
};

struct Job {
  Runtime runtime;
  bindings::RunRequest request;
  RunToken cancel;
  std::vector<StopToken*> stops;
  std::unique_ptr<Carried> on_output;
  std::unique_ptr<Carried> stops_object;  // keeps them
};

bool call_on_output(Job& job, StreamKind stream, std::string_view bytes) {
  const nb::gil_scoped_acquire held;
  try {
    return nb::cast<bool>(job.on_output->get()(stream == StreamKind::kStdout ? "stdout" : "stderr",
                                               nb::bytes(bytes.data(), bytes.size())));
  } catch (nb::python_error& problem) {
    // It never raises itself: on the main thread, the handler of a signal did.
    job.cancel.raised(problem);
    return false;
  }
}

std::shared_ptr<Job> make_job(const Runtime& runtime, std::string_view method, const nb::dict& arguments,
                              const nb::dict& options, const nb::object& standard_input, const nb::object& on_output,
                              const nb::object& stops) {
  const nlohmann::json given = json_of(arguments, {});
  // These are Python's own.
  const nlohmann::json wanted = json_of(options, {"stdin", "on_output", "cancel", "timeout"});
  auto job = std::make_shared<Job>();
  job->runtime = runtime;
  job->request = value_or_raise(bindings::run_request_from(method, given, wanted));
  RunOptions& run_options = job->request.options;
  if (nb::isinstance<nb::bytes>(standard_input)) {
    const auto bytes = nb::borrow<nb::bytes>(standard_input);
    run_options.stdin_source = {StdinSource::Kind::kBytes, std::string(bytes.c_str(), bytes.size()), -1};
  } else if (!standard_input.is_none()) {
    run_options.stdin_source = {StdinSource::Kind::kDescriptor, {}, nb::cast<int>(standard_input)};
  }
  if (!on_output.is_none()) {
    job->on_output = std::make_unique<Carried>(on_output);
    run_options.on_output = [of = job.get()](StreamKind stream, std::string_view bytes) {
      return call_on_output(*of, stream, bytes);
    };
  }
  for (const nb::handle stop : stops) job->stops.push_back(nb::cast<StopToken*>(stop));
  job->stops_object = std::make_unique<Carried>(stops);
  run_options.cancel = &job->cancel;
  return job;
}

void begin(Job& job) {
  if (!ActiveRuns::here().begin(job.cancel)) raise({ErrorCode::kCancelled, "the interpreter is shutting down", {}});
  for (StopToken* stop : job.stops) stop->add(job.cancel);
}

// Ends what begin() began.
class Begun {
 public:
  explicit Begun(Job& job) : job_(job) {}
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;
  ~Begun() {
    for (StopToken* stop : job_.stops) stop->remove(job_.cancel);
    ActiveRuns::here().end(job_.cancel);
  }

 private:
  Job& job_;
};

nb::tuple to_python(const Outcome& outcome) {
  return nb::make_tuple(members_of(outcome), nb::bytes(outcome.stdout_bytes.data(), outcome.stdout_bytes.size()),
                        nb::bytes(outcome.stderr_bytes.data(), outcome.stderr_bytes.size()));
}

// Looked up once: a fork makes another thread the main one, so this asks each time which it is.
const nb::object& main_thread_function() {
  static auto* const function = new nb::object(nb::module_::import_("threading").attr("main_thread"));  // NOLINT
  return *function;
}

bool on_main_thread() {
  return nb::cast<unsigned long>(main_thread_function()().attr("ident")) == PyThread_get_thread_ident();
}

}  // namespace

void define_errors(nb::module_& module) {
  PyObject* const type = PyErr_NewException("openskills._native.Error", nullptr, nullptr);
  module.attr("Error") = nb::steal(type);
}

void raise(const Error& error) {
  const nb::object type = nb::module_::import_("openskills._native").attr("Error");
  const std::string_view code = error_code_name(error.code);
  const auto text = [](std::string_view bytes) {
    PyObject* const decoded = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace");
    if (decoded == nullptr) throw nb::python_error();
    return nb::steal(decoded);
  };
  PyErr_SetObject(type.ptr(), nb::make_tuple(text(code), text(error.message), text(error.hint)).ptr());
  throw nb::python_error();
}

Runtime create_runtime(std::string_view options) {
  auto created = [&] {
    const nb::gil_scoped_release released;
    return bindings::BindingRuntime::create(options);
  }();
  std::unique_ptr<bindings::BindingRuntime> runtime = value_or_raise(std::move(created));
  // The last one to let go may be the interpreter: it does not wait for the worker's end with its lock held.
  return {runtime.release(), [](bindings::BindingRuntime* gone) {
            if (PyGILState_Check() == 0) {
              delete gone;  // NOLINT
              return;
            }
            const nb::gil_scoped_release released;
            delete gone;  // NOLINT
          }};
}

nb::tuple run(const Runtime& runtime, std::string_view method, const nb::dict& arguments, const nb::dict& options,
              const nb::object& standard_input, const nb::object& on_output, const nb::object& stops) {
  const std::shared_ptr<Job> job = make_job(runtime, method, arguments, options, standard_input, on_output, stops);
  begin(*job);
  const Begun begun(*job);
  if (on_main_thread()) job->cancel.hear_signals();
  Outcome outcome;
  {
    const nb::gil_scoped_release released;
    outcome = job->runtime->run(job->request);
  }
  job->cancel.raise_what_was_raised();
  return to_python(outcome);
}

void start(const Runtime& runtime, std::string_view method, const nb::dict& arguments, const nb::dict& options,
           const nb::object& standard_input, const nb::object& on_output, const nb::object& stops,
           const nb::object& done) {
  std::shared_ptr<Job> job = make_job(runtime, method, arguments, options, standard_input, on_output, stops);
  begin(*job);
  auto carried = std::make_shared<Carried>(done);
  const auto finish = [](const Carried& callback, const Outcome& outcome) {
    const nb::gil_scoped_acquire held;
    try {
      callback.get()(to_python(outcome));
    } catch (nb::python_error& problem) {
      problem.discard_as_unraisable("openskills: the end of a run");
    }
  };
  const nb::gil_scoped_release released;
  const Result<void> submitted = pool().submit([job, carried, finish]() mutable {
    {
      const Begun begun(*job);
      const Outcome outcome = job->runtime->run(job->request);
      finish(*carried, outcome);
      carried.reset();
      job->on_output.reset();
    }
    job.reset();
  });
  if (submitted) return;
  { const Begun begun(*job); }
  finish(*carried, bindings::BindingRuntime::not_run(submitted.error()));
}

void in_background(const nb::object& work) {
  auto carried = std::make_shared<Carried>(work);
  Result<void> submitted = [&] {
    const nb::gil_scoped_release released;
    return pool().submit([carried]() mutable {
      const nb::gil_scoped_acquire held;
      try {
        carried->get()();
      } catch (nb::python_error& problem) {
        problem.discard_as_unraisable("openskills: a call in the background");
      }
      carried.reset();
    });
  }();
  if (!submitted) raise(submitted.error());
}

void shut_down() {
  const nb::gil_scoped_release released;
  ActiveRuns::here().close();
  pool().shutdown();
  ActiveRuns::here().wait_until_idle();
}

}  // namespace openskills::python
