"""make_manifest.py TOOL FOLDER LIBRARY GUEST_LIB SCRIPT_CODE: writes FOLDER/guest.json for FOLDER/python.wasm. Which modules the
guest can import is asked of the guest itself."""
import email.parser
import hashlib
import json
import pathlib
import platform
import subprocess
import sys

ASK = """
import importlib, sys
sys.stdout = None
found = []
import pkgutil, sysconfig
bundled = {module.name for module in pkgutil.iter_modules([sysconfig.get_path('purelib')])}
for name in sorted(sys.stdlib_module_names | bundled):
    try:
        importlib.import_module(name)
    except BaseException:
        continue
    found.append(name)
sys.__stdout__.write('\\n'.join(found))
"""


def leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def initial_memory_bytes(module):
    """The minimum in the module's memory section: what a run holds before it allocates anything."""
    at = 8
    while at < len(module):
        section, (size, start) = module[at], leb(module, at + 1)
        if section == 5:
            _, flags_at = leb(module, start)
            _, minimum_at = leb(module, flags_at)
            return leb(module, minimum_at)[0] * 65536
        at = start + size
    sys.exit("the module has no memory of its own")


def check_image(module):
    """Engines map a memory image copy-on-write when it is at most 16 MiB, or at least half of it lies in data segments;
    else every instance copies it."""
    at, first, last, filled = 8, None, 0, 0
    while at < len(module):
        section, (size, start) = module[at], leb(module, at + 1)
        if section == 11:
            count, at_segment = leb(module, start)
            for _ in range(count):
                flags, offset_at = leb(module, at_segment)
                if flags == 1:  # passive: the snapshot empties those
                    length, content = leb(module, offset_at)
                    at_segment = content + length
                    continue
                if flags != 0 or module[offset_at] != 0x41:
                    sys.exit("a data segment is not active at a constant address")
                # Addresses are far below 2**31: the signed number has no sign to extend.
                address, end_at = leb(module, offset_at + 1)
                length, content = leb(module, end_at + 1)
                first = address if first is None else min(first, address)
                last, filled = max(last, address + length), filled + length
                at_segment = content + length
        at = start + size
    image = last - (first or 0)
    print(f"memory image {image // 1024} KiB, {filled // 1024} KiB of it in data segments")
    if image > 16 << 20 and filled < image / 2:
        sys.exit("the memory image is too large and too sparse to be mapped copy-on-write")


def packages(site_packages):
    """Name and version of each bundled package, from its metadata."""
    found = []
    for metadata in site_packages.glob("*.dist-info/METADATA"):
        fields = email.parser.HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        found.append({"name": fields["Name"], "version": fields["Version"]})
    return sorted(found, key=lambda package: package["name"].lower())


def main():
    tool, folder, library, guest_lib, script_code = sys.argv[1:]
    folder = pathlib.Path(folder)
    path = folder / "python.wasm"
    module = path.read_bytes()
    check_image(module)
    asked = subprocess.run([tool, "--run", path, f"{library}::{guest_lib}", "--", "python3", "-c", ASK],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
    modules = asked.stdout.split()
    if asked.returncode != 0 or "json" not in modules:
        sys.exit(f"the guest does not answer: {asked.stderr}")
    manifest = {
        "schema": 1,
        "name": "python",
        "version": platform.python_version(),
        "language": "python",
        "module": "python.wasm",
        "module_sha256": hashlib.sha256(module).hexdigest(),
        "mounts": [{"host": "lib", "guest": guest_lib}],
        "argv0": "python3",
        "extensions": [".py"],
        "interpreters": ["python", "python3", "python" + ".".join(platform.python_version_tuple()[:2])],
        "script_code": {"arguments": ["-I", "-m", "_script_code"], "guest": script_code},
        "memory_min_bytes": initial_memory_bytes(module),
        "modules": modules,
        "packages": packages(pathlib.Path(library, "site-packages")),
    }
    (folder / "guest.json").write_text(json.dumps(manifest, indent=1) + "\n")


main()
