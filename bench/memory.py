#!/usr/bin/env python3
"""What the Python guest holds: memory.py [--build DIR]. Prints the memory a small script's run needs, and what a slot of a
warm host keeps between runs."""
import argparse
import json
import re
import resource
import subprocess
import tempfile
from pathlib import Path

from run import BENCH, ROOT, TEXT, make_script_skill

RUNS = 5


def one_run(openskills, scratch):
    """(MiB of linear memory, MiB of the largest process), code and libraries included."""
    skill, workspace = make_script_skill(scratch), scratch / "workspace"
    workspace.mkdir()
    command = [openskills, "run", skill, "scripts/words.py", "--workspace", workspace, "--json", "--", TEXT]
    outcome = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    largest_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return outcome["usage"]["peak_memory_bytes"] / 2**20, largest_kib / 1024


def mappings(pid):
    """(name of the mapped file, its rights, {field: KiB}) of each mapping."""
    found = []
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+\s*(.*)", line)
        if head:
            found.append((head[2], head[1], {}))
        elif line.endswith(" kB"):
            field, kib = line.removesuffix(" kB").split(":")
            found[-1][2][field] = int(kib)
    return found


def idle_slot(build):
    """KiB of the guest's memory image that a host has as copies of its own after some runs, and that it maps."""
    driver = [build / "bench" / "python_guest_bench", "1", "in-process", BENCH / "script.py", TEXT]
    with subprocess.Popen(driver, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as host:
        host.stdout.readline()
        for _ in range(RUNS):
            host.stdin.write("\n")
            host.stdin.flush()
            host.stdout.readline()
        images = [fields for name, rights, fields in mappings(host.pid) if name.endswith(".cwasm") and rights[1] == "w"]
        host.stdin.close()
    return sum(image["Private_Dirty"] for image in images), sum(image["Rss"] for image in images)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    build = parser.parse_args().build.resolve()
    with tempfile.TemporaryDirectory(prefix="openskills-bench.") as scratch:
        linear, largest = one_run(build / "bin" / "openskills", Path(scratch))
    own, mapped = idle_slot(build)
    print(f"a run of the bench script: {linear:.1f} MiB of linear memory; its largest process has {largest:.1f} MiB")
    print(f"an idle slot after {RUNS} runs: {own} KiB written pages of its own, {mapped} KiB mapped")


main()
