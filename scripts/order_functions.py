#!/usr/bin/env python3
"""order_functions.py [--build DIR]: makes cmake/functions.ld anew, by which the linker lays out the programs.

For maintainers, after the code that a run passes through has changed much: the build only reads the file, and a name in
it that is there no more does no harm. A process faults in the pages of its program that it executes, sixteen at once;
what the commands below call lies together, so that there are few. Which functions those are is told by breakpoints at
the first instruction of each. Runs on x86-64 Linux, with a built DIR (default: build).
"""
import argparse
import collections
import ctypes
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "cmake" / "functions.ld"

PTRACE_TRACEME, PTRACE_CONT, PTRACE_GETREGS, PTRACE_SETREGS = 0, 7, 12, 13
PTRACE_SETOPTIONS = 0x4200
FOLLOW = 0x2 | 0x4 | 0x8 | 0x10 | 0x100000  # fork, vfork, clone, exec; and kill what is left
REGISTERS, RIP = struct.Struct("27Q"), 16
BREAKPOINT = b"\xcc"

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=0):
    if libc.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace request {request:#x}")


def functions_of(program):
    """Address to name of each function; where several names have one address, the last of them."""
    listing = subprocess.run(["readelf", "--syms", "--wide", program], check=True, capture_output=True, text=True)
    found = {}
    for line in listing.stdout.splitlines():
        words = line.split()
        if len(words) >= 8 and words[3] == "FUNC" and words[6].isdigit() and int(words[2], 0):
            found[int(words[1], 16)] = words[7].split("@")[0]
    return found


class Tracer:
    """Runs a command and everything it starts; `called` has the functions of the programs in the order of first calls."""

    def __init__(self, programs):
        self.programs = {os.path.realpath(program): functions_of(program) for program in programs}
        self.originals = {program: self.first_bytes(program, table) for program, table in self.programs.items()}
        self.called = {}

    @staticmethod
    def first_bytes(program, table):
        """Programs without position independence: an address is a constant distance from a place in the file."""
        listing = subprocess.run(["readelf", "--program-headers", "--wide", program], check=True, capture_output=True,
                                 text=True)
        segments = [line.split() for line in listing.stdout.splitlines() if line.strip().startswith("LOAD")]
        content = pathlib.Path(program).read_bytes()
        first = {}
        for _, offset, address, _, size, *_ in segments:
            offset, address, size = int(offset, 16), int(address, 16), int(size, 16)
            first.update({place: content[offset + place - address:offset + place - address + 1]
                          for place in table if address <= place < address + size})
        return first

    def set_breakpoints(self, pid):
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            for address in self.originals.get(os.path.realpath(f"/proc/{pid}/exe"), ()):
                memory.seek(address)
                memory.write(BREAKPOINT)

    def pass_breakpoint(self, pid):
        """Whether the process stands at one."""
        registers = ctypes.create_string_buffer(REGISTERS.size)
        ptrace(PTRACE_GETREGS, pid, 0, ctypes.addressof(registers))
        values = list(REGISTERS.unpack(registers.raw))
        address = values[RIP] - 1
        program = os.path.realpath(f"/proc/{pid}/exe")
        if address not in self.originals.get(program, ()):
            return False
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            memory.write(self.originals[program][address])
        self.called.setdefault(self.programs[program][address])
        values[RIP] = address
        registers.raw = REGISTERS.pack(*values)
        ptrace(PTRACE_SETREGS, pid, 0, ctypes.addressof(registers))
        return True

    def run(self, command, stdin=b""):
        child = self.start(command, stdin)
        alive = {child}
        has_begun = False
        while alive:
            pid, status = os.waitpid(-1, 0x40000000)  # __WALL
            if not os.WIFSTOPPED(status):
                alive.discard(pid)
                if pid == child and status != 0:
                    sys.exit(f"{command} ended with status {status}")
                continue
            alive.add(pid)
            try:
                self.go_on(pid, status, first=not has_begun)
            except (ProcessLookupError, FileNotFoundError):
                pass  # killed meanwhile: its end is told next
            has_begun = True

    def go_on(self, pid, status, first):
        number, event, pass_on = os.WSTOPSIG(status), status >> 16, 0
        if event == 4:  # exec
            self.set_breakpoints(pid)
        elif number == signal.SIGTRAP and event == 0 and first:  # its first exec
            ptrace(PTRACE_SETOPTIONS, pid, 0, FOLLOW)
            self.set_breakpoints(pid)
        elif number == signal.SIGTRAP and event == 0:
            pass_on = 0 if self.pass_breakpoint(pid) else number
        elif number != signal.SIGSTOP and event == 0:
            pass_on = number
        ptrace(PTRACE_CONT, pid, 0, pass_on)

    @staticmethod
    def start(command, stdin):
        with tempfile.TemporaryFile() as input_file:
            input_file.write(stdin)
            input_file.seek(0)
            pid = os.fork()
            if pid:
                return pid
            try:
                os.dup2(input_file.fileno(), 0)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                ptrace(PTRACE_TRACEME, 0)
                os.execv(command[0], [str(word) for word in command])
            finally:
                os._exit(127)


def pattern(name):
    """The section of the function by whatever compiler: Rust's names carry a digest of compiler and options."""
    name = re.sub(r"\.llvm\.\d+$", "*", name)
    name = re.sub(r"17h[0-9a-f]{16}E", "17h*E", name)
    name = re.sub(r"Cs[0-9A-Za-z]+_(?=\d)", "Cs*_", name)
    return f".text.{name}"


def patterns_of(called, programs):
    """Without the digest only where that leaves one function: else a hundred would come with it."""
    alike = collections.Counter(pattern(name) for table in programs for name in set(table.values()))
    for name in called:
        general = pattern(name)
        yield general if alike[general] <= len(programs) else f".text.{name}"


def script(patterns):
    lines = "\n".join(f"    *({name})" for name in patterns)
    return f"""/* Which functions lie together in the programs: what runs call, in the order of their first calls.
   Made by scripts/order_functions.py. */
SECTIONS
{{
  .text.called :
  {{
{lines}
  }}
}}
INSERT BEFORE .text;
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    build = parser.parse_args().build
    program, worker = build / "bin" / "openskills", build / "bin" / "openskills-worker"
    tracer = Tracer([program, worker])
    with tempfile.TemporaryDirectory() as workspace:
        script_file = pathlib.Path(workspace, "script.py")
        script_file.write_text("print('done')\n")
        skill = pathlib.Path(workspace, "words")
        (skill / "scripts").mkdir(parents=True)
        (skill / "SKILL.md").write_text("---\nname: words\ndescription: Counts words.\n---\n\n# Words\n")
        (skill / "scripts" / "words.py").write_text((ROOT / "bench" / "script.py").read_text())
        for command in (
            # The second time the script's code is there.
            *[[program, "run", skill, "scripts/words.py", "--workspace", workspace, "--", "a b a"]] * 2,
            [program, "exec", "--workspace", workspace, "--", "python3", "-c", "print(open('script.py').read())"],
            [program, "run", skill, "scripts/words.py", "--workspace", workspace, "--json", "--", "a"],
            [build / "bench" / "python_guest_bench", "1", "process", script_file, "a b a"],
            [program, "--skills", skill, "list"],
            [program, "--skills", skill, "list", "--json"],
            [program, "show", skill],
            [program, "validate", skill],
        ):
            tracer.run(command, b"\n" * 4)
    patterns = list(dict.fromkeys(patterns_of(tracer.called, tracer.programs.values())))
    OUTPUT.write_text(script(patterns))
    print(f"{OUTPUT.relative_to(ROOT)} has {len(patterns)} functions")


if __name__ == "__main__":
    main()
