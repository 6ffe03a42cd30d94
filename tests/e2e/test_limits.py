"""Every limit ends what exceeds it, under its own name, and the host goes on."""

import os
import pathlib
import subprocess
import time
import unittest

from support import BINARY, LOOPS_FOREVER, TestCase, children_of, is_alive, module, send_interrupt, start

MODES = ("process", "in-process")


class WallTime(TestCase):
    def expect_timeout(self, code, **options):
        for mode in MODES:
            with self.subTest(mode=mode):
                outcome = self.run_python(
                    code, flags=("--timeout", "300ms", "--isolation", mode, *options.get("flags", ())),
                    stdin=options.get("stdin", b""))
                self.assertEqual(outcome["status"], "timeout")
                self.assertEqual(outcome["error"]["code"], "timeout")
                self.assertIsNone(outcome["limit"])
                self.assertGreaterEqual(outcome["usage"]["wall_ms"], 299)

    def test_T23_EndsABusyLoop(self):
        self.expect_timeout("while True: pass")

    def test_T23_EndsASleep(self):
        self.expect_timeout("import time; time.sleep(60)")

    def test_T23_EndsABlockedRead(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        with os.fdopen(os.dup(read_end)) as stdin:
            self.expect_timeout("import sys; sys.stdin.read()", flags=("--stdin", "-"), stdin=stdin)

    def test_T23_EndsALongCallInsideTheInterpreter(self):
        self.expect_timeout("import re; re.match(r'(a+)+$', 'a' * 64 + 'b')")

    def test_KeepsWhatWasWrittenBefore(self):
        outcome = self.run_python("print('early', flush=True)\nwhile True: pass", flags=("--timeout", "300ms"))
        self.assertEqual((outcome["status"], outcome["stdout"]), ("timeout", "early\n"))

    def test_ExitCodeIs124(self):
        (self.work / "loop.wasm").write_bytes(module(LOOPS_FOREVER))
        result = self.openskills("wasm", "loop.wasm", "--timeout", "200ms")
        self.assert_error(result, 124, "timeout")

    def test_AFastScriptIsNotStopped(self):
        self.assertEqual(self.run_python("print(1)", flags=("--timeout", "20s"))["status"], "ok")


class Memory(TestCase):
    HOG = "x = bytearray(200 << 20); print(len(x))"

    def test_T24_RefusedMemoryIsAMemoryError(self):
        for mode in MODES:
            with self.subTest(mode=mode):
                outcome = self.run_python(self.HOG, flags=("--memory", "64M", "--isolation", mode))
                self.assertEqual((outcome["status"], outcome["exit_code"]), ("failed", 1))
                self.assertTrue(outcome["stderr"].endswith("MemoryError\n"))
                self.assertTrue(outcome["usage"]["memory_refused"])
                self.assertLessEqual(outcome["usage"]["peak_memory_bytes"], 64 << 20)

    def test_GrantedMemoryIsThere(self):
        outcome = self.run_python(self.HOG, flags=("--memory", "300M"))
        self.assertEqual((outcome["status"], outcome["stdout"]), ("ok", "209715200\n"))
        self.assertFalse(outcome["usage"]["memory_refused"])
        self.assertGreater(outcome["usage"]["peak_memory_bytes"], 200 << 20)

    def test_T24_AModuleThatDeclaresTooMuchIsStoppedByName(self):
        (self.work / "big.wasm").write_bytes(module(b"", memory_pages=1024))
        result = self.openskills("wasm", "big.wasm", "--memory", "1M", "--json")
        self.assertEqual(result.code, 123)
        self.assertEqual((result.json()["status"], result.json()["limit"]), ("limit", "memory"))
        self.assertEqual(self.openskills("wasm", "big.wasm", "--memory", "65M").code, 0)


class Output(TestCase):
    def test_T25_CapturedOutputIsCutAtACharacterAndFlagged(self):
        outcome = self.run_python("import sys\nprint('é' * 100)\nprint('done', file=sys.stderr)",
                                  flags=("--output-limit", "11"))
        self.assertEqual(outcome["stdout"], "é" * 5)
        self.assertEqual((outcome["stdout_truncated"], outcome["stderr_truncated"]), (True, False))
        self.assertEqual((outcome["status"], outcome["stderr"]), ("ok", "done\n"))

    def test_OutputOfExactlyTheLimitIsWhole(self):
        outcome = self.run_python("print('x' * 10, end='')", flags=("--output-limit", "10"))
        self.assertEqual((outcome["stdout"], outcome["stdout_truncated"]), ("x" * 10, False))

    def test_T25_AFloodIsDrainedAndTheScriptGoesOn(self):
        outcome = self.run_python(
            "import sys\nfor _ in range(64): sys.stdout.write('x' * 1048576)\nopen('done', 'w').close()")
        self.assertEqual(outcome["status"], "ok")
        self.assertEqual(len(outcome["stdout"]), 1 << 20)
        self.assertTrue((self.work / "done").exists())

    def test_PassedThroughOutputIsUnlimited(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('x' * 3000000)"})
        self.assertEqual(len(self.openskills("run", skill, "scripts/x.py").out), 3000001)

    def test_AReaderThatLeavesEndsTheScriptAsABrokenPipe(self):
        skill = self.make_skill("demo", {"scripts/x.py": "while True: print('x' * 1000)"})
        process = subprocess.Popen([str(BINARY), "run", str(skill), "scripts/x.py"], cwd=self.work,
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        self.assertIn(b"BrokenPipeError", process.stderr.read())
        process.stderr.close()
        self.assertNotEqual(process.wait(60), 0)


    def test_AStalledReaderDelaysNeitherTheDeadlineNorCtrlC(self):
        skill = self.make_skill("demo", {"scripts/x.py": "while True: print('x' * 1000)"})
        for interrupt in (False, True):
            process = start(self, "run", skill, "scripts/x.py", "--timeout", "60s" if interrupt else "500ms")
            process.stdout.read(1)
            if interrupt:
                send_interrupt(process)
            self.assertIn(process.wait(60), (124, 130) if not interrupt else (130,))
            process.stdout.close()
            process.stderr.close()


class Cancelling(TestCase):
    def test_T14_CtrlCEndsEverything(self):
        for mode in MODES:
            with self.subTest(mode=mode):
                skill = self.make_skill("demo", {"scripts/x.py": "print('up', flush=True)\nwhile True: pass"})
                process = start(self, "run", skill, "scripts/x.py", "--isolation", mode)
                self.assertEqual(process.stdout.readline(), b"up\n")
                family = children_of(process.pid)
                self.assertEqual(bool(family), mode == "process")
                send_interrupt(process)
                error = process.communicate(timeout=60)[1]
                self.assertEqual(process.returncode, 130)
                self.assertIn(b"[cancelled]", error)
                self.assertFalse([pid for pid in family if is_alive(pid)])

    def test_T14_NothingOutlivesAKilledSupervisor(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('up', flush=True)\nwhile True: pass"})
        process = start(self, "run", skill, "scripts/x.py")
        process.stdout.readline()
        family = children_of(process.pid)
        self.assertTrue(family)
        process.kill()
        process.communicate(timeout=60)
        for _ in range(200):
            if not [pid for pid in family if is_alive(pid)]:
                break
            time.sleep(0.05)
        self.assertFalse([pid for pid in family if is_alive(pid)])

    def test_TemporaryFoldersAreRemoved(self):
        temporary = self.root / "tmp"
        temporary.mkdir()
        for flags in ((), ("--timeout", "200ms")):
            self.run_python("import time; open('/tmp/x', 'w').close(); time.sleep(0.3)", flags=flags,
                            env=self.environment(TMPDIR=str(temporary)))
            self.assertEqual(list(pathlib.Path(temporary).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
