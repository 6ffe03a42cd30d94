#!/usr/bin/env python3
"""What importing each module costs a script in the Python guest, beyond a script that does nothing.

    bench/imports.py [--build build] [--runs 15] [MODULE…]

A module of the snapshot costs next to nothing, any other is read and run. Each import is measured in turns with the empty
script, in process and in a child behind both walls; the difference of the medians is the cost. The result is a Markdown table.
"""
import argparse
import tempfile
from pathlib import Path

from run import ROOT, Program, Unavailable, percentile

MODULES = """
json re argparse pathlib csv datetime subprocess urllib.request xml.etree.ElementTree sqlite3 ast asyncio concurrent.futures
collections email ctypes ftplib hashlib html.parser http.client http.server imaplib importlib.metadata locale logging.handlers
multiprocessing optparse pdb pickle pydoc shelve smtplib socketserver ssl tarfile threading unittest xml.dom.minidom xml.sax
xmlrpc.client zipfile zoneinfo
yaml dotenv defusedxml.ElementTree pypdf bs4 openpyxl xlsxwriter rich.console markdown_it pygments click typer jinja2 dateutil.parser
tabulate jsonschema attrs requests tqdm colorama toml markdown packaging.version
""".split()


def cost(build, mode, folder, module, runs):
    """Milliseconds beyond the empty script."""
    (folder / "with.py").write_text(f"import {module}\n")
    (folder / "without.py").write_text("pass\n")
    driver = [build / "bench" / "python_guest_bench", 1, mode]
    with Program([*driver, folder / "with.py"], folder) as one, Program([*driver, folder / "without.py"], folder) as other:
        for _ in range(3):
            one.sample(), other.sample()
        samples, floors = zip(*[(one.sample(), other.sample()) for _ in range(runs)])
    return (percentile(samples, 0.5) - percentile(floors, 0.5)) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    print("| import | in process, ms | child per run, ms |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="openskills-bench.") as folder:
        for module in options.modules or MODULES:
            try:
                costs = [cost(options.build.resolve(), mode, Path(folder), module, options.runs) for mode in ("in-process", "process")]
                print(f"| `{module}` | " + " | ".join(f"{value:.1f}" for value in costs) + " |", flush=True)
            except Unavailable as reason:
                print(f"| `{module}` | {str(reason)[:90]} | |", flush=True)


if __name__ == "__main__":
    main()
