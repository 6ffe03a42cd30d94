// Code of the skill's own files that the host had made ahead of this run, by lib/_script_code.py.
#include "guest.h"

#include "marshal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

PyObject *guest_read_file(const char *path, Py_ssize_t most_bytes) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return NULL;
  struct stat about;
  PyObject *bytes = NULL;
  if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= most_bytes) {
    bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)about.st_size);
    Py_ssize_t filled = 0, got = 1;
    while (bytes != NULL && filled < about.st_size && got > 0) {
      got = read(fd, PyBytes_AS_STRING(bytes) + filled, (size_t)(about.st_size - filled));
      if (got > 0) filled += got;
    }
    if (bytes != NULL && filled < about.st_size) Py_CLEAR(bytes);
  }
  close(fd);
  return bytes;
}

static PyObject *unmarshal(PyObject *bytes) {
  return PyMarshal_ReadObjectFromString(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes));
}

void guest_read_script_code(const PyConfig *config) {
  if (config->optimization_level != 0) return; // it was compiled without
  PyObject *bytes = guest_read_file(GUEST_SCRIPT_CODE "/code", PY_SSIZE_T_MAX);
  PyObject *codes = bytes != NULL ? unmarshal(bytes) : NULL;
  if (codes != NULL && PyDict_Check(codes)) (void)PyDict_Update(snapshot.codes, codes);
  PyErr_Clear();
  Py_XDECREF(codes);
  Py_XDECREF(bytes);
}

PyObject *guest_script_code(PyObject *filename) {
  PyObject *bytes = PyDict_GetItemWithError(snapshot.codes, filename);
  PyObject *code = bytes != NULL && PyBytes_Check(bytes) ? unmarshal(bytes) : NULL;
  if (code != NULL && !PyCode_Check(code)) Py_CLEAR(code);
  PyErr_Clear();
  return code;
}
