#!/usr/bin/env python3
"""OpenSkills beside the PyPI package `finclip-openskills`, which has the same import name: run this once in each
environment, one after the other on the same machine.

    python bench/peer_finclip.py [--skills N] [--runs N]

Prints which one it is and, as medians: the discovery of N skills, one Python script, and 32 of them in parallel.
"""

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openskills

HELLO = 'import json\nprint(json.dumps({"hello": "world"}))\n'


def make_skills(folder, count):
    for n in range(count):
        scripts = folder / f"skill-{n}/scripts"
        scripts.mkdir(parents=True)
        text = f"---\nname: skill-{n}\ndescription: The skill number {n}, for a benchmark of discovery.\n---\n\nRun scripts/hello.py\n"
        (folder / f"skill-{n}/SKILL.md").write_text(text)
        (scripts / "hello.py").write_text(HELLO)


class Own:
    name = f"openskills {getattr(openskills, '__version__', '')}"

    def __init__(self, folder, work):
        self.runtime, self.work = openskills.OpenSkillRuntime(folder), work

    def discover(self):
        self.runtime.load_skills()
        return len(self.runtime.skills())

    def run(self):
        outcome = self.runtime.run_script("skill-0", "scripts/hello.py", workspace=self.work, timeout_ms=60_000)
        return outcome.stdout


class Peer:
    name = "finclip-openskills"

    def __init__(self, folder, work):
        self.folder = str(folder)
        self.runtime = openskills.OpenSkillRuntimeWrapper.from_directory(self.folder)
        os.chdir(work)

    def discover(self):
        self.runtime = openskills.OpenSkillRuntimeWrapper.from_directory(self.folder)
        return len(self.runtime.list_skills())

    def run(self):
        return str(self.runtime.run_skill_target("skill-0", {"target_type": "script", "path": "scripts/hello.py", "timeout_ms": 60_000}))


def timed(job, count):
    samples = []
    for _ in range(count):
        start = time.perf_counter()
        job()
        samples.append((time.perf_counter() - start) * 1e3)
    return statistics.median(samples)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skills", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, work = Path(name, "skills"), Path(name, "work")
        work.mkdir()
        make_skills(folder, arguments.skills)
        side = (Peer if hasattr(openskills, "OpenSkillRuntimeWrapper") else Own)(folder, work)
        assert side.discover() == arguments.skills
        answer = side.run()
        assert "world" in answer, answer
        print(side.name)
        print(f"  {arguments.skills} skills discovered: {timed(side.discover, 5):.1f} ms")
        print(f"  one Python script: {timed(side.run, arguments.runs):.1f} ms")

        def parallel():
            with ThreadPoolExecutor(32) as pool:
                assert all("world" in one for one in pool.map(lambda _: side.run(), range(32)))

        print(f"  32 in parallel: {timed(parallel, 5):.0f} ms")
        os.chdir("/")


if __name__ == "__main__":
    main()
