// What a start renews: everything the snapshot froze that belongs to one run.
#include "guest.h"

#include "pycore_fileutils.h"
#include "pycore_sysmodule.h"

#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int _PySys_UpdateConfig(PyThreadState *tstate);
extern int _PyOS_opterr;
extern Py_ssize_t _PyOS_optind;
extern const wchar_t *_PyOS_optarg;
void _PyOS_ResetGetOpt(void);
int _PyOS_GetOpt(Py_ssize_t argc, wchar_t *const *argv, int *longindex);

static void need(int failed, const char *what) {
  if (failed) guest_fatal(what);
}

// ---- environment ----

static void renew_environ(void) {
  for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
    const char *equals = strchr(*entry, '=');
    if (equals == NULL) continue;
    PyObject *key = PyBytes_FromStringAndSize(*entry, equals - *entry);
    PyObject *value = PyBytes_FromString(equals + 1);
    need(key == NULL || value == NULL || PyDict_SetDefault(snapshot.environ, key, value) == NULL, "os.environ");
    Py_DECREF(key);
    Py_DECREF(value);
  }
}

// ---- command line ----

// Options other than these print something and end, or do not exist: CPython's own parser answers them.
static const wchar_t simple_options[] = L"bBcdEiIOmPqRsStuvWxX";

static int let_cpython_answer(int argc, char **argv) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.site_import = 0;
  PyStatus status = PyConfig_SetBytesArgv(&config, argc, argv);
  if (!PyStatus_Exception(status)) status = PyConfig_Read(&config);
  if (PyStatus_IsExit(status)) return status.exitcode;
  if (PyStatus_Exception(status)) fprintf(stderr, "python3: %s\n", status.err_msg ? status.err_msg : "bad options");
  return 2;
}

static void append(PyWideStringList *list, const wchar_t *text) {
  need(PyStatus_Exception(PyWideStringList_Append(list, text)), "out of memory");
}

static wchar_t *duplicate(const wchar_t *text, const wchar_t *suffix) {
  size_t length = wcslen(text), extra = wcslen(suffix) + 1;
  wchar_t *copy = PyMem_RawMalloc((length + extra) * sizeof(wchar_t));
  need(copy == NULL, "out of memory");
  wmemcpy(copy, text, length);
  wmemcpy(copy + length, suffix, extra);
  return copy;
}

// Returns whether the option changes more than what to run, so that sys must be brought up to date.
static int take_option(PyConfig *config, int option) {
  switch (option) {
    case 'b': config->bytes_warning++; break;
    case 'd': config->parser_debug++; break;
    case 'i': config->inspect++; config->interactive++; break;
    case 'E':
      config->use_environment = 0;
      guest_read_variables(0);
      break;
    case 'I':
      config->isolated = config->safe_path = 1;
      config->use_environment = config->user_site_directory = 0;
      guest_read_variables(0);
      break;
    case 'O': config->optimization_level++; break;
    case 'P': config->safe_path = 1; break;
    case 'q': config->quiet++; break;
    case 's': config->user_site_directory = 0; break;
    case 'S': config->site_import = 0; break;
    case 'u': config->buffered_stdio = 0; break;
    case 'v': config->verbose++; break;
    case 'x': config->skip_source_first_line = 1; break;
    case 'W': append(&config->warnoptions, _PyOS_optarg); break;
    case 'X': append(&config->xoptions, _PyOS_optarg); break;
    default: return 0; // B: never writes bytecode; R, t: without effect
  }
  return 1;
}

typedef struct {
  int options_changed;
  Py_ssize_t first_argument;
  int answer; // exit status of an option that ends the program, or -1
} CommandLine;

static CommandLine parse(PyConfig *config, int argc, char **argv) {
  CommandLine line = {.answer = -1};
  PyWideStringList *words = &config->orig_argv;
  _PyOS_ResetGetOpt();
  for (;;) {
    int long_option = -1;
    _PyOS_opterr = 0; // the second reading reports it
    int option = _PyOS_GetOpt(words->length, words->items, &long_option);
    if (option == EOF) break;
    if (option == 'c') {
      config->run_command = duplicate(_PyOS_optarg, L"\n");
    } else if (option == 'm') {
      config->run_module = duplicate(_PyOS_optarg, L"");
    } else if (option <= ' ' || wcschr(simple_options, (wchar_t)option) == NULL) {
      line.answer = let_cpython_answer(argc, argv);
      return line;
    } else {
      line.options_changed |= take_option(config, option);
      continue;
    }
    break;
  }
  line.first_argument = _PyOS_optind;
  if (config->run_command != NULL || config->run_module != NULL) {
    line.first_argument--; // its place becomes sys.argv[0]
  } else if (_PyOS_optind < words->length && wcscmp(words->items[_PyOS_optind], L"-") != 0) {
    config->run_filename = duplicate(words->items[_PyOS_optind], L"");
  }
  return line;
}

static void set_argv(PyConfig *config, Py_ssize_t first_argument) {
  const PyWideStringList *words = &config->orig_argv;
  const wchar_t *forced = config->run_command ? L"-c" : config->run_module ? L"-m" : NULL;
  _PyWideStringList_Clear(&config->argv);
  if (forced != NULL || first_argument >= words->length) append(&config->argv, forced ? forced : L"");
  for (Py_ssize_t i = first_argument + (forced != NULL); i < words->length; i++) append(&config->argv, words->items[i]);
  if (config->run_filename != NULL && !_Py_isabs(config->run_filename)) {
    wchar_t *absolute = NULL;
    if (_Py_abspath(config->run_filename, &absolute) == 0 && absolute != NULL) {
      PyMem_RawFree(config->run_filename);
      config->run_filename = absolute;
    }
  }
}

static const char *variable(const PyConfig *config, const char *name) {
  const char *value = config->use_environment ? getenv(name) : NULL;
  return value != NULL && value[0] != 0 ? value : NULL;
}

static wchar_t *decode(const char *text) {
  wchar_t *wide = Py_DecodeLocale(text, NULL);
  need(wide == NULL, "out of memory");
  return wide;
}

// Splits at a separator and puts the words in front of a list, in their order.
static void insert_words(PyWideStringList *list, const char *text, wchar_t separator) {
  wchar_t *copy = decode(text), *word = copy;
  for (Py_ssize_t index = 0; word != NULL; index++) {
    wchar_t *end = wcschr(word, separator);
    if (end != NULL) *end = 0;
    need(PyStatus_Exception(PyWideStringList_Insert(list, index, word)), "out of memory");
    word = end != NULL ? end + 1 : NULL;
  }
  PyMem_RawFree(copy);
}

// The variables of CPython that scripts and their callers really set.
static int take_variables(PyConfig *config) {
  const char *path = variable(config, "PYTHONPATH");
  const char *warnings = variable(config, "PYTHONWARNINGS");
  const char *optimize = variable(config, "PYTHONOPTIMIZE");
  if (path != NULL) insert_words(&config->module_search_paths, path, L':');
  if (warnings != NULL) insert_words(&config->warnoptions, warnings, L',');
  if (optimize != NULL) config->optimization_level = atoi(optimize) > 0 ? atoi(optimize) : 1;
  if (variable(config, "PYTHONUNBUFFERED") != NULL) config->buffered_stdio = 0;
  if (variable(config, "PYTHONSAFEPATH") != NULL) config->safe_path = 1;
  return path != NULL || warnings != NULL || optimize != NULL || config->safe_path;
}

static void set_sys_list(const char *name, const PyWideStringList *words) {
  PyObject *list = _PyWideStringList_AsList(words);
  need(list == NULL || PySys_SetObject(name, list) < 0, name);
  Py_DECREF(list);
}

static void update_sys(PyConfig *config, int everything) {
  if (!everything) {
    set_sys_list("argv", &config->argv);
    set_sys_list("orig_argv", &config->orig_argv);
    return;
  }
  need(_PySys_UpdateConfig(_PyThreadState_GET()) < 0, "sys");
  if (config->warnoptions.length == 0) return;
  PyObject *warnings = PyImport_ImportModule("warnings");
  PyObject *done = PyObject_CallMethod(warnings, "_processoptions", "O", PySys_GetObject("warnoptions"));
  need(done == NULL, "warning options");
  Py_DECREF(done);
  Py_DECREF(warnings);
}

// ---- standard streams ----

static PyObject *open_stream(PyObject *io, const PyConfig *config, int fd, const char *name, const char *errors) {
  int writes = fd != 0;
  if (!_Py_IsValidFD(fd)) Py_RETURN_NONE;
  int unbuffered = writes && !config->buffered_stdio;
  PyObject *buffer = PyObject_CallMethod(io, "open", "isiOOOO", fd, writes ? "wb" : "rb", unbuffered ? 0 : -1, Py_None,
                                         Py_None, Py_None, Py_False);
  need(buffer == NULL, name);
  PyObject *raw = unbuffered ? Py_NewRef(buffer) : PyObject_GetAttrString(buffer, "raw");
  PyObject *text = PyUnicode_FromString(name);
  need(raw == NULL || text == NULL || PyObject_SetAttrString(raw, "name", text) < 0, name);
  Py_DECREF(text);
  Py_DECREF(raw);
  int lines = config->buffered_stdio && (fd == 2 || isatty(fd));
  PyObject *encoding = PyUnicode_FromWideChar(config->stdio_encoding, -1);
  PyObject *stream = PyObject_CallMethod(io, "TextIOWrapper", "OOssOO", buffer, encoding, errors, "\n",
                                         lines ? Py_True : Py_False, config->buffered_stdio ? Py_False : Py_True);
  PyObject *mode = PyUnicode_InternFromString(writes ? "w" : "r");
  need(stream == NULL || mode == NULL || PyObject_SetAttrString(stream, "mode", mode) < 0, name);
  Py_DECREF(mode);
  Py_DECREF(encoding);
  Py_DECREF(buffer);
  return stream;
}

static const char *const stream_names[] = {"stdin", "stdout", "stderr"};
static const char *const usual_errors[] = {"surrogateescape", "surrogateescape", "backslashreplace"};
static const wchar_t *const usual_encoding = L"utf-8";

static PyObject *make_stream(const PyConfig *config, int fd, const char *errors) {
  char shown[16];
  snprintf(shown, sizeof shown, "<%s>", stream_names[fd]);
  PyObject *io = PyImport_ImportModule("_io");
  need(io == NULL, "_io");
  PyObject *stream = open_stream(io, config, fd, shown, errors);
  Py_DECREF(io);
  return stream;
}

void guest_keep_streams(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (isatty(fd) || lseek(fd, 0, SEEK_CUR) >= 0) guest_fatal("a standard stream of the build is no pipe");
    snapshot.streams[fd] = make_stream(guest_config(), fd, usual_errors[fd]);
    if (snapshot.streams[fd] == Py_None) guest_fatal("the build has no standard streams");
    snapshot.buffers[fd] = PyObject_GetAttrString(snapshot.streams[fd], "buffer");
    if (snapshot.buffers[fd] == NULL) guest_fatal("a standard stream has no buffer");
    // What its type answers is looked up once, and kept.
    if (fd != 0 && (PyFile_WriteString("", snapshot.streams[fd]) < 0 || _PyFile_Flush(snapshot.streams[fd]) < 0))
      guest_fatal("a standard stream cannot be flushed");
  }
}

// Making a stream takes as long as a tenth of a short script. What a stream is made by is known at the build, but for what
// the run's descriptor is: a pipe, usually.
static int is_usual(const PyConfig *config, int fd, const char *errors) {
  return config->buffered_stdio && strcmp(errors, usual_errors[fd]) == 0 &&
         wcscmp(config->stdio_encoding, usual_encoding) == 0 && _Py_IsValidFD(fd) && !isatty(fd) &&
         lseek(fd, 0, SEEK_CUR) < 0;
}

static void set_stream(const PyConfig *config, int fd, const char *errors) {
  static const char *const original[] = {"__stdin__", "__stdout__", "__stderr__"};
  PyObject *stream = is_usual(config, fd, errors) ? Py_NewRef(snapshot.streams[fd]) : make_stream(config, fd, errors);
  need(PySys_SetObject(stream_names[fd], stream) < 0 || PySys_SetObject(original[fd], stream) < 0, stream_names[fd]);
  Py_DECREF(stream);
}

// PYTHONIOENCODING is ENCODING, ENCODING:ERRORS or :ERRORS.
static void renew_streams(PyConfig *config) {
  char errors[64];
  snprintf(errors, sizeof errors, "%s", usual_errors[0]);
  const char *wanted = variable(config, "PYTHONIOENCODING");
  if (wanted != NULL) {
    const char *colon = strchr(wanted, ':');
    if (colon != NULL && colon[1] != 0) snprintf(errors, sizeof errors, "%s", colon + 1);
    if (colon == NULL) snprintf(errors, sizeof errors, "strict");
    if (colon != wanted) {
      wchar_t *encoding = decode(wanted);
      if (colon != NULL) encoding[colon - wanted] = 0;
      PyConfig_SetString(config, &config->stdio_encoding, encoding);
      PyMem_RawFree(encoding);
    }
  }
  set_stream(config, 0, errors);
  set_stream(config, 1, errors);
  set_stream(config, 2, usual_errors[2]);
}

// ---- the rest ----

static void renew_main(void) {
  PyObject *module = PyModule_New("__main__");
  PyObject *annotations = PyDict_New();
  need(module == NULL || annotations == NULL, "__main__");
  PyObject *names = PyModule_GetDict(module);
  need(PyDict_Update(names, snapshot.main) < 0 || PyDict_SetItemString(names, "__annotations__", annotations) < 0 ||
           PyDict_SetItemString(PyImport_GetModuleDict(), "__main__", module) < 0,
       "__main__");
  Py_DECREF(annotations);
  Py_DECREF(module);
}

static void renew_state(void) {
  PyObject *seeded = PyObject_CallNoArgs(snapshot.reseed);
  need(seeded == NULL, "the random seed");
  Py_DECREF(seeded);
  PyTime_t now = 0;
  PyTime_Time(&now);
  PyObject *started = PyLong_FromLongLong(now);
  need(started == NULL || PyDict_SetItemString(snapshot.logging, "_startTime", started) < 0, "logging");
  Py_DECREF(started);
}

// libc counts processor time from when its constructors ran, which was at the build. Both names are libc's own.
static PyTime_t started_ns;

clock_t __clock(void) {
  PyTime_t now = 0;
  PyTime_MonotonicRaw(&now);
  return (clock_t)(now - started_ns);
}

clock_t clock(void) { return __clock(); }

int guest_start(int argc, char **argv) {
  PyTime_MonotonicRaw(&started_ns);
  PyConfig *config = guest_config();
  _PyWideStringList_Clear(&config->orig_argv);
  for (int i = 0; i < argc; i++) {
    wchar_t *word = decode(argv[i]);
    append(&config->orig_argv, word);
    PyMem_RawFree(word);
  }
  CommandLine line = parse(config, argc, argv);
  if (line.answer >= 0) return line.answer;
  set_argv(config, line.first_argument);
  int variables_changed = take_variables(config);
  renew_environ();
  renew_main();
  renew_streams(config);
  update_sys(config, line.options_changed || variables_changed);
  renew_state();
  guest_read_script_code(config);
  return -1;
}
