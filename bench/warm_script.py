"""The script of the Python figures over and over in one interpreter: what it costs where nothing is cold.

    python3 bench/warm_script.py                                                          native
    openskills exec --workspace bench --isolation in-process -- python3 warm_script.py    in the guest

Prints medians over 300 runs: the whole, and of it the compiling of the source. Regular expressions are compiled anew
each time, as a run of its own compiles them.
"""
import argparse  # noqa: F401: preloaded, as in the guest's snapshot
import io
import json  # noqa: F401
import re
import statistics
import sys
import time
from pathlib import Path

source = Path(__file__).with_name("script.py").read_text()
sys.argv = ["script.py", "the quick brown fox\n" * 40]
whole, compiling = [], []
for _ in range(300):
    re.purge()
    out, sys.stdout = sys.stdout, io.StringIO()
    start = time.perf_counter()
    code = compile(source, "script.py", "exec")
    compiled = time.perf_counter()
    exec(code, {"__name__": "__main__"})
    whole.append(time.perf_counter() - start)
    compiling.append(compiled - start)
    sys.stdout = out
print(f"Python {sys.version.split()[0]}: {statistics.median(whole) * 1e3:.2f} ms, "
      f"{statistics.median(compiling) * 1e3:.2f} of it compiling")
