"""Guest packs as data: a made-up language that is added without touching the program, hostile manifests, digests,
precompiled code, and what `guests list` says of all that."""

import hashlib
import json
import os
import subprocess
import unittest

from support import BINARY, GUESTS, ORDINARY_UID, Result, TestCase, module, TRAPS

# An interpreter of the language "tiny", whose programs are texts that are printed. From this text:
#   (module
#     (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
#     (import "wasi_snapshot_preview1" "path_open"
#       (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
#     (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
#     (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
#     (memory (export "memory") 2)
#     (data (i32.const 16) "\00\20\00\00\00\10\00\00")      ;; one buffer of 4096 bytes at 8192
#     (func (export "_start") (local $path i32) (local $end i32)
#       (drop (call $args_get (i32.const 1024) (i32.const 65536)))
#       (local.set $path (i32.add (i32.load (i32.const 1028)) (i32.const 7)))      ;; behind "/skill/"
#       (local.set $end (local.get $path))
#       (block $done (loop $next
#         (br_if $done (i32.eqz (i32.load8_u (local.get $end))))
#         (local.set $end (i32.add (local.get $end) (i32.const 1)))
#         (br $next)))
#       (if (call $path_open (i32.const 3) (i32.const 0) (local.get $path)
#             (i32.sub (local.get $end) (local.get $path)) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0)
#             (i32.const 8))
#         (then (unreachable)))
#       (drop (call $fd_read (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 20)))
#       (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))
TINY = bytes.fromhex(
    "0061736d01000000011f0460027f7f017f60097f7f7f7f7f7e7e7f7f017f60047f7f7f7f017f6000000289010416776173695f73"
    "6e617073686f745f707265766965773108617267735f676574000016776173695f736e617073686f745f70726576696577310970"
    "6174685f6f70656e000116776173695f736e617073686f745f70726576696577310766645f72656164000216776173695f736e61"
    "7073686f745f70726576696577310866645f77726974650002030201030503010002071302066d656d6f727902"
    "00065f737461727400040a6a016801027f4180084180800410001a41840828020041076a2100200021010240034020012d000045"
    "0d01200141016a21010c000b0b410341002000200120006b4100420242004100410810010440000b410828020041104101411410"
    "021a410141104101411810031a0b0b0e010041100b0800200000001000000051046e616d650129040008617267735f6765740109"
    "706174685f6f70656e020766645f72656164030866645f7772697465020e0104020004706174680103656e64030f010402000464"
    "6f6e6501046e657874")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tree_sha256(folder):
    """The digest of a mounted folder, as docs/spec.md has it."""
    records = sorted((str(f.relative_to(folder)), sha256(f.read_bytes())) for f in folder.rglob("*") if f.is_file())
    return sha256("".join(f"{path}\0{digest}\n" for path, digest in records).encode())


class GuestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.guests = self.root / "guests"
        self.pack = self.guests / "tiny"
        self.library = self.pack / "lib"
        self.library.mkdir(parents=True)
        (self.library / "a.txt").write_text("a library\n")
        (self.pack / "tiny.wasm").write_bytes(TINY)
        self.manifest = {
            "schema": 1, "name": "tiny", "version": "1.2", "language": "tiny", "start": "command",
            "module": "tiny.wasm", "module_sha256": sha256(TINY), "argv0": "tiny",
            "mounts": [{"host": "lib", "guest": "/usr/lib/tiny", "sha256": tree_sha256(self.library)}],
            "extensions": [".tiny"], "interpreters": ["tiny"], "modules": ["b", "a"],
            "packages": [{"name": "tinypkg", "version": "0.1"}], "memory_min_bytes": 131072}
        self.env = self.environment(OPENSKILLS_GUEST_PATH=str(self.guests), OPENSKILLS_CACHE_DIR=str(self.root / "cache"),
                                    XDG_CONFIG_HOME=str(self.root / "config"))
        self.write_manifest()
        self.skill = self.make_skill("demo", {"scripts/hello.tiny": "hello from tiny\n",
                                              "scripts/plain": "#!/usr/bin/env tiny\nby its first line\n"})

    def write_manifest(self, **changes):
        self.manifest.update(changes)
        (self.pack / "guest.json").write_text(json.dumps(self.manifest))

    def run_script(self, script="scripts/hello.tiny", *flags):
        return self.openskills("run", self.skill, script, *flags, env=self.env)

    def list(self, *flags):
        return self.openskills("guests", "list", "--json", *flags, env=self.env)

    def listed(self, *flags):
        """The tiny pack as it is listed, or None."""
        return next((g for g in self.list(*flags).json()["guests"] if g["name"] == "tiny"), None)

    def codes(self, *flags):
        found = self.list(*flags).json()["diagnostics"]
        for diagnostic in found:
            self.assertEqual(list(diagnostic), ["code", "severity", "message", "path", "hint"])
            self.assertTrue(diagnostic["hint"])
        return [d["code"] for d in found if d["path"].startswith(str(self.root))]


class AnotherLanguage(GuestCase):
    def test_AScriptRunsByItsExtensionByItsFirstLineAndByItsInterpretersName(self):
        result = self.run_script()
        self.assertEqual((result.code, result.text), (0, "hello from tiny\n"), result.error_text)
        self.assertEqual(self.run_script("scripts/plain").text, "#!/usr/bin/env tiny\nby its first line\n")
        by_name = self.openskills("exec", "--skill", self.skill, "--", "tiny", "scripts/hello.tiny", env=self.env)
        self.assertEqual((by_name.code, by_name.text), (0, "hello from tiny\n"), by_name.error_text)
        outcome = self.run_script("scripts/hello.tiny", "--json").json()
        self.assertEqual(outcome["isolation"]["guest"], "tiny-1.2")
        self.assertTrue(outcome["isolation"]["layers"]["seccomp"])
        in_process = self.run_script("scripts/hello.tiny", "--isolation", "in-process")
        self.assertEqual(in_process.text, "hello from tiny\n")

    def test_WithoutThePackItIsRefused(self):
        self.env["OPENSKILLS_GUEST_PATH"] = str(self.root / "none")
        self.assert_error(self.run_script(), 126, "tier-unavailable")
        by_name = self.openskills("exec", "--skill", self.skill, "--", "tiny", "scripts/hello.tiny", env=self.env)
        self.assert_error(by_name, 127, "interpreter-not-found")

    def test_ItIsListedWithEverythingItHas(self):
        guest = self.listed()
        self.assertEqual(list(guest), [
            "id", "name", "version", "language", "start", "directory", "module", "module_sha256", "module_digest",
            "library_digest", "code", "mounts", "extensions", "interpreters", "packages", "modules",
            "memory_min_bytes"])
        self.assertEqual((guest["id"], guest["language"], guest["start"]), ("tiny-1.2", "tiny", "command"))
        self.assertEqual((guest["module_digest"], guest["library_digest"]), ("ok", "unchecked"))
        self.assertEqual(guest["code"], "compiles-at-first-use")
        self.assertEqual(guest["modules"], ["a", "b"])
        self.assertEqual(guest["packages"], [{"name": "tinypkg", "version": "0.1"}])
        self.assertFalse((self.root / "cache").exists())
        self.assertEqual(self.run_script().code, 0)
        guest = self.listed()
        self.assertEqual((guest["module_digest"], guest["library_digest"], guest["code"]), ("ok", "ok", "cached"))
        cached = self.openskills("cache", "show", "--json", env=self.env).json()["entries"]
        self.assertEqual([entry["guest"] for entry in cached], ["tiny-1.2"])
        text = self.openskills("guests", "list", env=self.env).text
        self.assertIn("tiny-1.2  tiny  module ok, library ok, cached", text)
        self.assertIn("tinypkg 0.1", text)

    def test_APackOfThatNameFoundBeforeHidesAnother(self):
        second = self.root / "more" / "tiny"
        second.mkdir(parents=True)
        (second / "tiny.wasm").write_bytes(module(TRAPS))
        (second / "guest.json").write_text(json.dumps(
            {"schema": 1, "name": "tiny", "version": "2", "language": "tiny", "module": "tiny.wasm"}))
        self.env["OPENSKILLS_GUEST_PATH"] = f"{self.guests}:{self.root / 'more'}"
        self.assertEqual(self.listed()["version"], "1.2")
        self.assertEqual(self.codes(), ["guest-shadowed"])
        self.assertEqual(self.run_script().code, 0)


class MissingGuests(GuestCase):
    def test_TheMessageNamesTheCommandThatProvidesIt(self):
        self.make_skill("py", {"scripts/x.py": "print(1)\n"})
        empty = self.root / "empty"
        empty.mkdir()
        # The packs beside the program are found too; a copy of it elsewhere has none.
        binary = self.root / "bin" / "openskills"
        binary.parent.mkdir()
        binary.write_bytes(BINARY.read_bytes())
        binary.chmod(0o755)
        env = {**self.env, "OPENSKILLS_GUEST_PATH": str(empty)}
        for command in (["run", self.skills / "py", "scripts/x.py"], ["exec", "--", "python3", "-c", "1"]):
            result = self.openskills_at(binary, *command, env=env)
            self.assert_error(result, 126, "guest-missing")
            self.assertIn("scripts/build_runtime.sh", result.error_text)
        listed = self.openskills_at(binary, "guests", "list", env=env)
        self.assertEqual((listed.code, listed.text), (0, ""))
        self.assertIn("scripts/build_runtime.sh", listed.error_text)
        broken = empty / "python"
        broken.mkdir()
        (broken / "guest.json").write_text("{")
        result = self.openskills_at(binary, "run", self.skills / "py", "scripts/x.py", env=env)
        self.assert_error(result, 126, "guest-missing")
        self.assertIn("openskills guests list", result.error_text)
        self.assertIn("[guest-manifest-malformed]", self.openskills_at(binary, "guests", "list", env=env).error_text)

    def openskills_at(self, binary, *arguments, env):
        return Result(subprocess.run([binary, *map(str, arguments)], cwd=self.work, env=env, capture_output=True,
                                     stdin=subprocess.DEVNULL, timeout=120))


class HostileManifests(GuestCase):
    def refused(self, code, **changes):
        before = dict(self.manifest)
        self.write_manifest(**changes)
        self.assertEqual(self.codes(), [code], changes)
        self.assertIsNone(self.listed())
        self.assert_error(self.run_script(), 126, "tier-unavailable")
        self.manifest = before

    def test_APackThatIsWholeIsTheControl(self):
        self.assertEqual(self.codes("--verify"), [])
        self.assertEqual(self.list("--verify").code, 0)
        self.assertEqual(self.run_script().code, 0)

    def test_PathsStayInThePack(self):
        for path in ("/etc", "../lib", "lib/../../x", "./lib", ""):
            code = "guest-path-outside" if path else "guest-member-value"
            self.refused(code, mounts=[{"host": path, "guest": "/x"}])
            self.refused(code, module=path)
            self.refused(code, precompiled=[{"file": path, "sha256": "0" * 64, "engine": "e"}])

    def test_LinksAreNotFollowed(self):
        (self.pack / "away").symlink_to("/etc")
        (self.pack / "link.wasm").symlink_to("tiny.wasm")
        self.refused("guest-path-outside", mounts=[{"host": "away", "guest": "/x"}])
        self.refused("guest-path-outside", module="link.wasm")

    def test_MountsCoverNothingARunHas(self):
        for path in ("/skill", "/workspace/x", "/tmp"):
            self.refused("guest-mount-reserved", mounts=[{"host": "lib", "guest": path}])
        self.refused("guest-mount-overlap", mounts=[{"host": "lib", "guest": "/a"}, {"host": "lib", "guest": "/a"}])

    def test_WrongTypesAndHugeFiles(self):
        self.refused("guest-member-type", modules="all")
        self.refused("guest-member-value", version="\x1b[31m")
        self.refused("guest-schema-unknown", schema=2)
        for text, code in (("", "guest-manifest-malformed"), ("[]", "guest-manifest-malformed"),
                           ("[" * 200_000, "guest-manifest-malformed"), (" " * (2 << 20), "guest-manifest-too-large")):
            (self.pack / "guest.json").write_text(text)
            self.assertEqual(self.codes(), [code])
        (self.pack / "guest.json").unlink()
        os.mkfifo(self.pack / "guest.json")
        self.assertEqual(self.codes(), ["guest-manifest-unreadable"])

    def test_AnUnknownWayToStartIsSaid(self):
        self.refused("guest-start-unknown", start="reactor")
        self.write_manifest(start="reactor")
        (diagnostic,) = self.list().json()["diagnostics"][:1]
        self.assertIn("'reactor'", diagnostic["message"])
        self.assertEqual(self.list("--verify").code, 1)
        self.assertIn("reactor", self.openskills("guests", "list", env=self.env).error_text)


class Digests(GuestCase):
    def test_AModuleThatIsNotTheManifestsIsRefused(self):
        self.assertEqual(self.run_script().code, 0)
        (self.pack / "tiny.wasm").write_bytes(module(TRAPS))
        self.assert_error(self.run_script(), 125, "guest-invalid")
        self.assert_error(self.run_script("scripts/hello.tiny", "--isolation", "in-process"), 125, "guest-invalid")
        self.assertEqual(self.listed()["module_digest"], "changed")
        self.assertEqual(self.codes(), ["guest-module-changed"])
        self.assertEqual(self.list("--verify").code, 1)
        (self.pack / "tiny.wasm").write_bytes(TINY)
        self.assertEqual(self.run_script().code, 0)

    def test_ALibraryThatIsNotTheManifestsIsRefusedAtItsFirstUse(self):
        (self.library / "a.txt").write_text("another library\n")
        self.assert_error(self.run_script(), 125, "guest-invalid")
        (self.library / "a.txt").write_text("a library\n")
        self.assertEqual(self.run_script().code, 0)
        # Later changes are found by asking.
        (self.library / "new.txt").write_text("")
        self.assertEqual(self.run_script().code, 0)
        self.assertEqual(self.codes("--verify"), ["guest-library-changed"])
        self.assertEqual(self.list("--verify").code, 1)


class PrecompiledCode(GuestCase):
    """Code that another machine compiled. To tell it from what is compiled here, it is that of another module: one
    that traps."""

    def setUp(self):
        super().setUp()
        self.trusted = self.root / "config" / "openskills" / "trusted-code"
        self.trusted.parent.mkdir(parents=True)
        (self.work / "other.wasm").write_bytes(module(TRAPS))
        env = {**self.env, "OPENSKILLS_CACHE_DIR": str(self.root / "elsewhere")}
        self.assertEqual(self.openskills("wasm", "other.wasm", env=env).code, 134)
        shown = self.openskills("cache", "show", "--json", env=env).json()
        (entry,) = shown["entries"]
        self.engine = shown["engine"]
        with open(entry["file"], "rb") as file:
            self.code = file.read()
        self.assertEqual(sha256(self.code), entry["code_sha256"])
        self.ship(self.code)

    def ship(self, code, **changes):
        (self.pack / "tiny.cwasm").write_bytes(code)
        self.write_manifest(precompiled=[
            {"file": "tiny.cwasm", "sha256": sha256(self.code), "engine": self.engine, **changes}])

    def trust(self, line=None, mode=0o600):
        self.trusted.write_text(line or f"{sha256(self.code)} {sha256(TINY)} {self.engine}\n")
        self.trusted.chmod(mode)

    def is_used(self):
        self.openskills("cache", "clear", "--all", env=self.env)
        result = self.run_script()
        self.assertIn((result.code, result.text), [(134, ""), (0, "hello from tiny\n")], result.error_text)
        return result.code == 134

    def test_T28_WithoutAListItIsNotUsed(self):
        self.assertFalse(self.is_used())
        self.assertEqual(self.codes(), ["guest-code-ignored"])

    def test_T28_AListedDigestIsUsedAndOneFlippedByteIsNot(self):
        self.trust()
        self.assertEqual(self.listed()["code"], "precompiled")
        self.assertTrue(self.is_used())
        for at in (0, len(self.code) // 2, len(self.code) - 1):
            flipped = bytearray(self.code)
            flipped[at] ^= 1
            self.ship(bytes(flipped))
            self.assertFalse(self.is_used())
            # Also when the pack says that these are the bytes.
            self.ship(bytes(flipped), sha256=sha256(bytes(flipped)))
            self.assertFalse(self.is_used())
        self.ship(self.code)
        self.assertTrue(self.is_used())

    def test_T28_CodeIsTrustedForItsModuleAndEngineOnly(self):
        self.trust(f"{sha256(self.code)} {sha256(b'another module')} {self.engine}\n")
        self.assertFalse(self.is_used())
        self.trust(f"{sha256(self.code)} {sha256(TINY)} {self.engine}0\n")
        self.assertFalse(self.is_used())
        self.trust()
        self.ship(self.code, engine=self.engine + "0")
        self.assertFalse(self.is_used())

    def test_T28_AListThatOthersMayUseCountsForNothing(self):
        for mode in (0o666, 0o644, 0o620):
            self.trust(mode=mode)
            self.assertFalse(self.is_used())
            self.assertIn("guest-trust-list-refused", self.codes())
        self.trust(f"{sha256(self.code)} {sha256(TINY)} {self.engine}\nnonsense\n")
        self.assertFalse(self.is_used())
        self.trust()
        self.trusted.parent.chmod(0o777)
        self.assertFalse(self.is_used())
        self.trusted.parent.chmod(0o755)
        self.assertTrue(self.is_used())
        if os.geteuid() == 0:
            os.chown(self.trusted, ORDINARY_UID, ORDINARY_UID)
            self.assertFalse(self.is_used())
            os.chown(self.trusted, 0, 0)
        real = self.trusted.with_name("real")
        self.trusted.rename(real)
        self.trusted.symlink_to(real)
        self.assertFalse(self.is_used())

    def test_T28_AScriptCannotWriteTheList(self):
        if not (GUESTS / "python").is_dir():
            self.fail("the Python guest is not built")
        code = ("import os, pathlib\n"
                "for name in ('openskills/trusted-code', 'openskills/other'):\n"
                "    try:\n"
                "        os.makedirs('/workspace/openskills', exist_ok=True)\n"
                "        pathlib.Path('/workspace', name).write_text('x')\n"
                "        print('wrote')\n"
                "    except OSError:\n"
                "        print('refused')\n")
        env = {**self.env, "OPENSKILLS_GUEST_PATH": str(GUESTS),
               "OPENSKILLS_CACHE_DIR": os.environ["OPENSKILLS_TEST_CACHE"]}
        self.trusted.parent.rmdir()
        skill = self.make_skill("py", {"scripts/x.py": code})
        result = self.openskills("run", skill, "scripts/x.py", "--workspace", self.root / "config", env=env)
        self.assertEqual(result.text, "refused\nwrote\n", result.error_text)
        self.assertFalse(self.trusted.exists())


if __name__ == "__main__":
    unittest.main()
