"""Makes and drops N runtimes with what belongs to them, and asks each for runs that are refused. For a memory checker:

    PYTHONMALLOC=malloc valgrind --leak-check=full python bindings/python/tests/drop_handles.py 1000

loses nothing definitely (what it says of `maybe_small_long` is the interpreter's own). valgrind without openat2 finds no
skills; everything else is done all the same.
"""

import gc
import logging
import sys
from pathlib import Path

from openskills import CancelToken, Conversation, OpenSkillRuntime, OpenSkillsError

SKILLS = Path(__file__).resolve().parents[3] / "examples/skills"


def main(count: int) -> None:
    logging.disable()
    for _ in range(count):
        runtime = OpenSkillRuntime(SKILLS)
        runtime.load_skills()
        runtime.skills(), runtime.search("csv"), runtime.diagnostics(), runtime.prompt()
        conversation = Conversation()
        if runtime.skills():
            runtime.activate("csv-report", conversation=conversation)
        outcome = runtime.run_module("/nowhere.wasm", isolation="in-process", environment={"A": "b"}, cancel=CancelToken())
        assert outcome.error is not None and outcome.error.code == "path-not-found", outcome
        try:
            runtime.execute_skill("nobody", {"a": [1, 2]}, timeout_ms=-1)
        except OpenSkillsError as problem:
            assert problem.code == "invalid-argument", problem
    gc.collect()


main(int(sys.argv[1]))
