"""The format's rules of running scripts (C-63 to C-81), each under its id. The attacks on them are in the T tests."""

import json
import os
import subprocess
import unittest

from support import BINARY, RETURNS, TestCase, module

SHOW = "import os, sys, json; print(json.dumps([os.getcwd(), sys.argv]))"


class Finding(TestCase):
    def test_C63_AScriptsPathBeginsAtTheSkillWhateverTheFolder(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('the skill')"})
        (self.work / "scripts").mkdir()
        (self.work / "scripts/x.py").write_text("print('the folder it was called in')")
        for cwd in (self.work, self.root, skill / "scripts"):
            ran = self.openskills("run", skill, "scripts/x.py", "--workspace", self.work, cwd=cwd)
            self.assertEqual(ran.text, "the skill\n", cwd)

    def test_C64_TheFolderItStartsInIsChosenAndHasAFixedName(self):
        for flags, folder in (((), "/workspace"), (("--cwd", "workspace"), "/workspace"), (("--cwd", "skill"), "/skill")):
            outcome = self.run_python(SHOW, flags=flags)
            self.assertEqual(json.loads(outcome["stdout"]), [folder, ["/skill/scripts/x.py"]])

    def test_C65_OnlyFilesOfTheSkillRunByName(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('ran')"})
        outside = self.root / "outside.py"
        outside.write_text("print('ran')")
        outside.chmod(0o755)
        (skill / "scripts/link.py").symlink_to(outside)
        for script in ("../../outside.py", outside, "scripts/link.py", "/bin/true", "ls"):
            refused = self.openskills("run", skill, script)
            self.assertNotIn(refused.code, (0, 1), script)
            self.assertEqual(refused.text, "")
        self.assertEqual(self.openskills("run", skill, "scripts/x.py").text, "ran\n")

    def test_C66_TheFirstLineSaysTheInterpreterThenTheEndingAndNothingFallsBackToTheHost(self):
        skill = self.make_skill("demo", {
            "scripts/first-line": "#!/usr/bin/env python3\nprint('ran')",
            "scripts/first-line.txt": "#!/usr/bin/python3\nprint('ran')",
            "scripts/ending.py": "print('ran')",
            "scripts/x.rb": "#!/usr/bin/env ruby\nputs 'ran'",
            "scripts/nothing": "echo ran",
        })
        for script in ("first-line", "first-line.txt", "ending.py"):
            self.assertEqual(self.openskills("run", skill, f"scripts/{script}").text, "ran\n", script)
        for script in ("x.rb", "nothing"):
            refused = self.openskills("run", skill, f"scripts/{script}")
            self.assertIn(refused.code, (126, 127), refused.error_text)
            self.assertEqual(refused.text, "")
            self.assertIn(script, refused.error_text)

    def test_C67_TheExecuteBitIsNotNeeded(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('ran')"})
        for mode in (0o444, 0o644, 0o755):
            (skill / "scripts/x.py").chmod(mode)
            self.assertEqual(self.openskills("run", skill, "scripts/x.py").text, "ran\n")
            self.assertEqual(self.openskills("exec", "--skill", skill, "--", "./scripts/x.py").text, "ran\n")


class Streams(TestCase):
    def test_C68_StandardInputIsAtItsEndUnlessGiven(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys; print(repr(sys.stdin.read()))"})
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", stdin=b"host").text, "''\n")
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", "--stdin", "-", stdin=b"host").text, "'host'\n")

    def test_C69_TheStreamsComeApartAndAnExitCodeIsData(self):
        outcome = self.run_python("import sys; print('o'); print('e', file=sys.stderr); sys.exit(7)")
        self.assertEqual((outcome["stdout"], outcome["stderr"]), ("o\n", "e\n"))
        self.assertEqual((outcome["status"], outcome["exit_code"], outcome["error"]), ("failed", 7, None))

    def test_C70_WhatIsCutIsMarkedAndAFileCanHaveAllOfIt(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys; sys.stdout.write('x' * 5000)"})
        cut = self.openskills("run", skill, "scripts/x.py", "--json", "--output-limit", "1000").json()
        self.assertEqual((len(cut["stdout"]), cut["stdout_truncated"], cut["stderr_truncated"]), (1000, True, False))
        whole = self.root / "whole.txt"
        with whole.open("wb") as stream:
            subprocess.run([BINARY, "run", skill, "scripts/x.py", "--output-limit", "1000"], cwd=self.work,
                           env=self.environment(), stdout=stream, check=True, timeout=60)
        self.assertEqual(whole.read_text(), "x" * 5000)

    def test_C81_ArgumentsAreAVectorAndNoShellReadsThem(self):
        hostile = ["", " ", "a b", "$HOME", "`id`", "$(id)", ";id", "*", "--", "-x", "'\"\\", "ä\n"]
        outcome = self.run_python("import sys, json; print(json.dumps(sys.argv[1:]))", *hostile)
        self.assertEqual(json.loads(outcome["stdout"]), hostile)
        self.assertEqual(outcome["argv"][-len(hostile):], hostile)


class World(TestCase):
    def test_C71_EachLimitIsNamedInTheOutcome(self):
        memory = "b = []\nwhile True: b.append(bytearray(1 << 20))"
        greedy = self.work / "greedy.wasm"
        greedy.write_bytes(module(RETURNS, memory_pages=2048))
        ended = self.run_python("while True: pass", flags=("--timeout", "300ms"))
        self.assertEqual((ended["status"], ended["limit"]), ("timeout", None))
        refused = self.run_python(memory, flags=("--memory", "64M"))
        self.assertEqual((refused["status"], refused["usage"]["memory_refused"]), ("failed", True))
        ended = self.openskills("wasm", greedy, "--json", "--memory", "64M").json()
        self.assertEqual((ended["status"], ended["limit"]), ("limit", "memory"))
        # The control: without reaching them, none is named.
        outcome = self.run_python("b = bytearray(1 << 20)", flags=("--timeout", "30s", "--memory", "64M"))
        self.assertEqual((outcome["status"], outcome["limit"], outcome["usage"]["memory_refused"]), ("ok", None, False))

    def test_C72_TheDefaultIsAReadOnlySkillAPrivateTemporaryFolderAndTheWorkspace(self):
        code = """
import os, json
def can_write(folder):
    try:
        open(folder + '/made', 'w').close()
        return True
    except OSError:
        return False
print(json.dumps({'write': [f for f in ('/skill', '/workspace', '/tmp', '/') if can_write(f)],
                  'host': os.environ.get('HOST_ONLY')}))
"""
        outcome = self.run_python(code, env=self.environment(HOST_ONLY="1"))
        self.assertEqual(json.loads(outcome["stdout"]), {"write": ["/workspace", "/tmp"], "host": None})
        self.assertTrue((self.work / "made").exists())
        self.assertFalse(os.path.exists("/tmp/made"))

    def test_C73_OnlyNamedVariablesArePassed(self):
        code = "import os; print(os.environ.get('GIVEN'), os.environ.get('HOST_ONLY'))"
        outcome = self.run_python(code, flags=("--env", "GIVEN=1"), env=self.environment(HOST_ONLY="1"))
        self.assertEqual(outcome["stdout"], "1 None\n")

    def test_C75_AllowedToolsWidenNothing(self):
        code = "try:\n    open('/skill/made', 'w')\n    print('written')\nexcept OSError:\n    print('refused')"
        skill = self.make_skill("demo", {"scripts/x.py": code})
        text = (skill / "SKILL.md").read_text()
        (skill / "SKILL.md").write_text(text.replace("\n---\n", "\nallowed-tools: Bash(*) Write(*) Edit(*) WebFetch(*)\n---\n", 1))
        shown = self.openskills("show", skill, "--json").json()
        self.assertIn("Write(*)", json.dumps(shown))
        self.assertEqual(self.openskills("run", skill, "scripts/x.py").text, "refused\n")

    def test_C77_TwoRunsShareNoState(self):
        code = "import os, builtins; print(hasattr(builtins, 'mark'), os.listdir('/tmp')); builtins.mark = 1; open('/tmp/mark', 'w')"
        for _ in range(2):
            self.assertEqual(self.run_python(code)["stdout"], "False []\n")


class Approval(TestCase):
    def test_C82_C83_WhatWasApprovedByItsDigestRunsOnlyUnchanged(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('ran')", "references/a.md": "safe"})
        approved = self.openskills("digest", skill).text.strip()
        runs = (("run", skill, "scripts/x.py", "--digest"), ("exec", "--skill", skill, "--digest"))
        command = ("--", "python3", "scripts/x.py")

        def outcomes(digest):
            for run in runs:
                yield self.openskills(*run, digest, "--json", *(command if run[0] == "exec" else ()))

        for digest in (approved, approved.removeprefix("sha256:")):
            for ran in outcomes(digest):
                self.assertEqual((ran.json()["stdout"], ran.json()["digest"]), ("ran\n", approved))
        for path, text in (("scripts/x.py", "print('other')"), ("references/a.md", "evil"), ("scripts/new.py", "")):
            before = (skill / path).read_bytes() if (skill / path).exists() else None
            (skill / path).write_text(text)
            for refused in outcomes(approved):
                self.assertEqual(refused.code, 126, refused.text)
                outcome = refused.json()
                self.assertEqual((outcome["status"], outcome["error"]["code"]), ("refused", "skill-changed"))
                self.assertEqual((outcome["stdout"], outcome["exit_code"]), ("", None))
                self.assertNotEqual(outcome["digest"], approved)
            (skill / path).unlink() if before is None else (skill / path).write_bytes(before)
        self.assertEqual([ran.code for ran in outcomes(approved)], [0, 0])
        self.assert_error(self.openskills("run", skill, "scripts/x.py", "--digest", "sha256:0"), 2, "invalid-argument")
        self.assert_error(self.openskills("exec", "--digest", approved, "--", "python3", "-c", "1"), 2, "invalid-argument")

    def test_C84_TheOutcomeHasWhatALogOfRunsNeeds(self):
        outcome = self.run_python("import sys; sys.exit(3)", "a", "b")
        self.assertEqual((outcome["skill"], outcome["script"], outcome["argv"]), ("demo", "scripts/x.py", ["a", "b"]))
        self.assertEqual((outcome["exit_code"], outcome["isolation"]["layers"]["network"]), (3, "denied"))
        self.assertTrue(outcome["run_id"] and outcome["digest"].startswith("sha256:") and outcome["usage"]["wall_ms"] > 0)


class Needs(TestCase):
    def test_C78_TheBlockOfAScriptIsReadAndItsPythonIsChecked(self):
        block = "# /// script\n# requires-python = \">={}\"\n# dependencies = []\n# ///\nprint('ran')\n"
        self.assertEqual(self.run_python(block.format("3.8"))["stdout"], "ran\n")
        outcome = self.run_python(block.format("3.99"))
        self.assertEqual((outcome["status"], outcome["error"]["code"]), ("refused", "requirements-missing"))
        self.assertIn("3.99", outcome["error"]["message"])

    def test_C79_WhatIsMissingIsListedBeforeAnythingRuns(self):
        code = "# /// script\n# dependencies = [\"pyyaml\", \"no-such-thing\", \"nor-this\"]\n# ///\nopen('made', 'w')\n"
        outcome = self.run_python(code)
        self.assertEqual((outcome["status"], outcome["error"]["code"]), ("refused", "requirements-missing"))
        for name, is_missing in (("no-such-thing", True), ("nor-this", True), ("pyyaml", False)):
            self.assertEqual(name in outcome["error"]["message"].lower(), is_missing, name)
        self.assertFalse((self.work / "made").exists())

    def test_C80_RunnersOfOtherLanguagesAreRecognisedAndRefused(self):
        skill = self.make_skill("demo", {"scripts/x.ts": "console.log('ran')"})
        for command in (("deno", "run", "scripts/x.ts"), ("bun", "scripts/x.ts"), ("npx", "tsx", "scripts/x.ts"),
                        ("node", "scripts/x.ts")):
            self.assert_error(self.openskills("exec", "--skill", skill, "--", *command), 126, "tier-unavailable")


if __name__ == "__main__":
    unittest.main()
