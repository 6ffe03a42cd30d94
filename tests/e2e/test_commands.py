"""The command line's contract: shapes of JSON, flags on both sides, what follows --, entry points."""

import ctypes
import json
import os
import unittest

from support import SOURCE_DIR, TestCase, module, RETURNS


class Listing(TestCase):
    def test_ListsSortedWithEveryMember(self):
        self.make_skill("zebra")
        self.make_skill("ant", {"SKILL.md": "---\nname: ant\ndescription: Does ant things.\nuser-invocable: no\n---\n"})
        result = self.openskills("--skills", self.skills, "list", "--json")
        listing = result.json()
        self.assertEqual([skill["id"] for skill in listing["skills"]], ["ant", "zebra"])
        self.assertEqual(listing["skills"][0], {
            "id": "ant", "name": "ant", "description": "Does ant things.", "path": str(self.skills / "ant"),
            "source": "explicit", "user_invocable": False, "model_invocable": True})
        self.assertEqual(listing["diagnostics"], [])
        self.assertIn("Does ant things.", self.openskills("--skills", self.skills, "list").text)

    def test_GlobalFlagsStandOnBothSides(self):
        self.make_skill("ant")
        before = self.openskills("--skills", self.skills, "--json", "list")
        after = self.openskills("list", "--json", "--skills", self.skills)
        self.assertEqual(before.out, after.out)

    def test_ProjectSkillsNeedTrust(self):
        folder = self.work / ".claude" / "skills" / "local"
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text("---\nname: local\ndescription: Local.\n---\n")
        listing = self.openskills("list", "--json").json()
        self.assertEqual(listing["skills"], [])
        self.assertIn("project-untrusted", [d["code"] for d in listing["diagnostics"]])
        listing = self.openskills("--trust-project", "list", "--json").json()
        self.assertEqual([(s["id"], s["source"]) for s in listing["skills"]], [("local", "project")])

    def test_UserSkillsAreFoundAndHiddenByTrustedProjectSkills(self):
        for base, text in ((self.home / ".agents" / "skills", "User."), (self.work / ".agents" / "skills", "Project.")):
            (base / "same").mkdir(parents=True)
            (base / "same" / "SKILL.md").write_text(f"---\nname: same\ndescription: {text}\n---\n")
        self.assertEqual(self.openskills("list", "--json").json()["skills"][0]["description"], "User.")
        listing = self.openskills("list", "--json", "--trust-project").json()
        self.assertEqual(listing["skills"][0]["description"], "Project.")
        self.assertIn("skill-shadowed", [d["code"] for d in listing["diagnostics"]])

    def test_T25_ControlCharactersReachNoTerminal(self):
        self.make_skill("odd", {"SKILL.md": "---\nname: odd\ndescription: \"a\\e]0;title\\a b\"\n---\n"})
        self.assertNotIn(b"\x1b", self.openskills("--skills", self.skills, "list").out)


class Showing(TestCase):
    def test_ShowsScriptsWithTierAndReason(self):
        skill = self.make_skill("demo", {"scripts/x.py": "pass", "scripts/y.sh": "echo", "main.py": "pass",
                                         "references/a.md": "text"})
        shown = self.openskills("show", skill, "--json").json()
        scripts = {script["path"]: script for script in shown["scripts"]}
        self.assertEqual((scripts["scripts/x.py"]["language"], scripts["scripts/x.py"]["tier"]), ("python", "wasm"))
        self.assertEqual((scripts["scripts/y.sh"]["language"], scripts["scripts/y.sh"]["tier"]), ("shell", None))
        self.assertIn("guest", scripts["scripts/y.sh"]["reason"])
        self.assertEqual(shown["entry_point"], "main.py")
        self.assertIn({"path": "references/a.md", "bytes": 4}, shown["resources"])
        self.assertRegex(shown["digest"], "^sha256:[0-9a-f]{64}$")
        self.assertIn("scripts/y.sh", self.openskills("show", skill).text)

    def test_DigestIsThePublishedVector(self):
        skill = self.skills / "hello"
        (skill / "scripts").mkdir(parents=True)
        (skill / "SKILL.md").write_text("# Hello\n")
        (skill / "scripts" / "run.sh").write_text("#!/bin/sh\n")
        # The vector's SKILL.md has no frontmatter, so it is no loadable skill; its digest is tested in catalog/.
        self.assertEqual(self.openskills("show", skill).code, 126)


class Validating(TestCase):
    def test_ValidAndInvalid(self):
        good = self.make_skill("good")
        bad = self.make_skill("bad", {"SKILL.md": "---\nname: Bad_Name\nextra: 1\n---\n"})
        result = self.openskills("validate", good, bad, "--json")
        self.assertEqual(result.code, 1)
        verdicts = result.json()
        self.assertEqual([(v["path"], v["valid"]) for v in verdicts], [(str(good), True), (str(bad), False)])
        codes = [d["code"] for d in verdicts[1]["diagnostics"] if d["severity"] == "error"]
        for code in ("unknown-key", "name-not-lowercase", "name-invalid-character", "name-directory-mismatch",
                     "description-missing"):
            self.assertIn(code, codes)
        self.assertEqual(self.openskills("validate", good).code, 0)

    def test_PresetsAndLenience(self):
        skill = self.make_skill("claude-x", {"SKILL.md": "---\nname: claude-x\ndescription: Text.\nmine: 1\n---\n"})
        self.assertEqual(self.openskills("validate", skill).code, 1)
        self.assertEqual(self.openskills("validate", skill, "--lenient").code, 0)
        plain = self.make_skill("claude-y")
        self.assertEqual(self.openskills("validate", plain).code, 0)
        self.assertEqual(self.openskills("validate", plain, "--preset", "api").code, 1)
        self.assertEqual(self.openskills("validate", plain, "--preset", "nonsense").code, 2)

    def test_ExamplesAreValid(self):
        for skill in sorted((SOURCE_DIR / "examples" / "skills").iterdir()):
            if skill.is_dir():
                self.assertEqual(self.openskills("validate", skill).code, 0, skill)


class Running(TestCase):
    def test_WhatFollowsTheFirstSeparatorIsTheScripts(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys; print(sys.argv[1:])"})
        result = self.openskills("run", skill, "scripts/x.py", "--", "--json", "--timeout", "--", "-q")
        self.assertEqual(result.text, "['--json', '--timeout', '--', '-q']\n")

    def test_OutcomeHasEveryMember(self):
        outcome = self.run_python("print(1)", "a")
        self.assertEqual(list(outcome), [
            "schema", "run_id", "skill", "digest", "script", "argv", "status", "exit_code", "signal", "limit", "error",
            "output", "stdout", "stderr", "stdout_truncated", "stderr_truncated", "artifacts",
            "artifacts_complete", "usage", "isolation"])
        self.assertEqual((outcome["schema"], outcome["skill"], outcome["script"], outcome["argv"]),
                         (1, "demo", "scripts/x.py", ["a"]))
        self.assertEqual(list(outcome["usage"]), ["wall_ms", "cpu_ms", "peak_memory_bytes", "memory_refused",
                                                  "disk_written_bytes"])

    def test_NoChildIsLeftForOthersToWaitFor(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print(1)"})
        prctl, set_child_subreaper = ctypes.CDLL(None).prctl, 36
        self.assertEqual(prctl(set_child_subreaper, 1, 0, 0, 0), 0)  # orphans become this process's
        self.addCleanup(prctl, set_child_subreaper, 0, 0, 0, 0)
        for arguments, succeeds in ((("run", skill, "scripts/x.py"), True), (("run", skill, "scripts/missing.py"), False),
                                    (("run", "no-such-skill", "scripts/x.py"), False),
                                    (("exec", "--", "python3", "-c", "1"), True)):
            for _ in range(3):
                result = self.openskills(*arguments)
                self.assertEqual(result.code == 0, succeeds, result.err)
                self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)

    def test_EventsComeAsLines(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys; print('a'); print('b', file=sys.stderr)"})
        events = [json.loads(line) for line in
                  self.openskills("run", skill, "scripts/x.py", "--events").text.splitlines()]
        self.assertEqual(events[0], {"event": "start"})
        self.assertIn({"event": "stdout", "data": "a\n"}, events)
        self.assertIn({"event": "stderr", "data": "b\n"}, events)
        self.assertEqual((events[-1]["event"], events[-1]["outcome"]["status"]), ("outcome", "ok"))

    def test_SkillByIdAndByPath(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('ran')"})
        self.assertEqual(self.openskills("--skills", self.skills, "run", "demo", "scripts/x.py").text, "ran\n")
        self.assertEqual(self.openskills("run", ".", "scripts/x.py", "--workspace", self.work, cwd=skill).text, "ran\n")

    def test_EntryPointTakesJsonAndGivesJson(self):
        skill = self.make_skill("demo", {"main.py":
            "import json, os, sys\ndata = json.load(sys.stdin)\n"
            "print(json.dumps({'sum': sum(data['n']), 'same': json.loads(os.environ['SKILL_INPUT']) == data}))"})
        for arguments, stdin in ((("--input", '{"n":[1,2]}'), b""), (("--input", "-"), b'{"n":[1,2]}')):
            outcome = self.openskills("run", skill, *arguments, "--json", stdin=stdin).json()
            self.assertEqual(outcome["output"], {"sum": 3, "same": True})
        (self.work / "in.json").write_text('{"n":[1,2]}')
        self.assertEqual(self.openskills("run", skill, "--input", "@in.json").text, '{"sum": 3, "same": true}\n')

    def test_WasmEntryPointComesFirst(self):
        skill = self.make_skill("demo", {"main.py": "print('python')", "skill.wasm": module(RETURNS)})
        outcome = self.openskills("run", skill, "--json").json()
        self.assertEqual((outcome["status"], outcome["script"], outcome["stdout"]), ("ok", "skill.wasm", ""))

    def test_ExampleWasmSkillCountsWords(self):
        skill = SOURCE_DIR / "examples" / "skills" / "text-stats-wasm"
        outcome = self.openskills("run", skill, "--json", "--input", '{"text": "one two two"}').json()
        self.assertEqual(outcome["status"], "ok", outcome)
        self.assertEqual(outcome["output"]["words"], 3)


class Executing(TestCase):
    def setUp(self):
        super().setUp()
        self.skill = self.make_skill("demo", {"scripts/x.py": "import sys; print('skill', sys.argv[1:])"})
        (self.work / "w.py").write_text("import sys; print('workspace', sys.argv[1:])")

    def run_command(self, *command):
        return self.openskills("exec", "--skill", self.skill, "--", *command)

    def test_CommandLinesOfSkillFiles(self):
        for command in (("python3", "scripts/x.py", "a"), ("python", "-u", "scripts/x.py", "a"),
                        ("uv", "run", "scripts/x.py", "a"), ("uv", "run", "--with", "pyyaml", "python", "scripts/x.py", "a"),
                        ("./scripts/x.py", "a"), ("scripts/x.py", "a"), ("/usr/bin/env", "python3", "scripts/x.py", "a"),
                        ("python3", "/skill/scripts/x.py", "a"), ("python3", str(self.skill / "scripts/x.py"), "a")):
            self.assertEqual(self.run_command(*command).text, "skill ['a']\n", command)

    def test_FallsBackToTheWorkspace(self):
        self.assertEqual(self.run_command("python3", "w.py", "b").text, "workspace ['b']\n")
        self.assertEqual(self.openskills("exec", "--", "python3", "w.py").text, "workspace []\n")

    def test_ProgramsOnTheCommandLineAndOnStdin(self):
        self.assertEqual(self.run_command("python3", "-c", "import sys; print(sys.argv)", "x").text, "['-c', 'x']\n")
        result = self.openskills("exec", "--stdin", "-", "--", "python3", "-", "x", stdin=b"import sys; print(sys.argv)")
        self.assertEqual(result.text, "['-', 'x']\n")

    def test_UnknownScript(self):
        self.assert_error(self.run_command("python3", "scripts/none.py"), 127, "script-not-found")
        self.assert_error(self.run_command("python3", "../../outside.py"), 127, "script-not-found")


class Doctor(TestCase):
    def test_SaysWhatThisMachineEnforces(self):
        result = self.openskills("doctor", "--json")
        report = result.json()
        self.assertEqual((result.code, report["ok"]), (0, True), report)
        self.assertTrue({"landlock", "seccomp"} <= {layer["name"] for layer in report["layers"]})
        self.assertIn("python", [guest["language"] for guest in report["guests"]])
        result = self.openskills("doctor", env=self.environment(OPENSKILLS_CACHE_DIR="relative"))
        self.assertEqual(result.code, 1)
        self.assertIn("mend", result.text)

    def test_EveryCommandHasHelpWithAnExample(self):
        for command in ("list", "show", "validate", "run", "exec", "wasm", "doctor", "prompt", "activate", "files", "read",
                        "search", "trust", "lint", "pack", "unpack", "digest"):
            result = self.openskills(command, "--help")
            self.assertEqual(result.code, 0)
            self.assertIn("Example: openskills", result.text)
        self.assertIn("openskills 0.", self.openskills("--version").text)


if __name__ == "__main__":
    unittest.main()
