"""ship_compiled_code.py GUESTS TRUSTED < SHOWN: puts compiled code into guest packs. SHOWN is what
`openskills cache show --json` says of a cache in which the packs' modules were just compiled; TRUSTED becomes the list
for OPENSKILLS_TRUSTED_CODE."""
import json
import pathlib
import shutil
import sys


def main():
    guests, trusted = map(pathlib.Path, sys.argv[1:])
    usable = {entry["module_sha256"]: entry for entry in json.load(sys.stdin)["entries"] if entry["state"] == "usable"}
    lines = []
    for manifest_path in sorted(guests.glob("*/guest.json")):
        manifest = json.loads(manifest_path.read_text())
        entry = usable.get(manifest["module_sha256"])
        if entry is None:
            sys.exit(f"the module of the guest {manifest['name']} was not compiled")
        file = manifest["name"] + ".cwasm"
        shutil.copyfile(entry["file"], manifest_path.parent / file)
        manifest["precompiled"] = [{"file": file, "sha256": entry["code_sha256"], "engine": entry["engine"]}]
        manifest_path.write_text(json.dumps(manifest, separators=(",", ":")) + "\n")
        (manifest_path.parent / ".key").unlink(missing_ok=True)
        lines.append(f"{entry['code_sha256']} {entry['module_sha256']} {entry['engine']}\n")
    trusted.write_text("".join(lines))


main()
