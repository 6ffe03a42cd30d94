"""Bad input gets a clear error with a stable code and the right exit code, and loses nothing."""

import os
import pathlib
import shutil
import subprocess
import unittest

from support import BINARY, GUESTS, ORDINARY_UID, RETURNS, TRAPS, TestCase, module


class Skills(TestCase):
    def test_MissingFolder(self):
        self.assert_error(self.openskills("--skills", "missing", "list"), 2, "path-not-found")
        self.assert_error(self.openskills("validate", "missing"), 2, "path-not-found")
        self.assert_error(self.openskills("run", "./missing", "x.py"), 2, "path-not-found")

    def test_FolderWithoutSkillFile(self):
        (self.skills / "empty").mkdir()
        self.assert_error(self.openskills("run", self.skills / "empty", "x.py"), 126, "skill-invalid")
        result = self.openskills("validate", self.skills / "empty", "--json")
        self.assertEqual((result.code, result.json()[0]["valid"]), (1, False))
        self.assertEqual(result.json()[0]["diagnostics"][0]["code"], "skill-file-missing")

    def test_BrokenYamlIsReportedAndSparesTheOthers(self):
        self.make_skill("good")
        self.make_skill("bad", {"SKILL.md": "---\nname: bad\n\x01: {\n---\nbody"})
        listing = self.openskills("--skills", self.skills, "list", "--json")
        self.assertEqual(listing.code, 0)
        self.assertEqual([skill["id"] for skill in listing.json()["skills"]], ["good"])
        broken = [d for d in listing.json()["diagnostics"] if d["path"].endswith("bad/SKILL.md")]
        self.assertIn(("error", True), [(d["severity"], bool(d["line"])) for d in broken])
        self.assert_error(self.openskills("--skills", self.skills, "run", "bad", "x.py"), 127, "skill-not-found")

    def test_UnknownSkillNamesNearMatches(self):
        self.make_skill("csv-report")
        result = self.openskills("--skills", self.skills, "run", "csv-reprt", "x.py")
        self.assert_error(result, 127, "skill-not-found")
        self.assertIn("csv-report", result.error_text)

    def test_UnknownScriptListsTheScripts(self):
        skill = self.make_skill("demo", {"scripts/real.py": "pass"})
        result = self.openskills("run", skill, "scripts/unreal.py")
        self.assert_error(result, 127, "script-not-found")
        self.assertIn("scripts/real.py", result.error_text)

    def test_FolderAsScript(self):
        skill = self.make_skill("demo", {"scripts/real.py": "pass"})
        result = self.openskills("run", skill, "scripts")
        self.assertIn(result.code, (2, 127), result.error_text)
        self.assertRegex(result.error_text, r"\[(not-a-file|script-not-found)\]")

    def test_ScriptOutsideTheSkill(self):
        (self.root / "outside.py").write_text("print('ran')")
        skill = self.make_skill("demo")
        (skill / "link.py").symlink_to(self.root / "outside.py")
        for path in ("../../outside.py", str(self.root / "outside.py"), "link.py"):
            result = self.openskills("run", skill, path)
            self.assertIn(result.code, (126, 127), path)
            self.assertEqual(result.out, b"", path)

    def test_AmbiguousAndMissingEntryPoints(self):
        none = self.make_skill("none", {"scripts/real.py": "pass"})
        result = self.openskills("run", none)
        self.assert_error(result, 127, "entry-point-not-found")
        self.assertIn("scripts/real.py", result.error_text)
        two = self.make_skill("two", {"script.py": "pass", "main.py": "pass"})
        result = self.openskills("run", two)
        self.assert_error(result, 127, "entry-point-ambiguous")
        self.assertIn("main.py", result.error_text)

    def test_ShellScriptHasNoTierYet(self):
        skill = self.make_skill("demo", {"scripts/x.sh": "#!/bin/bash\necho ran"})
        result = self.openskills("run", skill, "scripts/x.sh")
        self.assert_error(result, 126, "tier-unavailable")
        self.assertIn("shell", result.error_text)
        self.assert_error(self.openskills("exec", "--skill", skill, "--", "bash", "scripts/x.sh"), 126, "tier-unavailable")
        outcome = self.openskills("run", skill, "scripts/x.sh", "--json")
        self.assertEqual((outcome.code, outcome.json()["status"]), (126, "refused"))

    def test_HostProgramsAreNeverRun(self):
        for program in ("ls", "/bin/ls", "git", "/usr/bin/env"):
            self.assertEqual(self.openskills("exec", "--", program).code, 127, program)

    def test_MissingGuestSaysHowToGetIt(self):
        skill = self.make_skill("demo", {"scripts/x.py": "pass"})
        bare = self.root / "bare"
        bare.mkdir()
        shutil.copy(BINARY, bare / "openskills")
        completed = subprocess.run([bare / "openskills", "run", skill, "scripts/x.py"], cwd=self.work,
                                   env=self.environment(OPENSKILLS_GUEST_PATH=""), capture_output=True, timeout=60)
        self.assertEqual(completed.returncode, 126)
        self.assertIn(b"[guest-missing]", completed.stderr)
        self.assertIn(b"build_runtime.sh", completed.stderr)


class Input(TestCase):
    def test_InvalidJson(self):
        skill = self.make_skill("demo", {"main.py": "print('ran')"})
        for text in ("{", "nope", ""):
            arguments = ("--input", text) if text else ("--input", "-")
            result = self.openskills("run", skill, *arguments)
            self.assert_error(result, 2, "invalid-input")
            self.assertEqual(result.out, b"")
        self.assert_error(self.openskills("run", skill, "--input", "@missing.json"), 2, "path-not-found")

    def test_BadFlagValues(self):
        skill = self.make_skill("demo", {"main.py": "print('ran')"})
        for flags in (("--timeout", "soon"), ("--memory", "-1"), ("--memory", "1"), ("--env", "novalue"),
                      ("--mount", "/nowhere"), ("--mount", f"{self.work}:relative"), ("--clock", "yesterday")):
            result = self.openskills("run", skill, *flags)
            self.assert_error(result, 2, "invalid-argument")
            self.assertEqual(result.out, b"")

    def test_UsageErrorsAreTwo(self):
        for arguments in ((), ("frobnicate",), ("run",), ("run", "x", "--no-such-flag"), ("exec", "--")):
            self.assertEqual(self.openskills(*arguments).code, 2, arguments)


class Modules(TestCase):
    def wasm(self, content, *flags):
        (self.work / "m.wasm").write_bytes(content)
        return self.openskills("wasm", "m.wasm", *flags)

    def test_T28_NotAModule(self):
        for content in (b"", b"hello", b"\x7fELF" + b"\0" * 100, b"\0asm"):
            self.assert_error(self.wasm(content), 126, "module-invalid")

    def test_T28_TruncatedModule(self):
        whole = module(RETURNS)
        self.assertEqual(self.wasm(whole).code, 0)
        for length in (9, len(whole) // 2, len(whole) - 1):
            self.assert_error(self.wasm(whole[:length]), 126, "module-invalid")

    def test_AnEmptyComponentIsNoCommand(self):
        result = self.wasm(b"\0asm\x0d\0\1\0")
        self.assert_error(result, 126, "module-invalid")
        self.assertIn("wasi:cli/run", result.error_text)

    def test_T28_UnknownImportIsNamed(self):
        result = self.wasm(module(RETURNS, imports=[("env", "system")]))
        self.assert_error(result, 126, "module-unsupported")
        self.assertIn("system", result.error_text)

    def test_TrapIsACrash(self):
        result = self.wasm(module(TRAPS))
        self.assert_error(result, 134, "trap")
        self.assertIn("unreachable", result.error_text)

    def test_ModuleWithoutStart(self):
        self.assert_error(self.wasm(b"\0asm\1\0\0\0"), 126, "module-invalid")


class Cache(TestCase):
    def setUp(self):
        super().setUp()
        self.cache = self.root / "cache"
        (self.work / "m.wasm").write_bytes(module(TRAPS))
        self.env = self.environment(OPENSKILLS_CACHE_DIR=str(self.cache))

    def run_module(self):
        return self.openskills("wasm", "m.wasm", env=self.env)

    def entries(self):
        return sorted((self.cache / "modules").glob("*.cwasm"))

    def test_T28_CorruptEntriesAreMadeAgain(self):
        self.assertEqual(self.run_module().code, 134)
        (entry,) = self.entries()
        good = entry.read_bytes()
        for damage in (lambda b: b[:len(b) // 2], lambda b: b"", lambda b: b"x" * len(b),
                       lambda b: b[:2000] + bytes([b[2000] ^ 1]) + b[2001:]):
            entry.write_bytes(damage(good))
            self.assert_error(self.run_module(), 134, "trap")
            self.assertEqual(entry.read_bytes(), good)

    def test_T28_CorruptRecordsAreMadeAgain(self):
        self.run_module()
        for record in [*(self.cache / "modules").glob("*.json"), *(self.cache / "modules").glob("*.ref")]:
            for content in (b"", b"{}", b"0" * 64, b"{\"sha256\":1,\"identity\":[]}"):
                record.write_bytes(content)
                self.assertEqual(self.run_module().code, 134)

    def test_AnEntryThatOnlyLooksRightIsNotLoaded(self):
        self.run_module()
        (entry,) = self.entries()
        planted = entry.read_bytes()[:-1] + b"\x90"
        stat = entry.stat()
        entry.write_bytes(planted)
        os.utime(entry, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.assertEqual(self.run_module().code, 134)
        self.assertNotEqual(entry.read_bytes(), planted)

    def test_AFolderOthersCanWriteToIsRefused(self):
        (self.cache / "modules").mkdir(parents=True)
        (self.cache / "modules").chmod(0o777)
        self.assert_error(self.run_module(), 125, "cache-unusable")
        (self.cache / "modules").chmod(0o700)
        self.assertEqual(self.run_module().code, 134)

    def test_AChangedModuleIsCompiledAgain(self):
        self.assertEqual(self.run_module().code, 134)
        (self.work / "m.wasm").write_bytes(module(RETURNS))
        self.assertEqual(self.run_module().code, 0)
        self.assertEqual(len(self.entries()), 2)

    def test_AFullDiskIsSaidAndLeavesNothingHalfWritten(self):
        full = self.root / "full"
        full.mkdir()
        script = (f"mount -t tmpfs -o size=64k none {full} && dd if=/dev/zero of={full}/fill bs=1k 2>/dev/null; "
                  f"{BINARY} wasm m.wasm; echo $?; ls -A {full}/modules; rm {full}/fill; {BINARY} wasm m.wasm; echo $?")
        unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
        completed = subprocess.run([*unshare, "sh", "-c", script], cwd=self.work, capture_output=True, timeout=120,
                                   env=self.environment(OPENSKILLS_CACHE_DIR=str(full)))
        lines = completed.stdout.decode().split()
        self.assertEqual((lines[0], lines[-1]), ("125", "134"), completed)
        self.assertIn(b"[no-space]", completed.stderr)
        self.assertFalse([line for line in lines if line.endswith((".cwasm", ".tmp"))], lines)


class Workspaces(TestCase):
    def setUp(self):
        super().setUp()
        self.skill = self.make_skill("demo", {"scripts/x.py": "with open('out', 'w') as f: f.write('x')\nprint('wrote')"})

    def test_HomeIsNotAnImplicitWorkspace(self):
        for folder in (self.home, self.root, "/"):
            self.assert_error(self.openskills("run", self.skill, "scripts/x.py", cwd=folder), 126, "workspace-refused")
            self.assertEqual(list(self.home.iterdir()), [])
        below = self.home / "project"
        below.mkdir()
        self.assertEqual(self.openskills("run", self.skill, "scripts/x.py", cwd=below).text, "wrote\n")
        self.assertEqual(self.openskills("run", self.skill, "scripts/x.py", "--workspace", self.home).text, "wrote\n")

    def test_TheRootIsNeverAWorkspace(self):
        result = self.openskills("run", self.skill, "scripts/x.py", "--workspace", "/")
        self.assert_error(result, 126, "workspace-refused")

    def test_MissingWorkspace(self):
        self.assert_error(self.openskills("run", self.skill, "scripts/x.py", "--workspace", "missing"), 2, "path-not-found")
        (self.work / "file").write_text("")
        self.assert_error(self.openskills("run", self.skill, "scripts/x.py", "--workspace", "file"), 2, "not-a-directory")

    def test_AFullWorkspaceIsTheScriptsErrorAndSaysSo(self):
        full = self.root / "full"
        full.mkdir()
        script = (f"mount -t tmpfs -o size=64k none {full} && dd if=/dev/zero of={full}/fill bs=1k 2>/dev/null; "
                  f"{BINARY} run {self.skill} scripts/x.py --workspace {full}")
        unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
        completed = subprocess.run([*unshare, "sh", "-c", script], cwd=self.work, capture_output=True, timeout=120,
                                   env=self.environment())
        self.assertEqual(completed.returncode, 1)
        self.assertIn(b"No space left on device", completed.stderr)


class OrdinaryUser(TestCase):
    """Permissions mean something only to a user who is not root."""

    def setUp(self):
        super().setUp()
        self.user = ORDINARY_UID if os.geteuid() == 0 else os.geteuid()
        # The checkout may lie where another user cannot look.
        stage = self.root / "stage"
        (stage / "bin").mkdir(parents=True)
        shutil.copy(BINARY, stage / "bin" / "openskills")
        shutil.copytree(GUESTS, stage / "share" / "openskills" / "guests", symlinks=False)
        self.staged = stage / "bin" / "openskills"
        self.skill = self.make_skill("demo", {"scripts/x.py": "open('out', 'w').write('x')\nprint('wrote')"})
        subprocess.run(["chmod", "-R", "a+rX", str(self.root)], check=True)
        if os.geteuid() == 0:
            for folder in (self.root, self.home, self.work):
                os.chown(folder, self.user, self.user)

    def run_as_user(self, *arguments):
        return subprocess.run([str(self.staged), *map(str, arguments)], cwd=self.work, user=self.user, group=self.user,
                              extra_groups=[], capture_output=True, timeout=300,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.home),
                                   "OPENSKILLS_CACHE_DIR": str(self.home / "cache")})

    def test_RunsAndRespectsPermissions(self):
        completed = self.run_as_user("run", self.skill, "scripts/x.py")
        self.assertEqual((completed.returncode, completed.stdout), (0, b"wrote\n"), completed.stderr)
        self.assertTrue((self.work / "out").exists())
        # A workspace the user may not write to: the script's error, not the runtime's.
        (self.work / "out").unlink()
        self.work.chmod(0o555)
        completed = self.run_as_user("run", self.skill, "scripts/x.py")
        self.assertEqual(completed.returncode, 1)
        self.assertIn(b"PermissionError", completed.stderr)
        self.assertFalse((self.work / "out").exists())
        self.work.chmod(0o755)
        # A skill the user may not read.
        (self.skill / "SKILL.md").chmod(0o000)
        if os.geteuid() == 0:
            os.chown(self.skill / "SKILL.md", 0, 0)
        completed = self.run_as_user("run", self.skill, "scripts/x.py")
        self.assertEqual(completed.returncode, 126, completed.stderr)
        self.assertIn(b"[skill-invalid]", completed.stderr)
        (self.skill / "SKILL.md").chmod(0o644)
        # Every layer holds without root.
        completed = self.run_as_user("doctor")
        self.assertEqual(completed.returncode, 0, completed.stdout)


if __name__ == "__main__":
    unittest.main()
