// args_*, environ_*: byte for byte, in order. Started with the arguments "one", "", "two words" and A=1, B=.
#include "case.h"

int main(void) {
  size_t count = 0;
  size_t size = 0;
  char *pointers[16];
  char bytes[256];
  GIVES(SUCCESS, __wasi_args_sizes_get(&count, &size));
  CHECK(count == 4);
  GIVES(SUCCESS, __wasi_args_get((uint8_t **)pointers, (uint8_t *)bytes));
  CHECK(strcmp(pointers[0], "arguments.wasm") == 0);
  CHECK(strcmp(pointers[1], "one") == 0 && strcmp(pointers[2], "") == 0 && strcmp(pointers[3], "two words") == 0);
  CHECK(pointers[0] == bytes && pointers[3] + strlen(pointers[3]) + 1 == bytes + size);
  GIVES(FAULT, __wasi_args_sizes_get(NOWHERE, &size));
  GIVES(FAULT, __wasi_args_sizes_get(&count, (size_t *)0xfffffffd));
  GIVES(FAULT, __wasi_args_get(NOWHERE, (uint8_t *)bytes));
  GIVES(FAULT, __wasi_args_get((uint8_t **)pointers, NOWHERE));

  GIVES(SUCCESS, __wasi_environ_sizes_get(&count, &size));
  GIVES(SUCCESS, __wasi_environ_get((uint8_t **)pointers, (uint8_t *)bytes));
  CHECK(count == 2 && size == 7);
  CHECK(strcmp(pointers[0], "A=1") == 0 && strcmp(pointers[1], "B=") == 0);
  GIVES(FAULT, __wasi_environ_sizes_get(NOWHERE, &size));
  GIVES(FAULT, __wasi_environ_get(NOWHERE, (uint8_t *)bytes));
  GIVES(FAULT, __wasi_environ_get((uint8_t **)pointers, NOWHERE));
  return finish();
}
