"""Reports over a folder of CSV files: the skill csv-report is run for each, several at once, and an index of all is written.

    python batch_report.py SKILLS_DIR CSV_DIR OUT_DIR [--at-once N]

One file that cannot be read spoils only its own report: the index says why.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import List, Tuple

from openskills import Mount, OpenSkillRuntime, Outcome, RunOptions


async def report(runtime: OpenSkillRuntime, file: Path, out: Path, turn: asyncio.Semaphore) -> Tuple[Path, Outcome]:
    """The script sees the CSV files, which it cannot change, and a folder for this file's report."""
    own = out / file.stem
    own.mkdir(parents=True, exist_ok=True)
    options = RunOptions(workspace=own, mounts=[Mount(file.parent, "/data", writable=False)], timeout=30, memory_bytes=256 << 20)
    async with turn:
        arguments = [f"/data/{file.name}", "--output", "report.md"]
        return file, await runtime.arun_script("csv-report", "scripts/report.py", arguments, options)


def index_of(done: List[Tuple[Path, Outcome]]) -> str:
    lines = ["# Reports", "", "| file | result | ms |", "|---|---|---|"]
    for file, outcome in done:
        why = outcome.error.message if outcome.error else (outcome.stderr.strip().splitlines() or [outcome.status])[-1]
        result = f"[{outcome.stdout.strip()}]({file.stem}/report.md)" if outcome.ok else f"failed: {why}"
        lines.append(f"| {file.name} | {result} | {outcome.usage.wall_ms:.0f} |")
    return "\n".join(lines) + "\n"


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("skills", "csv", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--at-once", type=int, default=4)
    given = parser.parse_args()
    runtime = OpenSkillRuntime(given.skills)
    await runtime.aload_skills()
    turn = asyncio.Semaphore(given.at_once)
    files = sorted(given.csv.resolve().glob("*.csv"))
    done = await asyncio.gather(*[report(runtime, file, given.out, turn) for file in files])
    (given.out / "index.md").write_text(index_of(done))
    failed = [file.name for file, outcome in done if not outcome.ok]
    print(f"{len(done) - len(failed)} of {len(done)} reports in {given.out}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
