// A run pays for every page it dirties. Reading an object counts references, which writes; immortal objects are
// exempt. And an allocation that fills a hole between old objects dirties their page; without holes all new objects
// lie together on fresh pages.
#include "guest.h"

#include "pycore_code.h"
#include "pycore_gc.h"
#include "pycore_hashtable.h"
#include "pycore_object.h"
#include "pycore_opcode_metadata.h"
#include "pycore_runtime.h"

#include <stdlib.h>
#include <unistd.h>

// Objects whose children are still to be visited. Recursion would need a deep stack for nested constants.
static PyObject **pending;
static size_t pending_count, pending_capacity;

static void push(PyObject *object) {
  if (pending_count == pending_capacity) {
    pending_capacity = pending_capacity ? pending_capacity * 2 : 4096;
    pending = realloc(pending, pending_capacity * sizeof *pending);
    if (pending == NULL) guest_fatal("out of memory");
  }
  pending[pending_count++] = object;
}

static int reach(PyObject *object, void *unused) {
  (void)unused;
  if (object == NULL || _Py_IsImmortal(object)) return 0;
  // Containers the collector tracks are found through its lists; here only what hangs below them is.
  int tracked = PyObject_IS_GC(object) && _PyObject_GC_IS_TRACKED(object);
  _Py_SetImmortalUntracked(object);
  if (!tracked) push(object);
  return 0;
}

// Code below this address belongs to the snapshot: it is warm, and counts its executions no more (cpython.sh patches the
// interpreter so). Zero while the warm-up runs.
const char *guest_frozen_end;

// The first call of a function rewrites its first instruction; done here, a run need not dirty the page.
static void mark_as_called(PyCodeObject *code) {
  if (code->_co_instrumentation_version != 0) return;
  _Py_CODEUNIT *instructions = _PyCode_CODE(code);
  for (Py_ssize_t i = 0; i < Py_SIZE(code); i++) {
    int opcode = instructions[i].op.code;
    if (opcode == RESUME) instructions[i].op.code = RESUME_CHECK;
    i += _PyOpcode_Caches[_PyOpcode_Deopt[opcode]];
  }
}

static void reach_code(PyCodeObject *code) {
  mark_as_called(code);
  PyObject *parts[] = {code->co_consts,   code->co_names, code->co_exceptiontable, code->co_localsplusnames,
                       code->co_localspluskinds, code->co_filename, code->co_name, code->co_qualname,
                       code->co_linetable};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) reach(parts[i], NULL);
}

static void reach_dict(PyObject *dict) {
  PyObject *key, *value;
  Py_ssize_t position = 0;
  while (PyDict_Next(dict, &position, &key, &value)) {
    reach(key, NULL);
    reach(value, NULL);
  }
}

static void reach_children(PyObject *object) {
  if (PyCode_Check(object)) reach_code((PyCodeObject *)object);
  if (PyDict_Check(object)) reach_dict(object); // dict's traverse leaves out keys that are strings
  PyTypeObject *type = Py_TYPE(object);
  reach((PyObject *)type, NULL);
  if (PyType_Check(object)) {
    PyUnstable_Type_AssignVersionTag((PyTypeObject *)object); // else the first lookup of an attribute writes it
    if (!(((PyTypeObject *)object)->tp_flags & Py_TPFLAGS_HEAPTYPE)) return; // type's traverse refuses these
    PyHeapTypeObject *heap = (PyHeapTypeObject *)object;
    reach(heap->ht_name, NULL);
    reach(heap->ht_qualname, NULL);
    reach(heap->ht_slots, NULL);
    reach(((PyTypeObject *)object)->tp_subclasses, NULL);
  }
  if (type->tp_traverse != NULL && PyObject_IS_GC(object)) type->tp_traverse(object, reach, NULL);
}

static void reach_pending(void) {
  while (pending_count > 0) reach_children(pending[--pending_count]);
}

static int visit_tracked(PyObject *object, void *unused) {
  (void)unused;
  if (!_Py_IsImmortal(object)) _Py_SetImmortalUntracked(object);
  reach_children(object);
  reach_pending();
  return 1;
}

// Interned strings move to the table of static ones, which is looked at first and only ever read: a run's own names go
// into a small dict of their own instead of all over a large one. The first ones, which scripts are likely to have
// (init.c), move last: what was put in last is found first in the table's chains.
static void make_static(PyObject *interned) {
  _Py_hashtable_t *table = _PyRuntime.cached_objects.interned_strings;
  Py_ssize_t count = 0, position = 0;
  PyObject *string, *value, **strings = PyMem_New(PyObject *, PyDict_GET_SIZE(interned) + 1);
  if (strings == NULL) guest_fatal("out of memory");
  while (PyDict_Next(interned, &position, &string, &value)) strings[count++] = string;
  while (count-- > 0) {
    if (_Py_hashtable_get(table, strings[count]) == NULL && _Py_hashtable_set(table, strings[count], strings[count]) < 0)
      guest_fatal("out of memory");
  }
  PyMem_Free(strings);
  PyDict_Clear(interned);
}

// A name that a run's lookup puts out of the cache must not leave a hole behind.
static void reach_looked_up_names(void) {
  struct type_cache *cache = &_PyInterpreterState_GET()->types.type_cache;
  for (size_t i = 0; i < Py_ARRAY_LENGTH(cache->hashtable); i++) reach(cache->hashtable[i].name, NULL);
}

void guest_make_immortal(void) {
  PyUnstable_GC_VisitObjects(visit_tracked, NULL);
  reach_looked_up_names();
  PyObject *interned = _Py_INTERP_CACHED_OBJECT(_PyInterpreterState_GET(), interned_strings);
  reach_dict(interned);
  reach_pending();
  make_static(interned);
  free(pending);
  pending = NULL;
  pending_count = pending_capacity = 0;
}

// malloc serves a request from the top of the heap only when no hole fits: blocks below the top are leaked on purpose.
void guest_use_up_free_chunks(void) {
  char *top = malloc(1024 * 1024);
  if (top == NULL) guest_fatal("out of memory");
  free(top);
  for (size_t size = 128 * 1024; size >= 8; size = size > 512 ? size / 2 : size - 8) {
    char *block;
    while ((block = malloc(size)) != NULL && block < top) {
    }
    free(block);
  }
  guest_frozen_end = top;
}
