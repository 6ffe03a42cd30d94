// Runs the script as CPython's own main does, and ends the interpreter without tearing the snapshot down.
#include "guest.h"

// The functions that run a command, a module, a folder or standard input are private to this file of CPython.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include "Modules/main.c"
#pragma clang diagnostic pop

#include "pycore_atexit.h"
#include "pycore_ceval.h"
#include "pycore_import.h"
#include "pycore_moduleobject.h"
#include "pycore_weakref.h"

#include <dirent.h>
#include <fcntl.h>

// ---- modules of the snapshot that a file beside the script takes the place of ----

// Forgets `stem` and its submodules when a preloaded module is known by that name.
static void forget_shadowed(const char *stem, size_t length) {
  PyObject *name = PyUnicode_DecodeFSDefaultAndSize(stem, (Py_ssize_t)length);
  PyObject *names = name != NULL ? PyDict_GetItemWithError(snapshot.shadowed, name) : NULL;
  Py_XDECREF(name);
  if (names == NULL) {
    PyErr_Clear();
    return;
  }
  PyObject *modules = PyImport_GetModuleDict();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
    if (PyDict_DelItem(modules, PyTuple_GET_ITEM(names, i)) < 0) PyErr_Clear();
  }
}

static int is_package(const char *folder, const char *name) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s/__init__.py", folder, name);
  return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

// A module next to the script comes before the standard library's. The ones of the snapshot are imported already,
// so those a sibling stands for are taken out of sys.modules.
static void give_way_to_siblings(PyObject *folder) {
  PyObject *bytes = NULL;
  if (!PyUnicode_FSConverter(folder, &bytes)) {
    PyErr_Clear();
    return;
  }
  const char *path = PyBytes_GET_SIZE(bytes) > 0 ? PyBytes_AS_STRING(bytes) : ".";
  DIR *directory = opendir(path);
  struct dirent *entry;
  while (directory != NULL && (entry = readdir(directory)) != NULL) {
    size_t length = strlen(entry->d_name);
    if (length > 3 && strcmp(entry->d_name + length - 3, ".py") == 0) {
      forget_shadowed(entry->d_name, length - 3);
    } else if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
      PyObject *name = PyUnicode_DecodeFSDefault(entry->d_name);
      int known = name != NULL && PyDict_Contains(snapshot.shadowed, name) > 0;
      Py_XDECREF(name);
      if (known && is_package(path, entry->d_name)) forget_shadowed(entry->d_name, length);
    }
  }
  if (directory != NULL) closedir(directory);
  PyErr_Clear();
  Py_DECREF(bytes);
}

// ---- scripts ----

static void flush_streams(void) {
  PyObject *error = PyErr_GetRaisedException();
  static const char *const names[] = {"stderr", "stdout"};
  for (int i = 0; i < 2; i++) {
    PyObject *stream = PySys_GetObject(names[i]);
    if (stream != NULL && stream != Py_None && _PyFile_Flush(stream) < 0) PyErr_Clear();
  }
  PyErr_SetRaisedException(error);
}

static int has_suffix(const wchar_t *name, const wchar_t *suffix) {
  size_t length = wcslen(name), tail = wcslen(suffix);
  return length > tail && wcscmp(name + length - tail, suffix) == 0;
}

#define MOST_SOURCE_BYTES (64 * 1024 * 1024 - 1)

// CPython reads a script through its line tokenizer; from memory it compiles in about half the time.
static PyObject *compile_script(PyObject *filename) {
  PyObject *path = NULL;
  if (!PyUnicode_FSConverter(filename, &path)) return NULL;
  PyObject *text = guest_read_file(PyBytes_AS_STRING(path), MOST_SOURCE_BYTES);
  Py_DECREF(path);
  PyObject *code = NULL;
  // What has a NUL in it, or cannot be read, is for CPython's own reader.
  if (text != NULL && memchr(PyBytes_AS_STRING(text), 0, (size_t)PyBytes_GET_SIZE(text)) == NULL) {
    PyCompilerFlags flags = _PyCompilerFlags_INIT;
    code = Py_CompileStringObject(PyBytes_AS_STRING(text), filename, Py_file_input, &flags, -1);
  }
  Py_XDECREF(text);
  return code;
}

static int set_loader(PyObject *names, PyObject *filename) {
  PyObject *type = _PyImport_GetImportlibExternalLoader(_PyInterpreterState_GET(), "SourceFileLoader");
  PyObject *loader = type != NULL ? PyObject_CallFunction(type, "sO", "__main__", filename) : NULL;
  int result = loader != NULL ? PyDict_SetItemString(names, "__loader__", loader) : -1;
  Py_XDECREF(type);
  Py_XDECREF(loader);
  return result;
}

static int run_script(PyConfig *config) {
  PyObject *filename = PyUnicode_FromWideChar(config->run_filename, -1);
  PyObject *code = filename != NULL ? guest_script_code(filename) : NULL;
  if (code == NULL && filename != NULL) code = compile_script(filename);
  if (code == NULL) {
    // Errors are worded by the reader CPython uses for files.
    PyErr_Clear();
    Py_XDECREF(filename);
    return pymain_run_file(config);
  }
  PyObject *module = PyImport_AddModuleRef("__main__");
  PyObject *names = PyModule_GetDict(module);
  PyObject *result = NULL;
  if (PyDict_SetItemString(names, "__file__", filename) == 0 && PyDict_SetItemString(names, "__cached__", Py_None) == 0 &&
      set_loader(names, filename) == 0)
    result = PyEval_EvalCode(code, names, names);
  Py_DECREF(code);
  Py_DECREF(filename);
  Py_DECREF(module);
  flush_streams();
  if (result == NULL) {
    // PyErr_Print would leave through Py_Exit, and for the host a call of proc_exit is a trap: dearer than returning.
    int status = 0;
    if (_Py_HandleSystemExit(&status)) return status;
    PyErr_Print();
    return 1;
  }
  Py_DECREF(result);
  return 0;
}

// ---- what pymain_run_python does ----

static int add_first_path(PyConfig *config, PyObject *folder) {
  if (config->sys_path_0 == NULL) {
    wchar_t *wide = PyUnicode_AsWideCharString(folder, NULL);
    if (wide == NULL) return -1;
    config->sys_path_0 = _PyMem_RawWcsdup(wide);
    PyMem_Free(wide);
  }
  give_way_to_siblings(folder);
  return pymain_sys_path_add_path0(_PyInterpreterState_GET(), folder);
}

static int dispatch(PyConfig *config, PyObject *importer_path) {
  if (config->run_command != NULL) return pymain_run_command(config->run_command);
  if (config->run_module != NULL) return pymain_run_module(config->run_module, 1);
  if (importer_path != NULL) return pymain_run_module(L"__main__", 0);
  if (config->run_filename == NULL) return pymain_run_stdin(config);
  if (config->skip_source_first_line || has_suffix(config->run_filename, L".pyc")) return pymain_run_file(config);
  return run_script(config);
}

int guest_run(void) {
  PyConfig *config = guest_config();
  PyInterpreterState *interpreter = _PyInterpreterState_GET();
  int status = 0;
  // A folder or a zip file may be run as well; asking costs several file operations a plain script need not pay.
  PyObject *importer_path = NULL;
  if (config->run_filename != NULL && !has_suffix(config->run_filename, L".py") &&
      pymain_get_importer(config->run_filename, &importer_path, &status))
    return status;
  PyObject *first = Py_XNewRef(importer_path);
  if (first == NULL && !config->safe_path && _PyPathConfig_ComputeSysPath0(&config->argv, &first) < 0)
    return pymain_exit_err_print();
  if (first != NULL && add_first_path(config, first) < 0) return pymain_exit_err_print();
  Py_XDECREF(first);
  pymain_header(config);
  _PyInterpreterState_SetRunningMain(interpreter);
  status = dispatch(config, importer_path);
  pymain_repl(config, &status);
  _PyInterpreterState_SetNotRunningMain(interpreter);
  Py_XDECREF(importer_path);
  return status;
}

// ---- the end ----

static int stream_is_closed(PyObject *stream) {
  PyObject *closed = PyObject_GetAttr(stream, &_Py_ID(closed));
  int result = closed != NULL ? PyObject_IsTrue(closed) : -1;
  Py_XDECREF(closed);
  if (result < 0) PyErr_Clear();
  return result > 0;
}

static int flush_at_exit(void) {
  int status = 0;
  PyObject *out = PySys_GetObject("stdout");
  if (out != NULL && out != Py_None && !stream_is_closed(out) && _PyFile_Flush(out) < 0) {
    PyErr_FormatUnraisable("Exception ignored on flushing sys.stdout");
    status = -1;
  }
  PyObject *err = PySys_GetObject("stderr");
  if (err != NULL && err != Py_None && !stream_is_closed(err) && _PyFile_Flush(err) < 0) {
    PyErr_Clear();
    status = -1;
  }
  return status;
}

static void flush_quietly(PyObject *stream) {
  if (stream != NULL && stream != Py_None && !stream_is_closed(stream) && _PyFile_Flush(stream) < 0) PyErr_Clear();
}

// CPython finalises the streams it started with when sys goes, and says nothing of what fails then. Here they stay, those
// of the snapshot for good: what is left in them is flushed, also beneath a wrapper that was taken off.
static void flush_first_streams(void) {
  static const char *const names[] = {"__stderr__", "__stdout__"};
  for (int i = 0; i < 2; i++) flush_quietly(PySys_GetObject(names[i]));
  for (int fd = 1; fd < 3; fd++) {
    flush_quietly(snapshot.streams[fd]);
    flush_quietly(snapshot.buffers[fd]);
  }
}

// Whether threading's own end would find nothing to do, and nobody could see that it did not come.
static int no_thread_is_left(PyObject *threading) {
  if (_PyInterpreterState_GET()->atexit.ncallbacks > 0) return 0;
  PyObject *const *parts = &PyTuple_GET_ITEM(snapshot.threads, 0);
  PyObject *shutdown = PyModule_Check(threading) ? PyDict_GetItemWithError(PyModule_GetDict(threading), &_Py_ID(_shutdown)) : NULL;
  return threading == parts[0] && shutdown == parts[1] && PyList_GET_SIZE(parts[2]) == 0 && PyObject_Size(parts[3]) == 0;
}

static void shut_threads_down(void) {
  PyObject *threading = PyImport_GetModule(&_Py_ID(threading));
  if (threading == NULL) return;
  if (no_thread_is_left(threading)) {
    Py_DECREF(threading);
    return;
  }
  PyObject *result = PyObject_CallMethodNoArgs(threading, &_Py_ID(_shutdown));
  if (result == NULL) PyErr_FormatUnraisable("Exception ignored on threading shutdown");
  Py_XDECREF(result);
  Py_DECREF(threading);
}

static int has_new_handlers(void) {
  PyObject *handlers = PyDict_GetItemString(snapshot.logging, "_handlerList");
  Py_ssize_t count = PyTuple_GET_SIZE(snapshot.handlers);
  return handlers == NULL || !PyList_Check(handlers) || PyList_GET_SIZE(handlers) != count ||
         PyList_GET_ITEM(handlers, count - 1) != PyTuple_GET_ITEM(snapshot.handlers, count - 1);
}

// logging has registered its exit function, which looks at each handler: those of the snapshot need nothing. Known by the
// function: a record of another one can lie where this one's was before it was taken out.
static void leave_logging_out(struct atexit_state *exits) {
  if (exits->ncallbacks == 0 || exits->callbacks[0] == NULL || exits->callbacks[0]->func != snapshot.logging_ending) return;
  if (has_new_handlers()) return;
  exits->callbacks[0] = NULL;
  if (exits->ncallbacks == 1) exits->ncallbacks = 0;
}

// Exit functions that other modules of the snapshot have registered, of those that the run imported.
static void call_endings(void) {
  PyObject *modules = PyImport_GetModuleDict();
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(snapshot.endings); i++) {
    PyObject *ending = PyList_GET_ITEM(snapshot.endings, i);
    PyObject *name = PyTuple_GET_ITEM(ending, 0), *function = PyTuple_GET_ITEM(ending, 1);
    if (PyDict_Contains(modules, name) <= 0) continue;
    PyObject *result = PyObject_CallNoArgs(function);
    if (result == NULL) PyErr_FormatUnraisable("Exception ignored in atexit callback %R", function);
    Py_XDECREF(result);
  }
}

// Whether a module of sys.modules is the snapshot's. `next` goes through the snapshot's modules as the caller goes through
// sys.modules: as long as nobody has taken one out they are known by their place, so that none is looked at. Looking at
// hundreds of modules would read as many places.
static int is_of_snapshot(PyObject *module, Py_ssize_t *next) {
  if (*next < snapshot.module_count && snapshot.modules[*next] == module) {
    ++*next;
    return 1;
  }
  if (!_Py_IsImmortal(module)) return 0;
  for (Py_ssize_t i = *next; i < snapshot.module_count; i++) {
    if (snapshot.modules[i] == module) {
      *next = i + 1;
      break;
    }
  }
  return 1;
}

// Modules of the run go as they go in CPython: out of sys.modules first, so that most objects are finalised while
// the names they use still exist, then what a cycle or a reference kept is cleared. Objects of the snapshot stay.
static void finalise_modules(void) {
  PyObject *modules = PyImport_GetModuleDict();
  PyObject *kept = PyList_New(0), *mine = PyList_New(0);
  PyObject *name, *module;
  Py_ssize_t position = 0, next = 0;
  if (kept == NULL || mine == NULL) return;
  while (PyDict_Next(modules, &position, &name, &module)) {
    if (is_of_snapshot(module, &next) || !PyModule_Check(module)) continue;
    PyObject *reference = PyWeakref_NewRef(module, NULL);
    if (reference == NULL || PyList_Append(kept, reference) < 0 || PyList_Append(mine, name) < 0) PyErr_Clear();
    Py_XDECREF(reference);
  }
  PyGC_Collect(); // orders what is left so that a file in a cycle is flushed from the outside in
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(mine); i++) {
    if (PyDict_DelItem(modules, PyList_GET_ITEM(mine, i)) < 0) PyErr_Clear();
  }
  PyGC_Collect();
  for (Py_ssize_t i = PyList_GET_SIZE(kept) - 1; i >= 0; i--) {
    PyObject *alive = _PyWeakref_GET_REF(PyList_GET_ITEM(kept, i));
    if (alive == NULL) continue;
    _PyModule_Clear(alive);
    Py_DECREF(alive);
  }
}

// What a script put in the place of the standard streams was flushed; what it took away is flushed after this.
static void restore_streams(void) {
  static const char *const names[][2] = {{"stdin", "__stdin__"}, {"stdout", "__stdout__"}, {"stderr", "__stderr__"}};
  for (int i = 0; i < 3; i++) {
    PyObject *original = PySys_GetObject(names[i][1]);
    if (PySys_SetObject(names[i][0], original != NULL ? original : Py_None) < 0) PyErr_Clear();
  }
}

int guest_finish(int status) {
  PyThreadState *thread = _PyThreadState_GET();
  if (_PyThreadState_IsRunningMain(thread)) _PyInterpreterState_SetNotRunningMain(thread->interp);
  leave_logging_out(&thread->interp->atexit);
  shut_threads_down();
  _Py_FinishPendingCalls(thread);
  _PyAtExit_Call(thread->interp);
  call_endings();
  int flushed = flush_at_exit();
  _PyInterpreterState_SetFinalizing(thread->interp, thread); // sys.is_finalizing()
  restore_streams();
  finalise_modules();
  flush_first_streams();
  return flushed < 0 ? 120 : status;
}
