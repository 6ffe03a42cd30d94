// What happens before the snapshot: the interpreter is initialised, the standard modules a script is likely to
// import are imported, and what runs at every start is run until it is specialised.
#include "guest.h"

#include "pycore_atexit.h"
#include "pycore_gc.h"

static const char boot_source[] = {
#embed "boot.py"
    , 0};

Snapshot snapshot;

static void check(PyStatus status) {
  if (PyStatus_Exception(status)) {
    fprintf(stderr, "python guest: %s\n", status.err_msg ? status.err_msg : "initialisation failed");
    guest_fatal("the interpreter does not initialise; is the library preopened at " GUEST_LIB "?");
  }
}

// Before anything is imported, so that the names lie together, and so do their places among the interned ones: compiling
// a script looks each of its names up.
static void intern_common_names(void) {
  char line[256];
  FILE *lines = fopen(GUEST_LIB "/_common_names.txt", "r");
  if (lines == NULL) guest_fatal("the list of common names");
  while (fgets(line, sizeof line, lines) != NULL) {
    char *end = strchr(line, '\n');
    if (end == NULL) guest_fatal("a common name's length");
    *end = 0;
    if (PyUnicode_InternFromString(line) == NULL) guest_fatal("a common name"); // kept for good
  }
  if (ferror(lines) || fclose(lines) != 0) guest_fatal("the list of common names");
}

static void initialize_interpreter(void) {
  PyPreConfig preconfig;
  PyPreConfig_InitIsolatedConfig(&preconfig);
  preconfig.utf8_mode = 1; // the sandbox's locale is C.UTF-8, and wasi-libc has no locales
  check(Py_PreInitialize(&preconfig));
  guest_add_platform_module();

  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.isolated = 0;
  config.safe_path = 0;
  config.user_site_directory = 0;
  config.write_bytecode = 0; // /skill is read-only and nothing of a run survives it
  // Hashes are part of every dict of the snapshot: the secret cannot be renewed, so it is at least a known one.
  config.use_hash_seed = 1;
  config.hash_seed = 0;
  check(PyConfig_SetString(&config, &config.program_name, L"python3"));
  check(PyConfig_SetString(&config, &config.executable, L"/usr/bin/python3"));
  check(PyConfig_SetString(&config, &config.base_executable, L"/usr/bin/python3"));
  check(PyConfig_SetString(&config, &config.prefix, L"/usr"));
  check(PyConfig_SetString(&config, &config.base_prefix, L"/usr"));
  check(PyConfig_SetString(&config, &config.exec_prefix, L"/usr"));
  check(PyConfig_SetString(&config, &config.base_exec_prefix, L"/usr"));
  check(PyConfig_SetString(&config, &config.stdlib_dir, L"" GUEST_LIB));
  config.module_search_paths_set = 1;
  check(PyWideStringList_Append(&config.module_search_paths, L"" GUEST_LIB));
  config._init_main = 0;
  check(Py_InitializeFromConfig(&config));
  intern_common_names();
  check(_Py_InitializeMain());
  PyConfig_Clear(&config);
  // Read by the command line's parser only; a script sees them in sys.flags.
  guest_config()->use_environment = 1;
  guest_read_variables(1);
  guest_config()->user_site_directory = 1;
}

static PyObject *item(PyObject *dict, const char *name) {
  PyObject *value = PyDict_GetItemString(dict, name);
  if (value == NULL) guest_fatal(name);
  return value;
}

// sys.path as `site` left it is what every run starts from, also where the flags make CPython rebuild it.
static void keep_search_path(void) {
  PyConfig *config = guest_config();
  PyObject *path = PySys_GetObject("path");
  PyWideStringList list = {0};
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(path); i++) {
    wchar_t *entry = PyUnicode_AsWideCharString(PyList_GET_ITEM(path, i), NULL);
    if (entry == NULL) guest_fatal("sys.path");
    check(PyWideStringList_Append(&list, entry));
    PyMem_Free(entry);
  }
  _PyWideStringList_Clear(&config->module_search_paths);
  config->module_search_paths = list;
}

static PyObject *run_boot(void) {
  PyObject *code = Py_CompileString(boot_source, "<openskills>", Py_file_input);
  PyObject *names = PyDict_New();
  if (code == NULL || names == NULL || PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) < 0 ||
      PyDict_SetItemString(names, "__name__", Py_None) < 0)
    guest_fatal("boot.py does not compile");
  PyObject *result = PyEval_EvalCode(code, names, names);
  if (result == NULL) guest_fatal("boot.py failed");
  Py_DECREF(result);
  Py_DECREF(code);
  return names; // kept for good
}

// Modules that no run has imported yet have nothing to end: a run calls these functions for those it used (run.c). That of
// logging stays where a run finds it, since logging is always imported.
static void keep_endings(void) {
  struct atexit_state *state = &_PyInterpreterState_GET()->atexit;
  atexit_py_callback *of_logging = NULL;
  snapshot.endings = PyList_New(0);
  if (snapshot.endings == NULL) guest_fatal("out of memory");
  for (int i = state->ncallbacks - 1; i >= 0; i--) {
    atexit_py_callback *callback = state->callbacks[i];
    state->callbacks[i] = NULL;
    if (callback == NULL) continue;
    PyObject *name = PyObject_GetAttrString(callback->func, "__module__");
    if (name == NULL || PyTuple_GET_SIZE(callback->args) != 0 || callback->kwargs != NULL) guest_fatal("an exit function");
    if (PyUnicode_EqualToUTF8(name, "logging")) {
      of_logging = callback;
      continue;
    }
    PyObject *ending = PyTuple_Pack(2, name, callback->func);
    if (ending == NULL || PyList_Append(snapshot.endings, ending) < 0) guest_fatal("an exit function");
  }
  if (of_logging == NULL) guest_fatal("logging has no exit function");
  snapshot.logging_ending = of_logging->func;
  state->callbacks[0] = of_logging;
  state->ncallbacks = 1;
}

static void keep_modules(void) {
  PyObject *modules = PyImport_GetModuleDict(), *name, *module;
  Py_ssize_t position = 0;
  snapshot.modules = PyMem_New(PyObject *, PyDict_GET_SIZE(modules));
  if (snapshot.modules == NULL) guest_fatal("out of memory");
  while (PyDict_Next(modules, &position, &name, &module)) snapshot.modules[snapshot.module_count++] = module;
}

void guest_initialize(void) {
  initialize_interpreter();
  PyObject *boot = run_boot();
  keep_search_path();
  snapshot.environ = item(boot, "environ");
  snapshot.reseed = item(boot, "reseed");
  snapshot.logging = item(boot, "logging_names");
  snapshot.shadowed = item(boot, "shadowed");
  snapshot.block = item(boot, "block");
  snapshot.main = item(boot, "main_names");
  snapshot.codes = item(boot, "codes");
  snapshot.threads = item(boot, "threads");
  snapshot.handlers = item(boot, "handlers");
  keep_endings();
  keep_modules();
  guest_keep_streams();
  // Frozen objects are never looked at by a run's collections. The collector stays enabled throughout: switching
  // it off for the imports leaves counters that make the first collection of every run a full one.
  PyGC_Collect();
  guest_make_immortal();
  if (PyObject_CallNoArgs(item(boot, "freeze")) == NULL) guest_fatal("gc.freeze failed");
  guest_use_up_free_chunks();
}
