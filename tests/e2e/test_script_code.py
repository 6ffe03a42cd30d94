"""Code made ahead of a skill's scripts: the same runs, sooner; never of another file, never of a changed one."""

import os
import pathlib
import shutil
import unittest

from support import TestCase

RUNS = 4  # the first leaves a mark, the second makes the code, the others use it


class ScriptCode(TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.environment()["OPENSKILLS_CACHE_DIR"], "modules", "scripts")
        self.before = set(self.folder.glob("*"))

    def run_script(self, skill, *arguments, script="scripts/x.py", flags=()):
        result = self.openskills("run", skill, script, "--json", *flags, "--", *arguments)
        outcome = result.json()
        return outcome["status"], outcome["exit_code"], outcome["stdout"], outcome["stderr"]

    def entries(self):
        """What the runs of this test's skills have made, however many other tests run beside it."""
        mine = [f"\n{status.st_dev} {status.st_ino} " for status in map(os.stat, self.skills.rglob("*.py"))]
        new = [entry for entry in self.folder.glob("*/record") if entry.parent not in self.before]
        return [entry.parent / "files" / "code" for entry in new if any(one in entry.read_text() for one in mine)]

    def assert_same_always(self, skill, **options):
        first = self.run_script(skill, **options)
        for _ in range(RUNS - 1):
            self.assertEqual(self.run_script(skill, **options), first)
        return first

    def test_RunsAreTheSameWithAndWithoutIt(self):
        skill = self.make_skill("demo", {
            "scripts/x.py": "import sys, helper, pack.inner\nfrom pack import late\n"
                            "print(helper.__file__, helper.__cached__, helper.VALUE, pack.inner.VALUE, late.VALUE)\n"
                            "print(sys._getframe().f_code.co_filename, __file__, helper.where())\n"
                            "def f():\n    return 1 / 0\n\nf()\n",
            "scripts/helper.py": "VALUE = 1\ndef where():\n    return where.__code__.co_filename\n",
            "scripts/pack/__init__.py": "",
            "scripts/pack/inner.py": "VALUE = 2",
            "scripts/pack/late.py": "from . import inner\nVALUE = inner.VALUE + 1",
        })
        status, code, out, error = self.assert_same_always(skill)
        self.assertEqual((status, code), ("failed", 1))
        self.assertEqual(out, "/skill/scripts/helper.py /skill/scripts/__pycache__/helper.cpython-313.pyc 1 2 3\n"
                              "/skill/scripts/x.py /skill/scripts/x.py /skill/scripts/helper.py\n")
        self.assertIn('File "/skill/scripts/x.py", line 6, in f\n    return 1 / 0', error)
        (code,) = self.entries()
        for name in (b"x.py", b"helper.py", b"pack/__init__.py", b"pack/inner.py", b"pack/late.py"):
            self.assertIn(b"/skill/scripts/" + name, code.read_bytes())

    def test_ChangesAreSeenByTheNextRun(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import helper\nprint(0, helper.VALUE)",
                                         "scripts/helper.py": "VALUE = 0"})
        for number in range(8):
            path = skill / "scripts" / ("helper.py" if number % 2 else "x.py")
            path.write_text(f"VALUE = {number}" if number % 2 else f"import helper\nprint({number}, helper.VALUE)")
            expected = f"{number & ~1} {number - 1 + number % 2 if number else 0}\n"
            for _ in range(3):
                self.assertEqual(self.run_script(skill)[2], expected)
        (skill / "scripts" / "helper.py").unlink()
        self.assertIn("No module named 'helper'", self.run_script(skill)[3])

    def test_MakingItExecutesNothingOfTheSkill(self):
        # Names of modules that the compiling itself uses, and of itself, lie beside the script.
        shouting = "open('/workspace/shout', 'a').write('x')\n"
        files = {f"scripts/{name}.py": shouting for name in ("ast", "marshal", "warnings", "_script_code", "unused")}
        skill = self.make_skill("demo", {"scripts/x.py": "open('count', 'a').write('1')\nif 0: import unused", **files})
        self.assert_same_always(skill)
        self.assertEqual(len(self.entries()), 1)
        self.assertEqual((self.work / "count").read_text(), "1" * RUNS)
        self.assertFalse((self.work / "shout").exists())

    def test_WarningsOfTheCompilerComeWithEveryRun(self):
        skill = self.make_skill("demo", {"scripts/x.py": r"print('\d')"})
        self.assertIn("SyntaxWarning: invalid escape sequence", self.assert_same_always(skill)[3])

    def test_WhatCannotBeCompiledFailsAsEver(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import broken", "scripts/broken.py": "def f(:\n"})
        self.assertIn('File "/skill/scripts/broken.py", line 1', self.assert_same_always(skill)[3])
        skill = self.make_skill("other", {"scripts/x.py": "x = (\n"})
        self.assertIn("'(' was never closed", self.assert_same_always(skill)[3])

    def test_ALoaderThatMakesOtherCodeOfAFileStillDoes(self):
        skill = self.make_skill("demo", {
            "scripts/x.py": "import sys\nfrom importlib.machinery import FileFinder, SourceFileLoader\n"
                            "class Loud(SourceFileLoader):\n"
                            "    def get_data(self, path):\n        return super().get_data(path).replace(b'quiet', b'loud')\n"
                            "sys.path_hooks.insert(0, FileFinder.path_hook((Loud, ['.py'])))\nsys.path_importer_cache.clear()\n"
                            "import helper\nprint(helper.VALUE)",
            "scripts/helper.py": "VALUE = 'quiet'"})
        self.assertEqual(self.assert_same_always(skill)[2], "loud\n")

    def test_AnOptimisedRunCompilesItself(self):
        skill = self.make_skill("demo", {"scripts/x.py": "import sys\nassert not sys.argv[1:]\nprint(__debug__)"})
        self.assertEqual(self.assert_same_always(skill)[2], "True\n")
        optimised = self.openskills("exec", "--skill", skill, "--", "python3", "-O", "scripts/x.py", "a")
        self.assertEqual(optimised.text, "False\n")

    def test_EachScriptSeesItsOwnCodeAndCannotChangeIt(self):
        probe = ("import os, sys\nfolder = '/var/lib/script-code'\n"
                 "print(os.listdir(folder) if os.path.isdir(folder) else None)\n"
                 "if os.path.isdir(folder):\n"
                 "    print('-'.join(('secret', 'of', 'another')).encode() in open(folder + '/code', 'rb').read())\n"
                 "    for path in (folder + '/code', folder + '/new'):\n"
                 "        try:\n            open(path, 'ab').write(b'x')\n"
                 "        except OSError as error:\n            print(error.errno)\n")
        other = self.make_skill("other", {"scripts/x.py": "text = 'secret-of-another'"})
        skill = self.make_skill("demo", {"scripts/x.py": probe})
        for _ in range(RUNS):
            self.run_script(other)
            last = self.run_script(skill)
        self.assertEqual(len(self.entries()), 2)
        listing, foreign, *denied = last[2].splitlines()
        self.assertEqual((listing, foreign), ("['code']", "False"))
        self.assertEqual(len(denied), 2)
        self.assertTrue(set(denied) <= {"13", "30", "76"}, denied)
        self.assertTrue(any(b"secret-of-another" in entry.read_bytes() for entry in self.entries()))

    def test_DamagedCodeIsPassedOver(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print('fine')"})
        self.assert_same_always(skill)
        (code,) = self.entries()
        whole = code.read_bytes()
        for damaged in (b"", whole[:10], b"\0" * len(whole), whole[:-20], b"i\1\0\0\0"):
            code.write_bytes(damaged)
            self.assertEqual(self.run_script(skill)[:3], ("ok", 0, "fine\n"), damaged)

    def test_TheCacheTellsOfItAndClearsIt(self):
        skill = self.make_skill("demo", {"scripts/x.py": "print(1)", "scripts/y.py": "print(2)"})
        for script in ("scripts/x.py", "scripts/y.py"):
            self.assert_same_always(skill, script=script)
        env = self.environment(OPENSKILLS_CACHE_DIR=str(self.root / "cache"))
        for code in self.entries():
            entry = code.parent.parent
            shutil.copytree(entry, self.root / "cache" / "modules" / "scripts" / entry.name)
        (self.root / "cache" / "modules").chmod(0o700)
        show = lambda: self.openskills("cache", "show", "--json", env=env).json()
        clear = lambda *flags: self.openskills("cache", "clear", "--json", *flags, env=env).json()
        shown = show()
        self.assertEqual((shown["scripts"], shown["foreign_files"]), (2, 0))
        self.assertGreater(shown["script_bytes"], 0)
        self.assertEqual(clear()["removed_scripts"], 0)
        self.assertEqual(clear("--unused-for", "30d")["removed_scripts"], 0)
        self.assertEqual(clear("--all", "--dry-run")["removed_scripts"], 2)
        self.assertEqual(show()["scripts"], 2)
        self.assertIn("removed the code of 2 scripts", self.openskills("cache", "clear", "--all", env=env).text)
        self.assertEqual(show()["scripts"], 0)


if __name__ == "__main__":
    unittest.main()
