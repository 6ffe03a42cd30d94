// The module _sandbox_platform: what the library's stand-ins for missing parts of the platform need from C. And the place
// where a lock that is taken hands over to _sandbox_threads, which runs what could give it back.
#include "guest.h"

#include "pycore_lock.h"
#include "pycore_pythread.h"

#include <string.h>

// ---- locks that would block ----

// CPython has two kinds: threading.Lock is a PyMutex, threading.RLock holds a lock of the platform.
typedef struct {
  PyMutex *mutex;
  PyThread_type_lock lock;
} Taken;

static int acquire_now(const Taken *taken) {
  if (taken->mutex == NULL) return PyThread_acquire_lock_timed(taken->lock, 0, 0) == PY_LOCK_ACQUIRED;
  return PyMutex_LockFast(&taken->mutex->_bits);
}

static const Taken *taken_of(PyObject *capsule) { return PyCapsule_GetPointer(capsule, NULL); }

static PyObject *try_acquire(PyObject *capsule, PyObject *unused) {
  (void)unused;
  return PyBool_FromLong(acquire_now(taken_of(capsule)));
}

static PyObject *is_free(PyObject *capsule, PyObject *unused) {
  (void)unused;
  const Taken *taken = taken_of(capsule);
  if (taken->mutex != NULL) return PyBool_FromLong(!PyMutex_IsLocked(taken->mutex));
  if (!acquire_now(taken)) Py_RETURN_FALSE;
  PyThread_release_lock(taken->lock);
  Py_RETURN_TRUE;
}

static PyMethodDef lock_methods[] = {{"try_acquire", try_acquire, METH_NOARGS, NULL}, {"is_free", is_free, METH_NOARGS, NULL}};

// Asks _sandbox_threads.block to run what could give the lock back. The callables live no longer than this call.
static PyLockStatus wait_for(Taken *taken, PyTime_t timeout) {
  PyObject *capsule = PyCapsule_New(taken, NULL, NULL);
  PyObject *acquire = capsule != NULL ? PyCFunction_New(&lock_methods[0], capsule) : NULL;
  PyObject *free = capsule != NULL ? PyCFunction_New(&lock_methods[1], capsule) : NULL;
  PyObject *seconds = timeout < 0 ? Py_NewRef(Py_None) : PyFloat_FromDouble(PyTime_AsSecondsDouble(timeout));
  PyObject *acquired = NULL;
  if (acquire != NULL && free != NULL && seconds != NULL) {
    acquired = PyObject_CallFunctionObjArgs(snapshot.block, acquire, free, seconds, NULL);
  }
  Py_XDECREF(capsule);
  Py_XDECREF(acquire);
  Py_XDECREF(free);
  Py_XDECREF(seconds);
  if (acquired == NULL) return PY_LOCK_INTR; // the caller passes the exception on
  PyLockStatus status = acquired == Py_True ? PY_LOCK_ACQUIRED : PY_LOCK_FAILURE;
  Py_DECREF(acquired);
  return status;
}

PyLockStatus __real_PyThread_acquire_lock_timed_with_retries(PyThread_type_lock lock, PY_TIMEOUT_T timeout);
PyLockStatus __real__PyMutex_LockTimed(PyMutex *mutex, PyTime_t timeout, _PyLockFlags flags);

// Every lock that Python code acquires comes through these two: without threads nobody would ever release it meanwhile.
PyLockStatus __wrap_PyThread_acquire_lock_timed_with_retries(PyThread_type_lock lock, PY_TIMEOUT_T timeout) {
  PyLockStatus status = __real_PyThread_acquire_lock_timed_with_retries(lock, 0);
  if (status != PY_LOCK_FAILURE || timeout == 0 || snapshot.block == NULL) return status;
  return wait_for(&(Taken){.lock = lock}, timeout);
}

PyLockStatus __wrap__PyMutex_LockTimed(PyMutex *mutex, PyTime_t timeout, _PyLockFlags flags) {
  if (!(flags & _PY_LOCK_HANDLE_SIGNALS) || snapshot.block == NULL) return __real__PyMutex_LockTimed(mutex, timeout, flags);
  if (PyMutex_LockFast(&mutex->_bits)) return PY_LOCK_ACQUIRED;
  return timeout == 0 ? PY_LOCK_FAILURE : wait_for(&(Taken){.mutex = mutex}, timeout);
}

// ---- scrypt's inner part (RFC 7914, sections 3 to 5); its PBKDF2 steps are Python's ----

static uint32_t rotate(uint32_t value, int by) { return (value << by) | (value >> (32 - by)); }

static void quarter(uint32_t *x, int a, int b, int c, int d) {
  x[b] ^= rotate(x[a] + x[d], 7);
  x[c] ^= rotate(x[b] + x[a], 9);
  x[d] ^= rotate(x[c] + x[b], 13);
  x[a] ^= rotate(x[d] + x[c], 18);
}

static void salsa20_8(uint32_t block[16]) {
  uint32_t x[16];
  memcpy(x, block, sizeof x);
  for (int round = 0; round < 4; round++) {
    quarter(x, 0, 4, 8, 12), quarter(x, 5, 9, 13, 1), quarter(x, 10, 14, 2, 6), quarter(x, 15, 3, 7, 11);
    quarter(x, 0, 1, 2, 3), quarter(x, 5, 6, 7, 4), quarter(x, 10, 11, 8, 9), quarter(x, 15, 12, 13, 14);
  }
  for (int i = 0; i < 16; i++) block[i] += x[i];
}

// `from` and `to` are 2 * r blocks of 16 words and do not overlap.
static void block_mix(const uint32_t *from, uint32_t *to, size_t r) {
  uint32_t x[16];
  memcpy(x, from + (2 * r - 1) * 16, sizeof x);
  for (size_t i = 0; i < 2 * r; i++) {
    for (int j = 0; j < 16; j++) x[j] ^= from[i * 16 + j];
    salsa20_8(x);
    memcpy(to + (i / 2 + (i & 1) * r) * 16, x, sizeof x);
  }
}

static void ro_mix(uint32_t *block, uint32_t *memory, uint32_t *scratch, size_t n, size_t r) {
  size_t words = 32 * r;
  for (size_t i = 0; i < n; i++) {
    memcpy(memory + i * words, block, words * 4);
    block_mix(memory + i * words, block, r);
  }
  for (size_t i = 0; i < n; i++) {
    const uint32_t *chosen = memory + (block[(2 * r - 1) * 16] & (n - 1)) * words;
    for (size_t k = 0; k < words; k++) scratch[k] = block[k] ^ chosen[k];
    block_mix(scratch, block, r);
  }
}

// scrypt_mix(data, n, r): each 128 * r bytes of data mixed. The caller has checked n and r.
static PyObject *scrypt_mix(PyObject *self, PyObject *args) {
  (void)self;
  Py_buffer data;
  unsigned long n, r;
  if (!PyArg_ParseTuple(args, "y*kk", &data, &n, &r)) return NULL;
  size_t words = 32 * (size_t)r;
  PyObject *result = PyBytes_FromStringAndSize(data.buf, data.len);
  uint32_t *memory = n <= SIZE_MAX / 4 / words ? PyMem_RawMalloc(n * words * 4) : NULL;
  uint32_t *scratch = PyMem_RawMalloc(words * 8);
  if (result != NULL && memory != NULL && scratch != NULL) {
    for (Py_ssize_t at = 0; at + (Py_ssize_t)words * 4 <= data.len; at += (Py_ssize_t)words * 4) {
      uint32_t *block = scratch + words; // WebAssembly is little-endian, as scrypt is
      memcpy(block, PyBytes_AS_STRING(result) + at, words * 4);
      ro_mix(block, memory, scratch, n, r);
      memcpy(PyBytes_AS_STRING(result) + at, block, words * 4);
    }
  } else {
    Py_CLEAR(result);
    PyErr_NoMemory();
  }
  PyMem_RawFree(memory);
  PyMem_RawFree(scratch);
  PyBuffer_Release(&data);
  return result;
}

static PyObject *memory_bytes(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  return PyLong_FromSize_t(__builtin_wasm_memory_size(0) * (size_t)65536);
}

static PyMethodDef methods[] = {
    {"scrypt_mix", scrypt_mix, METH_VARARGS, NULL},
    {"memory_bytes", memory_bytes, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_sandbox_platform", .m_size = 0, .m_methods = methods};

static PyObject *make_module(void) { return PyModuleDef_Init(&definition); }

void guest_add_platform_module(void) {
  if (PyImport_AppendInittab("_sandbox_platform", make_module) < 0) guest_fatal("out of memory");
}
