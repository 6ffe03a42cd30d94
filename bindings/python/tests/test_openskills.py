"""The installed package, as its users have it. Run by bindings/python/test.sh in a venv that holds the wheel alone."""

import asyncio
import datetime
import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import openskills
from openskills import CancelToken, Conversation, OpenSkillRuntime, OpenSkillsError, RunOptions, SkillWatcher
from openskills.tools import SkillTools

from processes import busy_grandchildren, children

ROOT = Path(os.environ["OPENSKILLS_SOURCE_DIR"])
SKILLS = ROOT / "examples" / "skills"
RUNTIME = OpenSkillRuntime(SKILLS)
RUNTIME.load_skills()


def threads_and_descriptors():
    return len(os.listdir("/proc/self/fd"))


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="openskills-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.work = self.folder / "work"
        self.work.mkdir()

    def python(self, code, **options):
        return RUNTIME.exec(None, ["python3", "-c", code], workspace=self.work, **options)

    def assertCode(self, code, call, *arguments, **options):
        with self.assertRaises(OpenSkillsError) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception


class Runs(Case):
    def test_an_unmodified_skill_runs_in_both_walls(self):
        shutil.copy(SKILLS / "csv-report/assets/sample.csv", self.work / "data.csv")
        outcome = RUNTIME.run_script("csv-report", "scripts/report.py", ["data.csv", "--output", "report.md"], workspace=self.work)
        self.assertEqual((outcome.status, outcome.exit_code), ("ok", 0), outcome)
        self.assertEqual([file.path for file in outcome.artifacts], ["report.md"])
        self.assertTrue((self.work / "report.md").is_file())
        self.assertTrue(outcome.isolation.layers.wasm and outcome.isolation.layers.seccomp)
        self.assertGreater(outcome.isolation.layers.landlock, 0)

    def test_json_goes_in_and_out(self):
        outcome = RUNTIME.execute_skill("text-stats-wasm", {"text": "One two."}, workspace=self.work)
        self.assertEqual(outcome.output["words"], 2)
        self.assertIs(outcome.raise_for_status(), outcome)

    def test_a_failed_script_is_data(self):
        outcome = self.python("import sys; print('out'); sys.exit(3)")
        self.assertEqual((outcome.status, outcome.exit_code, outcome.stdout), ("failed", 3, "out\n"))
        with self.assertRaises(openskills.RunFailed) as caught:
            outcome.raise_for_status()
        self.assertIs(caught.exception.outcome, outcome)

    def test_a_time_out_ends_the_run(self):
        for timeout in ({"timeout_ms": 200}, {"timeout": 0.2}, {"timeout": datetime.timedelta(milliseconds=200)}):
            self.assertEqual(self.python("while True: pass", **timeout).status, "timeout")

    def test_a_token_cancels_from_another_thread(self):
        token = CancelToken()
        threading.Timer(0.2, token.cancel).start()
        self.assertEqual(self.python("while True: pass", cancel=token).status, "cancelled")

    def test_other_threads_go_on_during_a_run(self):
        counted = []
        done = threading.Event()
        thread = threading.Thread(target=lambda: [counted.append(done.wait(0.01)) for _ in iter(done.is_set, True)])
        thread.start()
        self.python("import time; time.sleep(0.5)")
        done.set()
        thread.join()
        self.assertGreater(len(counted), 5)

    def test_standard_input_is_bytes_text_or_a_file(self):
        code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
        (self.folder / "input").write_bytes(b"\xff\0file")
        self.assertEqual(self.python(code, stdin=b"\xff\0bytes").stdout_bytes, b"\xff\0bytes")
        self.assertEqual(self.python(code, stdin="täxt").stdout, "täxt")
        with open(self.folder / "input", "rb") as file:
            self.assertEqual(self.python(code, stdin=file).stdout_bytes, b"\xff\0file")

    def test_output_comes_while_the_script_runs(self):
        pieces = []
        outcome = self.python("print('one', flush=True); import sys; sys.stderr.write('two')",
                              on_output=lambda kind, data: pieces.append((kind, data)))
        self.assertEqual(sorted(pieces), [("stderr", b"two"), ("stdout", b"one\n")])
        self.assertEqual(outcome.stdout_bytes, b"")

    def test_ten_megabytes_of_output_come_whole(self):
        outcome = self.python("print('x' * 10_000_000, end='')", output_limit_bytes=20_000_000)
        self.assertEqual(outcome.stdout_bytes, b"x" * 10_000_000)

    def test_nothing_of_the_host_is_seen_but_what_is_granted(self):
        os.environ["OPENSKILLS_SECRET"] = "secret"
        code = "import os; print('OPENSKILLS_SECRET' in os.environ, os.path.exists('/etc/passwd'), os.environ.get('A'))"
        self.assertEqual(self.python(code).stdout, "False False None\n")
        self.assertEqual(self.python(code, environment={"A": "b"}).stdout, "False False b\n")

    def test_a_killed_worker_takes_its_run_along_and_no_more(self):
        timer = threading.Timer(0.4, lambda: [os.kill(pid, signal.SIGKILL) for pid in children()])
        timer.start()
        outcome = self.python("while True: pass", timeout_ms=20_000)
        self.assertIn(outcome.status, ("crashed", "error"), outcome)
        self.assertEqual(self.python("print(1)").stdout, "1\n")


class Asyncio(Case):
    def test_sixty_four_runs_at_once_are_all_correct(self):
        async def all_of_them():
            return await asyncio.gather(*[
                RUNTIME.aexecute_skill("text-stats-wasm", {"text": "w " * n}, workspace=self.work, timeout_ms=120_000)
                for n in range(64)])  # fmt: skip

        outcomes = asyncio.run(all_of_them())
        self.assertEqual([outcome.output["words"] for outcome in outcomes], list(range(64)))

    def test_cancelling_the_task_ends_the_process(self):
        async def cancelled():
            task = asyncio.create_task(RUNTIME.aexec(None, ["python3", "-c", "while True: pass"], workspace=self.work))
            deadline = time.monotonic() + 10
            while not busy_grandchildren() and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            self.assertEqual(len(busy_grandchildren()), 1)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())
        deadline = time.monotonic() + 10
        while busy_grandchildren() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(busy_grandchildren(), [])

    def test_a_stream_ends_with_the_outcome(self):
        async def pieces():
            command = ["python3", "-c", "print('a', flush=True); print('b')"]
            return [piece async for piece in RUNTIME.stream_exec(None, command, workspace=self.work)]

        found = asyncio.run(pieces())
        self.assertEqual(b"".join(data for kind, data in found if kind == "stdout"), b"a\nb\n")
        self.assertEqual((found[-1][0], found[-1][1].status), ("outcome", "ok"))


class Disclosure(Case):
    def test_each_tier_is_there(self):
        self.assertIn("csv-report", [skill.id for skill in RUNTIME.skills()])
        self.assertIn("csv-report", RUNTIME.prompt().text)
        only = RUNTIME.prompt(filter=lambda skill: skill.id == "csv-report")
        self.assertEqual(only.skills, 1)
        conversation = Conversation()
        self.assertIn("script", RUNTIME.activate("csv-report", conversation=conversation).text)
        self.assertEqual(conversation.active(), ["csv-report"])
        self.assertIn("scripts/report.py", [file.path for file in RUNTIME.files("csv-report")])
        self.assertEqual(RUNTIME.read("csv-report", "SKILL.md"), (SKILLS / "csv-report/SKILL.md").read_bytes())
        self.assertEqual(RUNTIME.search("csv")[0].skill.id, "csv-report")

    def test_changes_are_found_and_watched(self):
        skills = self.folder / "skills"
        (skills / "one").mkdir(parents=True)
        (skills / "one/SKILL.md").write_text("---\nname: one\ndescription: One.\n---\n")
        runtime = OpenSkillRuntime(skills)
        runtime.load_skills()
        watcher = SkillWatcher.start(skills)
        (skills / "two").mkdir()
        (skills / "two/SKILL.md").write_text("---\nname: two\ndescription: Two.\n---\n")
        self.assertEqual(runtime.refresh().added, ("two",))
        self.assertEqual(watcher.wait(20_000).added, ("two",))


class Errors(Case):
    def test_each_has_its_stable_code(self):
        self.assertCode("skill-not-found", RUNTIME.read, "nobody", "x")
        self.assertCode("path-escapes-root", RUNTIME.read, "csv-report", "../../x")
        self.assertCode("path-not-found", OpenSkillRuntime("/nowhere/at/all").load_skills)
        self.assertEqual(RUNTIME.execute_skill("nobody").error.code, "skill-not-found")

    def test_values_of_a_wrong_kind_are_invalid_arguments(self):
        for call in (
            lambda: RUNTIME.run_script("csv-report", 5),
            lambda: RUNTIME.run_script("csv-report", "x", "abc"),
            lambda: RUNTIME.exec(None, ["python3"], time_out=1),
            lambda: RUNTIME.exec(None, ["python3"], tier="fast"),
            lambda: RUNTIME.exec(None, ["python3"], timeout_ms=-1),
            lambda: RUNTIME.exec(None, ["python3"], workspace=3),
            lambda: RUNTIME.exec(None, ["python3"], environment={"A": 1}),
            lambda: RUNTIME.exec(None, ["a\0b"]),
            lambda: RUNTIME.activate("csv-report", by="nobody"),
            lambda: RunOptions(isolation=1) and RUNTIME.exec(None, ["python3"], RunOptions(isolation=1)),
            lambda: OpenSkillRuntime(SKILLS, profile="other"),
        ):
            error = self.assertCode("invalid-argument", call)
            self.assertIsInstance(error, (TypeError, ValueError))

    def test_hostile_input_is_an_error_of_its_own(self):
        deep = []
        for _ in range(100_000):
            deep = [deep]
        for input in (deep, {"x": "\ud800"}, {1, 2}, float("nan"), object()):
            with self.assertRaises((OpenSkillsError, RecursionError)):
                RUNTIME.execute_skill("text-stats-wasm", input, workspace=self.work)
        self.assertEqual(RUNTIME.run_script("csv-report", "../" * 1000 + "x").status, "error")
        self.assertEqual(RUNTIME.execute_skill("text-stats-wasm", {"text": "x" * 500_000}, workspace=self.work).output["words"], 1)
        too_large = RUNTIME.execute_skill("text-stats-wasm", {"text": "x" * 20_000_000}, workspace=self.work)
        self.assertIn(too_large.status, ("ok", "failed"))


class Process(Case):
    def run_program(self, program):
        text = f"import os, sys, signal, time\nfrom openskills import OpenSkillRuntime\nruntime = OpenSkillRuntime({str(SKILLS)!r})\nruntime.load_skills()\nwork = {str(self.work)!r}\n" + program
        return subprocess.run([sys.executable, "-X", "faulthandler", "-c", text], capture_output=True, text=True, timeout=120)

    def test_a_fork_has_runs_of_its_own(self):
        ended = self.run_program(
            "assert runtime.execute_skill('text-stats-wasm', {'text': 'a'}, workspace=work).ok\n"
            "pid = os.fork()\n"
            "ok = runtime.execute_skill('text-stats-wasm', {'text': 'a b'}, workspace=work).output['words'] == 2\n"
            "if pid == 0: os._exit(0 if ok else 1)\n"
            "print(ok, os.waitpid(pid, 0)[1])\n")
        self.assertEqual((ended.stdout, ended.returncode), ("True 0\n", 0), ended.stderr)

    def test_control_c_cancels_the_run(self):
        ended = self.run_program(
            "import threading\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job may have been told to ignore it
            "threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
            "try: runtime.exec(None, ['python3', '-c', 'while True: pass'], workspace=work)\n"
            "except KeyboardInterrupt: print('interrupted')\n")
        self.assertEqual((ended.stdout, ended.returncode), ("interrupted\n", 0), ended.stderr)

    def test_handlers_of_signals_run_while_a_run_is_under_way(self):
        for isolation in ("process", "in-process"):
            for wait in ("while True: pass", "import time\nwhile True: time.sleep(60)", "while True: print('x')"):
                with self.subTest(isolation=isolation, wait=wait):
                    ended = self.run_program(
                        "import threading\n"
                        f"how = dict(workspace=work, isolation={isolation!r})\n"
                        "def later(signal): threading.Timer(0.3, lambda: os.kill(os.getpid(), signal)).start()\n"
                        "def run_another(*_):\n"
                        "    seen.append(runtime.exec(None, ['python3', '-c', 'print(1)'], **how).stdout)\n"
                        "    later(signal.SIGUSR2)\n"
                        "def stop(*_): raise LookupError('stop')\n"
                        "seen = []\n"
                        "runtime.exec(None, ['python3', '-c', ''], **how)\n"
                        "signal.signal(signal.SIGUSR1, run_another)\nsignal.signal(signal.SIGUSR2, stop)\n"
                        "try:\n"
                        "    later(signal.SIGUSR1)\n"
                        f"    runtime.exec(None, ['python3', '-c', {wait!r}], on_output=lambda *_: True, **how)\n"
                        "except LookupError as problem: print(problem, seen)\n")
                    self.assertEqual((ended.stdout, ended.returncode), ("stop ['1\\n']\n", 0), ended.stderr)

    def test_the_interpreter_ends_with_runs_under_way(self):
        ended = self.run_program(
            "import threading\n"
            "threading.Thread(target=lambda: runtime.exec(None, ['python3', '-c', 'while True: pass'], workspace=work), daemon=True).start()\n"
            "time.sleep(0.5)\nprint('leaving')\n")
        self.assertEqual((ended.stdout, ended.returncode), ("leaving\n", 0), ended.stderr)

    def test_dropped_handles_leave_nothing_behind(self):
        def create_and_drop(count):
            for _ in range(count):
                OpenSkillRuntime(SKILLS)
                Conversation()
                CancelToken()
            gc.collect()

        def resident():
            return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

        create_and_drop(500)
        before, memory = threads_and_descriptors(), resident()
        create_and_drop(10_000)
        self.assertEqual(threads_and_descriptors(), before)
        self.assertLess(resident() - memory, 32 << 20)


class Tools(Case):
    def test_a_model_gets_answers_and_cannot_widen_a_grant(self):
        tools = SkillTools(RUNTIME, workspace=self.work, timeout_ms=20_000)
        self.assertIn("csv-report", tools.system_prompt())
        self.assertIn("csv-report", tools.call("list_skills", "").text)
        self.assertIn("script", tools.call("activate_skill", '{"skill": "csv-report"}').text)
        self.assertEqual(tools.call("exec_command", {"command": ["python3", "-c", "print(input())"], "stdin": "hi"}).text, "hi")
        for name, arguments in (("fly", {}), ("list_skills", "{"), ("list_skills", {"x": "y"}), ("exec_command", {"command": "ls"}),
                                ("exec_command", {"command": ["python3"], "timeout_ms": 1}), ("read_skill_file", {"skill": "csv-report", "path": "../x"}),
                                ("activate_skill", {"skill": "nobody"}), ("activate_skill", {})):  # fmt: skip
            self.assertTrue(tools.call(name, arguments).is_error, (name, arguments))
        names = {tool["name"] for tool in tools.for_anthropic()}
        self.assertEqual(names, {tool["function"]["name"] for tool in tools.for_openai()})
        self.assertEqual(names, {tool["name"] for tool in tools.for_mcp()})


class Readme(Case):
    def test_its_examples_run_as_printed(self):
        shutil.copytree(SKILLS, self.folder / "skills")
        shutil.copy(SKILLS / "csv-report/assets/sample.csv", self.work / "data.csv")
        blocks = re.findall(r"```python\n(.*?)```", (ROOT / "bindings/python/README.md").read_text(), re.S)
        self.assertGreater(len(blocks), 2)
        for block in blocks:
            ended = subprocess.run([sys.executable, "-c", block], cwd=self.folder, capture_output=True, text=True, timeout=120)
            self.assertEqual(ended.returncode, 0, f"{block}\n{ended.stderr}")


if __name__ == "__main__":
    unittest.main()
