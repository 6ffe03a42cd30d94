"""seal_manifest.py FOLDER: adds to FOLDER/guest.json the digest of each folder it mounts, as it lies in the pack:
SHA-256 over the sorted records `path NUL hexdigest LF` of its files (docs/spec.md, "Guest packs"). What scripts can import
moves to FOLDER/contents.json, since a process that only runs a script reads guest.json alone. A sealed pack can be sealed
again."""
import hashlib
import json
import pathlib
import sys


def tree_sha256(folder):
    digest = hashlib.sha256()
    paths = sorted((str(path.relative_to(folder)).encode(), path) for path in folder.rglob("*") if not path.is_dir())
    for name, path in paths:
        if path.is_symlink() or not path.is_file():
            sys.exit(f"{path} is not a regular file")
        digest.update(name + b"\0" + hashlib.sha256(path.read_bytes()).hexdigest().encode() + b"\n")
    return digest.hexdigest()


def main():
    folder = pathlib.Path(sys.argv[1])
    manifest = json.loads((folder / "guest.json").read_text())
    manifest.setdefault("start", "command")
    for mount in manifest["mounts"]:
        mount["sha256"] = tree_sha256(folder / mount["host"])
    contents = {name: manifest.pop(name) for name in ("modules", "packages") if name in manifest}
    if contents:
        manifest["contents"] = "contents.json"
        (folder / "contents.json").write_text(json.dumps(contents, indent=1) + "\n")
    (folder / "guest.json").write_text(json.dumps(manifest, separators=(",", ":")) + "\n")


main()
