"""WASI 0.2 components: what they are given, what is refused, and that every limit holds for them too."""

import os
import re
import subprocess
import time
import unittest

from support import BUILD_DIR, SOURCE_DIR, TestCase, start

ASSEMBLE = BUILD_DIR / "bin" / "openskills_assemble"
COMMAND = (SOURCE_DIR / "tests" / "components" / "command.wat").read_text()

SAY_HELLO = "(drop (call $say (i32.const 512) (i32.const 6))) (i32.const 0)"
ECHO = """(local.set $i (call $get-stdin))
    (loop $more
      (call $blocking-read (local.get $i) (i64.const 32768) (i32.const 64))  ;; what the helper's allocator gives at once
      (if (i32.eqz (i32.load8_u (i32.const 64))) (then
        (drop (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72)))) (br $more))))
    (i32.const 0)"""
SPIN = "(loop $l (br $l)) unreachable"
SLEEP = "(call $block (call $subscribe-duration (i64.const 60000000000))) (i32.const 0)"
# Prints what opening `name` answered, or writes "hello\n" into it and prints 99.
WRITE = """(local.set $i (call $open (i32.const 1024) (i32.const 9) (i32.const 1) (i32.const 2)))
    (if (i32.ge_s (local.get $i) (i32.const 0)) (then
      (call $pwrite (local.get $i) (i32.const 512) (i32.const 6) (i64.const 0) (i32.const 64))
      (call $code (select (i32.load8_u (i32.const 72)) (i32.const 99) (i32.load8_u (i32.const 64))))))
    (i32.const 0)"""
READ = """(local.set $i (call $open (i32.const 1024) (i32.const 9) (i32.const 0) (i32.const 1)))
    (if (i32.ge_s (local.get $i) (i32.const 0)) (then
      (call $pread (local.get $i) (i64.const 100) (i64.const 0) (i32.const 64))
      (drop (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72))))))
    (i32.const 0)"""
PRINT_ARGUMENTS = """(call $get-arguments (i32.const 64))
    (local.set $i (i32.load (i32.const 64)))
    (loop $next (if (i32.load (i32.const 68)) (then
      (drop (call $say (i32.load (local.get $i)) (i32.load offset=4 (local.get $i))))
      (drop (call $say (i32.const 517) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (i32.store (i32.const 68) (i32.sub (i32.load (i32.const 68)) (i32.const 1))) (br $next))))
    (i32.const 0)"""
FLOOD = """(local.set $i (call $get-stdout))
    (loop $more
      (call $write-zeroes (local.get $i) (i64.const 1048576) (i32.const 64))
      (local.set $j (i32.add (local.get $j) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $j) (i32.const 64))))
    (i32.const 0)"""
READ_ONLY, NOT_PERMITTED = "33\n", "31\n"


def assemble(text):
    return subprocess.run([str(ASSEMBLE)], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def command(body, data=""):
    """A component whose run has that body; tests/components/command.wat says what it can use."""
    text = COMMAND
    for word, content in (("DATA", f'(data (i32.const 1024) "{data}")'), ("GLOBALS", ""), ("BODY", body)):
        text, count = re.subn(rf"^( +){word}\b", lambda match: match[1] + content, text, flags=re.MULTILINE)
        assert count == 1, word
    return assemble(text)


class ComponentCase(TestCase):
    def component(self, content, *arguments, **options):
        (self.work / "c.wasm").write_bytes(content)
        return self.openskills("wasm", "c.wasm", *arguments, **options)


class Running(ComponentCase):
    def test_SaysHelloFirstCompiledThenFromTheCache(self):
        for _ in range(2):
            result = self.component(command(SAY_HELLO))
            self.assertEqual((result.code, result.out, result.err), (0, b"hello\n", b""))

    def test_StdinIsEchoed(self):
        data = os.urandom(100_000)
        result = self.component(command(ECHO), "--stdin", "-", stdin=data)
        self.assertEqual((result.code, result.out), (0, data))

    def test_ExitCodes(self):
        self.assertEqual(self.component(command("(i32.const 1)")).code, 1)
        self.assertEqual(self.component(command("(call $exit (i32.const 1)) unreachable")).code, 1)
        self.assertEqual(self.component(command("(call $exit (i32.const 0)) unreachable")).code, 0)

    def test_ATrapIsACrash(self):
        result = self.component(command("unreachable"))
        self.assert_error(result, 134, "trap")
        self.assertIn("unreachable", result.error_text)

    def test_Arguments(self):
        result = self.component(command(PRINT_ARGUMENTS), "--", "one", "", "drei vier")
        self.assertEqual(result.out, b"c.wasm\none\n\ndrei vier\n")
        result = self.component(command(PRINT_ARGUMENTS), "--", b"\xff".decode(errors="surrogateescape"))
        self.assert_error(result, 2, "invalid-argument")

    def test_OutcomeTellsTheLayers(self):
        outcome = self.component(command(SAY_HELLO), "--json").json()
        self.assertEqual((outcome["status"], outcome["stdout"], outcome["exit_code"]), ("ok", "hello\n", 0))
        layers = outcome["isolation"]["layers"]
        self.assertTrue(layers["wasm"] and layers["seccomp"] and layers["landlock"] >= 1)
        self.assertEqual(layers["network"], "denied")

    def test_SeedMakesRunsEqual(self):
        body = "(i64.store (i32.const 1024) (call $random-u64)) (drop (call $say (i32.const 1024) (i32.const 8))) (i32.const 0)"
        first = self.component(command(body), "--seed", "7").out
        self.assertEqual(len(first), 8)
        self.assertEqual(self.component(command(body), "--seed", "7").out, first)
        self.assertNotEqual(self.component(command(body), "--seed", "8").out, first)
        self.assertNotEqual(self.component(command(body)).out, self.component(command(body)).out)

    def test_IsASkillsEntryPointAndScript(self):
        skill = self.make_skill("demo", {"wasm/skill.wasm": command(ECHO), "scripts/args.wasm": command(PRINT_ARGUMENTS)})
        outcome = self.openskills("run", skill, "--input", '{"a": [1, 2]}', "--json").json()
        self.assertEqual((outcome["status"], outcome["script"]), ("ok", "wasm/skill.wasm"))
        self.assertEqual(outcome["output"], {"a": [1, 2]})
        result = self.openskills("run", skill, "scripts/args.wasm", "--", "x")
        self.assertEqual(result.out, b"/skill/scripts/args.wasm\nx\n")


class Files(ComponentCase):
    def setUp(self):
        super().setUp()
        self.data = self.root / "data"
        self.data.mkdir()
        (self.data / "input.txt").write_text("inside")
        (self.root / "secret.tx").write_text("outside")

    def run_on(self, body, name, mount):
        return self.component(command(body, name), "--mount", mount, "--json").json()

    def test_ReadOnlyAndReadWriteMounts(self):
        read_only, read_write = f"{self.data}:/data:ro", f"{self.data}:/data"
        self.assertEqual(self.run_on(READ, "input.txt", read_only)["stdout"], "inside")
        self.assertEqual(self.run_on(WRITE, "made_.txt", read_only)["stdout"], READ_ONLY)
        self.assertFalse((self.data / "made_.txt").exists())
        self.assertEqual(self.run_on(WRITE, "made_.txt", read_write)["stdout"], "99\n")
        self.assertEqual((self.data / "made_.txt").read_text(), "hello\n")

    def test_ChangedFilesBecomeArtifacts(self):
        (self.work / "c.wasm").write_bytes(command(WRITE, "made_.txt"))
        outcome = self.openskills("wasm", "c.wasm", "--mount", f"{self.data}:/data", "--artifacts", self.root / "out",
                                  "--json").json()
        self.assertEqual([artifact["path"].rsplit("/")[-1] for artifact in outcome["artifacts"]], ["made_.txt"])
        self.assertEqual([path.read_text() for path in (self.root / "out").rglob("made_.txt")], ["hello\n"])

    def test_NothingOutsideTheMountIsReached(self):
        mount = f"{self.data}:/data"
        (self.data / "escape.ln").symlink_to("../secret.tx")
        for name in ("../secret", "/etc/host", "escape.ln"):
            self.assertEqual(self.run_on(READ, name, mount)["stdout"], NOT_PERMITTED, name)
        (self.data / "escape.ln").unlink()
        (self.data / "escape.ln").symlink_to("input.txt")
        self.assertEqual(self.run_on(READ, "escape.ln", mount)["stdout"], "inside")

    def test_ProtectedNamesStay(self):
        for folder in (".git", "git_"):
            (self.data / folder).mkdir()
        self.assertIn(self.run_on(WRITE, ".git/conf", f"{self.data}:/data")["stdout"], (READ_ONLY, NOT_PERMITTED))
        self.assertFalse((self.data / ".git" / "conf").exists())
        self.assertEqual(self.run_on(WRITE, "git_/conf", f"{self.data}:/data")["stdout"], "99\n")
        self.assertTrue((self.data / "git_" / "conf").exists())


class Limits(ComponentCase):
    def test_DeadlineEndsALoopASleepAndARead(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        for body in (SPIN, SLEEP, ECHO):
            (self.work / "c.wasm").write_bytes(command(body))
            self.openskills("wasm", "c.wasm", "--timeout", "1ms")  # compiled, so that only the run is measured
            before = time.monotonic()
            with os.fdopen(os.dup(read_end)) as stdin:
                result = self.openskills("wasm", "c.wasm", "--timeout", "300ms", "--stdin", "-", "--json", stdin=stdin)
            self.assertEqual(result.code, 124)
            outcome = result.json()
            self.assertEqual((outcome["status"], outcome["error"]["code"]), ("timeout", "timeout"))
            self.assertGreaterEqual(outcome["usage"]["wall_ms"], 299)
            self.assertLess(time.monotonic() - before, 20)

    def test_AFastCommandIsNotStopped(self):
        body = "(call $block (call $subscribe-duration (i64.const 1000000))) (i32.const 0)"
        self.assertEqual(self.component(command(body), "--timeout", "20s").code, 0)

    def test_Memory(self):
        body = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"
        result = self.component(command(body), "--memory", "4M", "--json")
        self.assertEqual(result.code, 123)
        outcome = result.json()
        self.assertEqual((outcome["status"], outcome["limit"]), ("limit", "memory"))
        self.assertEqual(outcome["usage"]["peak_memory_bytes"], 4 << 20)
        body = "(drop (memory.grow (i32.const 16))) (i32.const 0)"
        self.assertEqual(self.component(command(body), "--memory", "4M").code, 0)

    def test_AFloodOfOutputIsDrained(self):
        outcome = self.component(command(FLOOD), "--json", "--output-limit", "10K").json()
        self.assertEqual((outcome["status"], len(outcome["stdout"])), ("ok", 10 << 10))
        self.assertTrue(outcome["stdout_truncated"])
        self.assertEqual(len(self.component(command(FLOOD)).out), 64 << 20)

    def test_AReaderThatLeavesClosesTheStream(self):
        body = "(loop $l (br_if $l (i32.eqz (call $say (i32.const 512) (i32.const 6))))) (i32.const 1)"
        (self.work / "c.wasm").write_bytes(command(body))
        process = start(self, "wasm", "c.wasm", "--timeout", "60s")
        self.addCleanup(process.stderr.close)
        process.stdout.read(10)
        process.stdout.close()
        self.assertIn(process.wait(timeout=60), (1, 141))


class Refused(ComponentCase):
    def test_Sockets(self):
        body = """(call $create-socket (i32.const 0) (i32.const 64)) (call $code (i32.load8_u (i32.const 68)))
                  (call $resolve (call $get-network) (i32.const 512) (i32.const 5) (i32.const 64))
                  (call $code (i32.load8_u (i32.const 68))) (i32.const 0)"""
        result = self.component(command(body))
        self.assertEqual((result.code, result.out), (0, b"01\n01\n"))  # access-denied

    def test_HttpIsNamed(self):
        text = '(component (import "wasi:http/outgoing-handler@0.2.3" (instance (export "handle" (func)))))'
        result = self.component(assemble(text))
        self.assert_error(result, 126, "module-unsupported")
        self.assertIn("wasi:http/outgoing-handler@0.2.3", result.error_text)

    def test_WhatIsNoCommand(self):
        self.assert_error(self.component(assemble("(component)")), 126, "module-invalid")

    def test_T28_BrokenComponents(self):
        whole = command(SAY_HELLO)
        self.assertEqual(self.component(whole).code, 0)
        for length in (9, len(whole) // 3, len(whole) // 2, len(whole) - 1):
            self.assert_error(self.component(whole[:length]), 126, "module-invalid")

    def test_InProcess(self):
        for _ in range(2):
            result = self.component(command(SAY_HELLO), "--isolation", "in-process")
            self.assert_error(result, 126, "module-unsupported")
            self.assertEqual(result.out, b"")
            self.assertEqual(self.component(command(SAY_HELLO)).code, 0)


if __name__ == "__main__":
    unittest.main()
