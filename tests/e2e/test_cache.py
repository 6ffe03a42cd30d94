"""The module cache as users see it: show, clear, the bound, many processes at once, and files that were tampered with."""

import json
import os
import random
import signal
import subprocess
import time
import unittest

from support import BINARY, ORDINARY_UID, TestCase, module, section, leb, RETURNS, TRAPS


def padded(number, size):
    """A module that returns, with a custom section that makes it another module."""
    body = leb(3) + b"pad" + number.to_bytes(4, "little") + bytes(size)
    return module(RETURNS) + section(0, body)


class CacheCase(TestCase):
    def setUp(self):
        super().setUp()
        self.cache = self.root / "cache"
        self.modules = self.cache / "modules"
        self.env = self.environment(OPENSKILLS_CACHE_DIR=str(self.cache))

    def run_module(self, name="m.wasm", **more):
        return self.openskills("wasm", name, env={**self.env, **more})

    def show(self, *flags):
        return self.openskills("cache", "show", "--json", *flags, env=self.env).json()

    def clear(self, *flags):
        result = self.openskills("cache", "clear", "--json", *flags, env=self.env)
        self.assertEqual(result.code, 0, result.error_text)
        return result.json()

    def put_modules(self, count, size=10):
        for number in range(count):
            (self.work / f"m{number}.wasm").write_bytes(padded(number, size))


class Show(CacheCase):
    def test_WithoutACacheNothingIsShownAndNothingIsMade(self):
        shown = self.show()
        self.assertEqual((shown["entries"], shown["total_bytes"], shown["folder"]), ([], 0, str(self.modules)))
        self.assertFalse(self.cache.exists())
        self.assertEqual(self.clear()["removed_entries"], 0)
        self.assertFalse(self.cache.exists())

    def test_EachEntryIsToldWithItsModuleEngineAndTime(self):
        (self.work / "m.wasm").write_bytes(module(RETURNS))
        self.assertEqual(self.run_module().code, 0)
        shown = self.show()
        (entry,) = shown["entries"]
        self.assertEqual(list(entry), ["key", "file", "state", "guest", "module_path", "module_sha256", "code_sha256",
                                       "engine", "size_bytes", "last_used"])
        self.assertEqual(entry["state"], "usable")
        self.assertEqual(entry["module_path"], str(self.work / "m.wasm"))
        self.assertEqual(entry["engine"], shown["engine"])
        self.assertEqual(shown["limit_bytes"], 2 << 30)
        self.assertGreaterEqual(shown["total_bytes"], entry["size_bytes"])
        used = time.mktime(time.strptime(entry["last_used"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        self.assertLess(abs(time.time() - used), 300)
        text = self.openskills("cache", "show", env=self.env).text
        self.assertIn(entry["key"][:12], text)
        self.assertIn("2.0 GiB", text)

    def test_AFlippedByteIsSeenWhenAskedTo(self):
        (self.work / "m.wasm").write_bytes(module(RETURNS))
        self.run_module()
        self.assertEqual(self.show("--verify")["entries"][0]["state"], "usable")
        file = self.modules / (self.show()["entries"][0]["key"] + ".cwasm")
        code = bytearray(file.read_bytes())
        code[len(code) // 2] ^= 1
        file.write_bytes(code)
        self.assertEqual(self.show("--verify")["entries"][0]["state"], "damaged")

    def test_EveryHelpHasAnExample(self):
        for command in (("cache",), ("cache", "show"), ("cache", "clear"), ("guests",), ("guests", "list")):
            result = self.openskills(*command, "--help")
            self.assertEqual(result.code, 0)
            self.assertIn("Example: openskills " + command[0], result.text)
        self.assertEqual(self.openskills("cache").code, 2)
        self.assertEqual(self.openskills("cache", "nonsense").code, 2)

    def test_AFolderThatIsNotPrivateIsRefused(self):
        self.modules.mkdir(parents=True)
        self.modules.chmod(0o777)
        self.assert_error(self.openskills("cache", "show", env=self.env), 125, "cache-unusable")
        self.assert_error(self.openskills("cache", "clear", "--all", env=self.env), 125, "cache-unusable")


class Clear(CacheCase):
    def setUp(self):
        super().setUp()
        self.put_modules(3)
        for number in range(3):
            self.assertEqual(self.run_module(f"m{number}.wasm").code, 0)

    def entry_of(self, number):
        (entry,) = [e for e in self.show()["entries"] if e["module_path"].endswith(f"m{number}.wasm")]
        return entry

    def test_WithoutFlagsOnlyWhatIsStaleGoes(self):
        record = self.modules / (self.entry_of(0)["key"] + ".json")
        record.write_text("{}")
        stale = self.modules / ("0123456789abcdef" * 4 + ".lock")
        stale.write_text("")
        (self.modules / "notes.txt").write_text("mine")
        self.assertEqual(self.clear()["removed_entries"], 1)
        shown = self.show()
        self.assertEqual(len(shown["entries"]), 2)
        self.assertEqual((shown["leftover_files"], shown["foreign_files"]), (0, 1))
        self.assertFalse(stale.exists())

    def test_AllMeansAllOfTheCachesOwn(self):
        (self.modules / "notes.txt").write_text("mine")
        cleared = self.clear("--all")
        self.assertEqual(cleared["removed_entries"], 3)
        self.assertGreater(cleared["removed_bytes"], 3000)
        self.assertEqual([f.name for f in self.modules.iterdir()], ["notes.txt"])
        self.assertEqual(self.run_module("m0.wasm").code, 0)

    def test_ADryRunRemovesNothing(self):
        cleared = self.clear("--all", "--dry-run")
        self.assertEqual((cleared["dry_run"], cleared["removed_entries"], len(cleared["chosen"])), (True, 3, 3))
        self.assertEqual(len(self.show()["entries"]), 3)

    def test_AnEntryIsNamedByItsFirstDigits(self):
        key = self.entry_of(1)["key"]
        self.assertEqual(self.clear(key[:12])["removed_entries"], 1)
        self.assertEqual(len(self.show()["entries"]), 2)
        for wrong in (key[:12], key[:5], "x" * 12, ""):
            self.assert_error(self.openskills("cache", "clear", wrong, env=self.env), 2, "invalid-argument")
        both = self.openskills("cache", "clear", "--all", self.entry_of(0)["key"], env=self.env)
        self.assert_error(both, 2, "invalid-argument")

    def test_WhatWasNotUsedForLongGoes(self):
        old = self.modules / (self.entry_of(2)["key"] + ".json")
        then = time.time() - 40 * 86400
        os.utime(old, (then, then))
        self.assertEqual(self.clear("--unused-for", "50d")["removed_entries"], 0)
        self.assertEqual(self.clear("--unused-for", "30d")["removed_entries"], 1)
        self.assertEqual(self.clear("--unused-for", "1h")["removed_entries"], 0)
        self.assert_error(self.openskills("cache", "clear", "--unused-for", "soon", env=self.env), 2, "invalid-argument")


class Bound(CacheCase):
    def test_TheOldestGoWhenTheBoundIsReached(self):
        self.put_modules(4)
        for number in range(3):
            self.run_module(f"m{number}.wasm")
            record = self.modules / (self.show()["entries"][0]["key"] + ".json")
            then = time.time() - (10 - number) * 86400
            os.utime(record, (then, then))
        size = self.show()["total_bytes"] + 1000  # records differ by some digits
        self.assertEqual(self.run_module("m3.wasm", OPENSKILLS_CACHE_LIMIT=str(size)).code, 0)
        names = sorted(os.path.basename(e["module_path"]) for e in self.show()["entries"])
        self.assertEqual(names, ["m1.wasm", "m2.wasm", "m3.wasm"])
        # A warm run removes nothing, however small the bound.
        self.assertEqual(self.run_module("m2.wasm", OPENSKILLS_CACHE_LIMIT="1K").code, 0)
        self.assertEqual(len(self.show()["entries"]), 3)


class Together(CacheCase):
    def test_EightProcessesCompileAModuleOnce(self):
        (self.work / "m.wasm").write_bytes(padded(1, 200_000))
        processes = [subprocess.Popen([BINARY, "wasm", "m.wasm"], cwd=self.work, env=self.env) for _ in range(8)]
        self.assertEqual([process.wait() for process in processes], [0] * 8)
        shown = self.show()
        self.assertEqual(len(shown["entries"]), 1)
        self.assertEqual(shown["leftover_files"], 0)
        # Made once: the file is the one that its record was written for.
        self.assertEqual(len(list(self.modules.glob("*.cwasm"))), 1)

    def test_ProcessesKilledAtAnyMomentLeaveAUsableCache(self):
        self.put_modules(12, 50_000)
        random.seed(4)
        for number in range(12):
            process = subprocess.Popen([BINARY, "wasm", f"m{number}.wasm"], cwd=self.work, env=self.env,
                                       start_new_session=True)
            time.sleep(random.random() * 0.06)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for number in range(12):
            self.assertEqual(self.run_module(f"m{number}.wasm").code, 0)
        self.assertEqual([e["state"] for e in self.show("--verify")["entries"]], ["usable"] * 12)
        self.clear()
        self.assertEqual([f for f in self.modules.iterdir() if f.suffix == ".lock"], [])


class Tampering(CacheCase):
    def setUp(self):
        super().setUp()
        (self.work / "m.wasm").write_bytes(module(TRAPS))
        self.assertEqual(self.run_module().code, 134)

    def files(self):
        return {f.suffix: f for f in self.modules.iterdir()}

    def test_T28_RandomByteFlipsAndTruncationsNeverChangeTheOutcome(self):
        random.seed(28)
        for suffix in (".cwasm", ".json", ".ref"):
            for _ in range(12):
                file = self.files()[suffix]
                data = bytearray(file.read_bytes())
                if random.random() < 0.3:
                    del data[random.randrange(len(data)):]
                else:
                    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
                file.write_bytes(data)
                self.assertEqual(self.run_module().code, 134)

    def test_T28_LinksInTheFolderAreNotFollowed(self):
        other = self.work / "planted"
        for suffix in (".cwasm", ".json", ".ref"):
            file = self.files()[suffix]
            other.write_bytes(file.read_bytes())
            file.unlink()
            file.symlink_to(other)
            self.assertEqual(self.run_module().code, 134)
            self.assertFalse(self.files()[suffix].is_symlink())

    def test_T28_WholeEntriesUnderAnotherModulesNameAreNotUsed(self):
        (self.work / "n.wasm").write_bytes(module(RETURNS))
        first = {f.suffix: f for f in self.modules.iterdir()}
        self.assertEqual(self.run_module("n.wasm").code, 0)
        for suffix in (".cwasm", ".json"):
            (second,) = [f for f in self.modules.iterdir() if f.suffix == suffix and f != first[suffix]]
            second.write_bytes(first[suffix].read_bytes())
        self.assertEqual(self.run_module("n.wasm").code, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a file away")
    def test_T28_AnEntryOfAnotherUserIsMadeAgain(self):
        for suffix in (".cwasm", ".json", ".ref"):
            file = self.files()[suffix]
            os.chown(file, ORDINARY_UID, ORDINARY_UID)
            self.assertEqual(self.run_module().code, 134)
            self.assertEqual(self.files()[suffix].stat().st_uid, 0)


if __name__ == "__main__":
    unittest.main()
