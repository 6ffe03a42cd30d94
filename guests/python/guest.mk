# Read after CPython's own Makefile: what the guest's program is linked from, without CPython's own program.
guest-inputs: $(LINK_PYTHON_DEPS) pybuilddir.txt

guest-libraries:
	@echo $(MODLIBS) $(LIBS) $(SYSLIBS)

.PHONY: guest-inputs guest-libraries

# The patched copy includes its neighbours from the source's folder.
Python/ceval.o: PY_CORE_CFLAGS += -I$(srcdir)/Python

# A patched copy, which includes its neighbour from the source's folder.
Modules/_operator.o: Modules/_operator.c
	$(CC) -I$(srcdir)/Modules $(PY_BUILTIN_MODULE_CFLAGS) -c $< -o $@

# The only file that carries the source folder's name into the program; nothing of the guest looks there.
Modules/getpath.o: VPATH =
