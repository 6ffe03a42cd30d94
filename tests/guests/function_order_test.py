"""function_order_test.py SNAPSHOT_TOOL BUILD: openskills-snapshot --calls and --order on a small module."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL, BUILD = sys.argv[1], pathlib.Path(sys.argv[2])

# Exits with 0 when the table and the calls lead to the functions they named.
MODULE = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table funcref (elem $one $two))
  (type $number (func (result i32)))
  (func $one (result i32) (i32.const 1001))
  (func $two (result i32) (i32.const 1002))
  (func $three (result i32) (i32.const 1003))
  (func $initialise (export "wizer-initialize") (i32.store (i32.const 0) (call $three)))
  (func $more (drop (call $three)))
  (func $begin (export "_start")
    (drop (call $args_sizes_get (i32.const 8) (i32.const 12)))
    (if (i32.gt_u (i32.load (i32.const 8)) (i32.const 1)) (then (call $more)))
    (call $proc_exit (i32.ne (i32.const 2003) (i32.add (call_indirect (type $number) (i32.const 1)) (call $one))))))"""

# The same, with a segment of elements that code names. No snapshot can be made of that.
WITH_SEGMENT = MODULE.replace("(table funcref (elem $one $two))", """(table 3 funcref)
  (elem (i32.const 0) $one $two)
  (elem $later func $three)""").replace("""(export "_start")""", """(export "_start")
    (table.init $later (i32.const 2) (i32.const 0) (i32.const 1))""")


def places(module):
    """Where the constants of the three functions are in the file."""
    return [module.index(bytes([0x41, low, 0x07])) for low in (0xE9, 0xEA, 0xEB)]


class FunctionOrder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.named = self.folder / "named.wasm"
        self.assemble(MODULE)

    def assemble(self, text):
        self.named.write_bytes(subprocess.run([BUILD / "bin" / "openskills_assemble"], input=text.encode(), check=True,
                                              capture_output=True).stdout)

    def tool(self, *arguments):
        return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)

    def order(self, names):
        listed, ordered = self.folder / "names.txt", self.folder / "ordered.wasm"
        listed.write_text(names)
        done = self.tool("--order", listed, self.named, ordered)
        self.assertEqual(done.returncode, 0, done.stderr)
        return ordered

    def test_calls_are_told_in_the_order_of_the_first_ones_and_without_those_of_the_initialiser(self):
        done = self.tool("--calls", self.named, "--", "program")
        self.assertEqual((done.returncode, done.stdout), (0, "begin\ntwo\none\n"), done.stderr)

    def test_what_all_commands_call_comes_before_what_some_do(self):
        done = self.tool("--calls", self.named, "--", "program", "argument", "--", "program")
        self.assertEqual((done.returncode, done.stdout), (0, "begin\ntwo\none\nmore\nthree\n"), done.stderr)

    def test_without_a_command_there_is_nothing_to_tell(self):
        self.assertNotEqual(self.tool("--calls", self.named).returncode, 0)

    def test_a_command_that_fails_is_no_sample(self):
        self.named.write_bytes(self.named.read_bytes().replace(b"\x41\xd3\x0f", b"\x41\xd4\x0f"))  # another sum
        done = self.tool("--calls", self.named, "--", "program")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("exited with 1", done.stderr)

    def test_named_functions_come_first_and_calls_lead_where_they_did(self):
        ordered = self.order("two\nnobody\none\ntwo\n")
        one, two, three = places(self.named.read_bytes())
        self.assertTrue(one < two < three)  # the control
        one, two, three = places(ordered.read_bytes())
        self.assertTrue(two < one < three)
        for module in (self.named, ordered):
            run = subprocess.run([BUILD / "bin" / "openskills", "wasm", module], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, (module, run.stderr))

    def test_a_segment_of_elements_that_code_names_stays_the_one(self):
        self.assemble(WITH_SEGMENT)
        for module in (self.named, self.order("two\none\n")):
            run = subprocess.run([BUILD / "bin" / "openskills", "wasm", module], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, (module, run.stderr))

    def test_names_of_no_function_are_refused(self):
        listed = self.folder / "names.txt"
        listed.write_text("nobody\n")
        done = self.tool("--order", listed, self.named, self.folder / "ordered.wasm")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("none of the named functions", done.stderr)

    def test_a_module_without_names_is_refused(self):
        ordered = self.order("one\n")
        done = self.tool("--order", self.folder / "names.txt", ordered, self.folder / "again.wasm")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("does not name its functions", done.stderr)


unittest.main(argv=sys.argv[:1])
