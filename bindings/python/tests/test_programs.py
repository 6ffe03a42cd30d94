"""The installed package in whole programs: the examples, children that are killed, handles that are dropped, threads."""

import asyncio
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from openskills import CancelToken, Conversation, OpenSkillRuntime, OpenSkillsError
from openskills.tools import SkillTools

from processes import children, held, resident_bytes

ROOT = Path(os.environ["OPENSKILLS_SOURCE_DIR"])
SKILLS = ROOT / "examples/skills"
EXAMPLES = ROOT / "examples/python"
SAMPLE = SKILLS / "csv-report/assets/sample.csv"
SPIN = ["python3", "-c", "while True: pass"]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="openskills-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)


class Examples(Case):
    def run_example(self, name, *arguments):
        return subprocess.run([sys.executable, EXAMPLES / name, SKILLS, *arguments], capture_output=True, text=True, timeout=300)

    def test_an_agent_makes_a_report_without_a_model_service(self):
        shutil.copy(SAMPLE, self.folder / "orders.csv")
        ended = self.run_example("agent_loop.py", self.folder)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("The report is in report.md: # Report on orders.csv", ended.stdout)
        self.assertTrue((self.folder / "report.md").is_file())

    def test_a_batch_reports_on_each_file_and_one_bad_file_spoils_no_other(self):
        (self.folder / "in").mkdir()
        shutil.copy(SAMPLE, self.folder / "in/a.csv")
        shutil.copy(SAMPLE, self.folder / "in/b.csv")
        (self.folder / "in/broken.csv").write_bytes(b"\xff\xfe\x00")
        ended = self.run_example("batch_report.py", self.folder / "in", self.folder / "out")
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn("2 of 3 reports", ended.stdout)
        self.assertTrue((self.folder / "out/b/report.md").is_file())
        self.assertIn("not UTF-8", (self.folder / "out/index.md").read_text())


class Killed(Case):
    def test_a_killed_child_is_a_crashed_run_and_no_more(self):
        runtime = OpenSkillRuntime(SKILLS)
        killed = []

        def kill_the_child():
            while not killed:
                for worker in children():
                    for child in children(worker):
                        os.kill(child, signal.SIGKILL)
                        killed.append(child)
                time.sleep(0.02)

        thread = threading.Thread(target=kill_the_child)
        thread.start()
        outcome = runtime.exec(None, SPIN, workspace=self.folder, timeout_ms=20_000)
        thread.join()
        self.assertEqual(outcome.status, "crashed", outcome)
        self.assertEqual(outcome.signal, signal.SIGKILL)
        self.assertEqual(runtime.exec(None, ["python3", "-c", "print(1)"], workspace=self.folder).stdout, "1\n")

    def test_a_trap_in_this_process_is_a_crashed_run_with_faulthandler_on(self):
        trap = "0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a0e010c004180808080042802001a0b"
        (self.folder / "trap.wasm").write_bytes(bytes.fromhex(trap))
        program = (
            "import faulthandler, sys; faulthandler.enable()\n"
            "from openskills import OpenSkillRuntime\n"
            "runtime = OpenSkillRuntime()\n"
            "for _ in range(3): print(runtime.run_module(sys.argv[1], isolation='in-process', workspace_access='none').status)\n"
        )
        ended = subprocess.run([sys.executable, "-c", program, self.folder / "trap.wasm"], capture_output=True, text=True, timeout=60)
        self.assertEqual((ended.stdout, ended.returncode), ("crashed\n" * 3, 0), ended.stderr)


class Dropped(Case):
    def test_runtimes_that_ran_leave_neither_threads_nor_descriptors_nor_processes(self):
        def use_and_drop():
            runtime = OpenSkillRuntime(SKILLS)
            self.assertEqual(runtime.exec(None, ["python3", "-c", "print(1)"], workspace=self.folder).stdout, "1\n")

        use_and_drop()
        before = self.settled(lambda now: now[::2] == (1, 0))
        for _ in range(20):
            use_and_drop()
        self.assertEqual(self.settled(lambda now: now == before), before)

    def settled(self, wanted):
        """What is held once `wanted` says so: a thread that was joined is listed by the kernel for a moment more."""
        gc.collect()
        deadline = time.monotonic() + 10
        while not wanted(held()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return held()

    def test_ten_thousand_handles_of_each_kind_leave_nothing(self):
        def make_and_drop(times):
            for number in range(times):
                runtime = OpenSkillRuntime(SKILLS)
                if number % 100 == 0:
                    runtime.load_skills()
                Conversation(), CancelToken()

        make_and_drop(1000)
        before, resident = held(), resident_bytes()
        make_and_drop(10_000)
        self.assertEqual(self.settled(lambda now: now == before), before)
        # A kilobyte lost with each would be ten MiB.
        self.assertLess(resident_bytes(), resident + (8 << 20))

    def test_a_thousand_tasks_that_are_cancelled_at_once_leave_nothing(self):
        async def cancelled():
            runtime = OpenSkillRuntime(SKILLS)
            tasks = [asyncio.create_task(runtime.aread("csv-report", "SKILL.md")) for _ in range(1000)]
            await asyncio.sleep(0)  # each has asked for a thread by now
            for task in tasks:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            self.assertEqual({type(answer) for answer in answers}, {asyncio.CancelledError})

        asyncio.run(cancelled())
        before = self.settled(lambda now: now[1] < 64)
        self.assertLess(before[1], 64)
        for _ in range(9):
            asyncio.run(cancelled())
        after = self.settled(lambda now: now[1] == before[1])
        self.assertEqual(after[1:], before[1:])


class Skills(Case):
    def test_the_list_is_made_once_after_each_search(self):
        skills = self.folder / "skills"
        for name in ("a", "b"):
            (skills / name).mkdir(parents=True)
            (skills / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: D.\n---\n")
        runtime = OpenSkillRuntime(skills)
        self.assertEqual(runtime.skills(), [])
        runtime.load_skills()
        first = runtime.skills()
        self.assertIs(runtime.skills()[0], first[0])
        first.clear()
        self.assertEqual([skill.id for skill in runtime.skills()], ["a", "b"])
        shutil.rmtree(skills / "b")
        runtime.refresh()
        self.assertEqual([skill.id for skill in runtime.skills()], ["a"])
        shutil.rmtree(skills)
        with self.assertRaises(OpenSkillsError):
            runtime.load_skills()
        self.assertEqual([skill.id for skill in runtime.skills()], ["a"])


class Threads(Case):
    def test_threads_share_one_runtime(self):
        runtime = OpenSkillRuntime(SKILLS)
        runtime.load_skills()
        answers = {}

        def work(n):
            for i in range(5):
                answers[n, i] = runtime.execute_skill("text-stats-wasm", {"text": "w " * n}, workspace=self.folder).output["words"]
                self.assertIn("csv-report", [skill.id for skill in runtime.skills()])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, {(n, i): n for n in range(8) for i in range(5)})


class Tools(Case):
    def test_the_schemas_are_those_of_the_table_and_a_caller_cannot_change_them(self):
        table = json.loads((ROOT / "bindings/tools.json").read_text())
        tools = SkillTools(OpenSkillRuntime(SKILLS))
        self.assertEqual([tool["input_schema"] for tool in tools.for_anthropic()], [tool["schema"] for tool in table])
        tools.for_mcp()[1]["inputSchema"]["properties"].clear()
        self.assertIn("skill", tools.for_mcp()[1]["inputSchema"]["properties"])

    def test_what_has_no_json_is_invalid(self):
        runtime = OpenSkillRuntime(SKILLS)
        with self.assertRaises(OpenSkillsError):
            runtime.execute_skill("text-stats-wasm", {"n": {1}})
        runtime.execute_skill("text-stats-wasm", {"n": 10**30})


if __name__ == "__main__":
    unittest.main()
