"""A skill's Python script runs as it would natively: arguments, streams, exit codes, tracebacks, imports, files."""

import hashlib
import unittest

from support import TestCase


class PythonScript(TestCase):
    def test_PassesArgumentsVerbatim(self):
        outcome = self.run_python("import sys; print(sys.argv[1:])", "a b", "--x=*", "", "ü", "--")
        self.assertEqual(outcome["status"], "ok")
        self.assertEqual(outcome["stdout"], "['a b', '--x=*', '', 'ü', '--']\n")

    def test_ExitCodeIsTheScripts(self):
        for code, expected in (("import sys; sys.exit(3)", 3), ("exit()", 0), ("raise SystemExit('no')", 1)):
            skill = self.make_skill("demo", {"scripts/x.py": code})
            self.assertEqual(self.openskills("run", skill, "scripts/x.py").code, expected, code)

    def test_AFailureNeverLooksLikeSuccessToTheShell(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys; sys.exit(256)"})
        result = self.openskills("run", skill, "scripts/x.py", "--json")
        self.assertEqual(result.code, {"ok": 0, "failed": 1}[result.json()["status"]])

    def test_NonZeroExitIsDataNotAnError(self):
        outcome = self.run_python("import sys; print('partial'); sys.exit(7)")
        self.assertEqual((outcome["status"], outcome["exit_code"], outcome["error"]), ("failed", 7, None))
        self.assertEqual(outcome["stdout"], "partial\n")

    def test_TracebackNamesTheScriptAndShowsTheLine(self):
        outcome = self.run_python("def f():\n    return 1 / 0\n\nf()\n")
        self.assertEqual(outcome["exit_code"], 1)
        self.assertIn('File "/skill/scripts/x.py", line 2, in f', outcome["stderr"])
        self.assertIn("    return 1 / 0", outcome["stderr"])
        self.assertTrue(outcome["stderr"].endswith("ZeroDivisionError: division by zero\n"))

    def test_ImportsSiblingsOfTheScript(self):
        skill = self.make_skill("demo", {
            "scripts/x.py": "import sys, helper, pack.inner\nprint(sys.path[0], helper.VALUE, pack.inner.VALUE)",
            "scripts/helper.py": "VALUE = 1",
            "scripts/pack/__init__.py": "",
            "scripts/pack/inner.py": "VALUE = 2",
        })
        self.assertEqual(self.openskills("run", skill, "scripts/x.py").text, "/skill/scripts 1 2\n")
        self.assertFalse((skill / "scripts" / "__pycache__").exists())

    def test_ReadsStandardInputOnlyWhenGiven(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys; print(repr(sys.stdin.read()))"})
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", stdin=b"data").text, "''\n")
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", "--stdin", "-", stdin=b"data").text, "'data'\n")
        (self.work / "in.txt").write_text("file")
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", "--stdin", "in.txt").text, "'file'\n")

    def test_ReadsAndWritesTheWorkspace(self):
        (self.work / "in.txt").write_text("hello")
        outcome = self.run_python(
            "text = open('in.txt').read()\nopen('out.txt', 'w').write(text.upper())\n"
            "open('/workspace/in.txt', 'a').write('!')\nimport os; os.mkdir('d'); open('d/n', 'w').close()")
        self.assertEqual(outcome["status"], "ok", outcome["stderr"])
        self.assertEqual((self.work / "out.txt").read_text(), "HELLO")
        changes = {artifact["path"]: artifact for artifact in outcome["artifacts"]}
        self.assertEqual({path: a["change"] for path, a in changes.items()},
                         {"out.txt": "created", "in.txt": "modified", "d/n": "created"})
        self.assertEqual(changes["out.txt"]["bytes"], 5)
        self.assertEqual(changes["out.txt"]["sha256"], hashlib.sha256(b"HELLO").hexdigest())

    def test_CopiesArtifactsOnRequest(self):
        target = self.root / "artifacts"
        self.run_python("import os; os.mkdir('d'); open('d/out.txt', 'w').write('x')",
                        flags=("--artifacts", target))
        self.assertEqual((target / "d" / "out.txt").read_text(), "x")

    def test_StartsInTheWorkspaceOrTheSkill(self):
        code = "import os; print(os.getcwd(), os.path.exists('SKILL.md'))"
        self.assertEqual(self.run_python(code)["stdout"], "/workspace False\n")
        self.assertEqual(self.run_python(code, flags=("--cwd", "skill"))["stdout"], "/skill True\n")

    def test_EnvironmentIsBuiltFromNothing(self):
        code = "import os, json; print(json.dumps(dict(os.environ)))"
        outcome = self.run_python(code, flags=("--env", "MINE=1"), env=self.environment(SECRET="host"))
        import json
        seen = json.loads(outcome["stdout"])
        self.assertNotIn("SECRET", seen)
        for key, value in {"HOME": "/tmp", "LANG": "C.UTF-8", "SKILL_DIR": "/skill", "CLAUDE_SKILL_DIR": "/skill",
                           "SKILL_WORKSPACE": "/workspace", "SKILL_ID": "demo", "SKILL_NAME": "demo",
                           "MINE": "1"}.items():
            self.assertEqual(seen.get(key), value)

    def test_TemporaryFolderIsPrivateAndEmpty(self):
        code = "import os, tempfile; print(os.listdir('/tmp')); open('/tmp/x', 'w').close(); tempfile.mkdtemp()"
        for _ in range(2):
            outcome = self.run_python(code)
            self.assertEqual((outcome["stdout"], outcome["artifacts"]), ("[]\n", []), outcome["stderr"])

    def test_PathsThatLeaveAFolderUpwardsLeadWhereTheySay(self):
        outcome = self.run_python(
            "import os\n"
            "print(open('../skill/SKILL.md').readline().strip(), os.path.isdir('/skill/scripts/../../workspace'))\n"
            "print(open(os.path.relpath(__file__)).readline().strip())\n"
            "for path in ('../nothing', '/skill/../etc/passwd', '/skill/scripts/../../SKILL.md', '/../../etc/passwd'):\n"
            "    try: print(open(path).read())\n"
            "    except OSError as error: print(type(error).__name__)\n"
            "try: open('../skill/new', 'w')\n"
            "except OSError as error: print(type(error).__name__)\n"
            "open('new', 'w').close()\n"
            "os.rename('../workspace/new', '../skill/../workspace/old')\n"
            "os.chdir('../skill')\n"
            "print(os.getcwd(), os.path.exists('../workspace/old'), os.path.exists('new'))")
        self.assertEqual(outcome["stdout"].splitlines(), ["--- True", "import os", *["FileNotFoundError"] * 4,
                                                          "OSError", "/skill True False"], outcome)

    def test_OutputThatIsNotTextComesAsBase64(self):
        outcome = self.run_python("import sys; sys.stdout.buffer.write(b'\\xff\\x00')")
        self.assertEqual(outcome["stdout"], {"base64": "/wA="})

    def test_SameSeedAndClockGiveTheSameOutput(self):
        code = "import random, time, uuid, os; print(random.random(), time.time(), uuid.uuid4(), os.urandom(4))"
        flags = ("--seed", "7", "--clock", "2026-01-02T03:04:05Z")
        first = self.run_python(code, flags=flags)["stdout"]
        self.assertEqual(first, self.run_python(code, flags=flags)["stdout"])
        self.assertIn("1767323045.", first)
        self.assertNotEqual(self.run_python(code)["stdout"], self.run_python(code)["stdout"])

    def test_OutcomeSaysWhatHeld(self):
        isolation = self.run_python("pass")["isolation"]
        self.assertEqual((isolation["tier"], isolation["mode"]), ("wasm", "process"))
        self.assertTrue(isolation["guest"].startswith("python-3.13"))
        layers = isolation["layers"]
        self.assertTrue(layers["wasm"] and layers["seccomp"] and layers["landlock"] >= 1)
        self.assertEqual(layers["network"], "denied")
        layers = self.run_python("pass", flags=("--isolation", "in-process"))["isolation"]["layers"]
        self.assertEqual((layers["wasm"], layers["seccomp"], layers["landlock"]), (True, False, 0))

    def test_SubprocessFailsClearlyInsteadOfHanging(self):
        outcome = self.run_python("import subprocess; subprocess.run(['ls'])")
        self.assertEqual(outcome["exit_code"], 1)
        self.assertIn("FileNotFoundError: [Errno 2] No such file or directory: 'ls'\n(starting programs is not available",
                      outcome["stderr"])


if __name__ == "__main__":
    unittest.main()
