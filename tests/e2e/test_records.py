"""What a run leaves on record: that it was refused, what held, and no secret it was given."""

import json
import pathlib
import unittest

from support import TestCase, children_of, start

SECRET = "s3cret-7d1f0a"


class Records(TestCase):
    def test_T22_AGrantedSecretIsInNoRecord(self):
        codes = {
            "used": ("import os; print(len(os.environ['TOKEN']))", 0, ()),
            "failed": ("raise SystemExit('no')", 1, ()),
            "ended": ("while True: pass", 124, ("--timeout", "300ms")),
            "refused": ("pass", 126, ("--tier", "native")),
        }
        for name, (code, exit_code, flags) in codes.items():
            skill = self.make_skill(name, {"scripts/x.py": code})
            for form in ("--json", "--events"):
                ran = self.openskills("run", skill, "scripts/x.py", form, "--env", f"TOKEN={SECRET}", *flags)
                self.assertEqual(ran.code, exit_code, ran.text)
                self.assertNotIn(SECRET, ran.text + ran.error_text, name)
        # The control: the script had it.
        ran = self.openskills("run", self.skills / "used", "scripts/x.py", "--env", f"TOKEN={SECRET}")
        self.assertEqual(ran.text, f"{len(SECRET)}\n")

    def test_T36_ARefusedRunIsAnOutcomeAndSaysThatNothingHeldBecauseNothingRan(self):
        skill = self.make_skill("demo", {"scripts/x.py": "open('made', 'w')"})
        refused = self.openskills("run", skill, "scripts/x.py", "--json", "--tier", "native").json()
        self.assertEqual((refused["status"], refused["error"]["code"]), ("refused", "tier-unavailable"))
        self.assertTrue(refused["run_id"] and refused["digest"])
        self.assertEqual((refused["isolation"]["layers"]["seccomp"], refused["isolation"]["layers"]["landlock"]), (False, 0))
        self.assertFalse((self.work / "made").exists())
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", "--json").json()["status"], "ok")

    def test_T36_TheRecordSaysWhatTheKernelSays(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('up', flush=True)\nwhile True: pass"})
        for mode in ("process", "in-process"):
            process = start(self, "run", skill, "scripts/x.py", "--events", "--isolation", mode, "--timeout", "3s")
            while "up" not in process.stdout.readline().decode():
                pass
            (pid,) = children_of(process.pid) if mode == "process" else (process.pid,)
            in_force = "Seccomp:\t2" in pathlib.Path(f"/proc/{pid}/status").read_text()
            rest, _ = process.communicate(timeout=60)
            outcome = json.loads(rest.splitlines()[-1])["outcome"]
            self.assertEqual(outcome["status"], "timeout")
            self.assertEqual((outcome["isolation"]["mode"], outcome["isolation"]["layers"]["seccomp"]), (mode, in_force))
            self.assertEqual(in_force, mode == "process")

    def test_T36_AnotherSkillHasAnotherDigest(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print(1)"})
        first = self.openskills("run", skill, "scripts/x.py", "--json").json()["digest"]
        self.assertEqual(self.openskills("run", skill, "scripts/x.py", "--json").json()["digest"], first)
        (skill / "scripts/x.py").write_text("print(2)")
        self.assertNotEqual(self.openskills("run", skill, "scripts/x.py", "--json").json()["digest"], first)

    def test_T26_ThereIsNoShellToBringDown(self):
        bomb = "a=(1); while :; do a=(${a[@]}${a[@]}); done"
        for shell in ("sh", "bash", "dash", "zsh"):
            ran = self.openskills("exec", "--json", "--", shell, "-c", bomb)
            outcome = ran.json()
            self.assertEqual((ran.code, outcome["status"], outcome["error"]["code"]), (126, "refused", "tier-unavailable"), shell)
        code = "import subprocess\ntry:\n    subprocess.run('true', shell=True)\nexcept OSError as error:\n    print(type(error).__name__)"
        self.assertIn("Error", self.run_python(code)["stdout"])
        # The control: a program that has a guest runs.
        self.assertEqual(self.openskills("exec", "--", "python3", "-c", "print(1)").text, "1\n")


if __name__ == "__main__":
    unittest.main()
