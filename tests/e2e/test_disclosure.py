"""Progressive disclosure through the real program: prompt, activate, read, files, search, trust, and what they open."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import unittest

from support import BINARY, TestCase


class Prompting(TestCase):
    def setUp(self):
        super().setUp()
        self.make_skill("pdf", {"SKILL.md": "---\nname: pdf\ndescription: Reads <PDF> & \"forms\".\n---\nbody\n"})
        self.make_skill("manual", {"SKILL.md": "---\nname: manual\ndescription: d\ndisable-model-invocation: true\n---\nb\n"})

    def prompt(self, *flags):
        return self.openskills("--skills", self.skills, "prompt", *flags)

    def test_C42_XmlBlockAsTheReferenceLibraryPrintsIt(self):
        self.assertEqual(self.prompt().text,
                         "<available_skills>\n<skill>\n<name>\npdf\n</name>\n<description>\nReads &lt;PDF&gt; &amp; "
                         f"&quot;forms&quot;.\n</description>\n<location>\n{self.skills}/pdf/SKILL.md\n</location>\n"
                         "</skill>\n</available_skills>\n")

    def test_C47_SameBytesEachTime(self):
        self.assertEqual(self.prompt().out, self.prompt().out)

    def test_FormatsAndFilters(self):
        listed = json.loads(self.prompt("--format", "json").out)
        self.assertEqual([skill["name"] for skill in listed], ["pdf"])
        self.assertTrue(self.prompt("--format", "markdown").text.startswith("- **pdf**: Reads"))
        self.assertNotIn("SKILL.md", self.prompt("--no-location").text)
        self.make_skill("other")
        self.assertNotIn("other", self.prompt("--only", "pdf").text)
        self.assertNotIn("\npdf\n", self.prompt("--except", "pdf").text)
        self.assert_error(self.prompt("--only", "pfd"), 127, "skill-not-found")

    def test_C48_BudgetNamesWhatItCut(self):
        for i in range(10):
            self.make_skill(f"long-{i}", {"SKILL.md": f"---\nname: long-{i}\ndescription: {'word ' * 100}\n---\n"})
        result = self.prompt("--budget", "2000", "--json").json()
        self.assertLessEqual(result["characters"], 2000)
        self.assertEqual(len(result["text"]), result["characters"])
        self.assertEqual(result["shortened"], [f"long-{i}" for i in range(10)])
        self.assertEqual(result["omitted"], [])
        tight = self.prompt("--budget", "600")
        self.assertLessEqual(len(tight.text), 600)
        self.assertIn("no room for", tight.error_text)

    def test_C46_NoSkillsNoBlockNoTool(self):
        result = self.openskills("--skills", self.skills, "prompt", "--json", "--only", "manual").json()
        self.assertEqual((result["text"], result["tool"], result["instructions"]), ("", None, ""))

    def test_C49_ToolSchemaNamesTheVisibleSkills(self):
        tool = self.prompt("--json").json()["tool"]
        self.assertEqual(tool["input_schema"]["properties"]["name"]["enum"], ["pdf"])


class Activating(TestCase):
    def test_C52_WrappedWithFolderAndFiles(self):
        skill = self.make_skill("demo", {"SKILL.md": "---\nname: demo\ndescription: d\n---\nDo $1 with $0.\n",
                                         "scripts/x.py": "pass"})
        text = self.openskills("--skills", self.skills, "activate", "demo", "a b", "c").text
        self.assertTrue(text.startswith('<skill_content name="demo">\nDo b with a.\n'), text)
        self.assertIn(f"Skill directory: {skill}\n", text)
        self.assertIn("<file>scripts/x.py</file>", text)
        self.assertEqual(self.openskills("activate", skill, "--raw", "a", "b").text, "Do b with a.\n")
        self.assertEqual(self.openskills("activate", skill, "--whole-file").out, (skill / "SKILL.md").read_bytes())
        self.assertIn("Skill directory: /skill\n", self.openskills("activate", skill, "--skill-dir", "/skill").text)

    def test_C57_ASecondActivationIsANote(self):
        skill = self.make_skill("demo")
        first = self.openskills("activate", skill, "--json").json()
        again = self.openskills("activate", skill, "--json", "--already", first["text_sha256"]).json()
        self.assertTrue(again["already_active"])
        self.assertIn("already loaded", again["text"])
        (skill / "SKILL.md").write_text("---\nname: demo\ndescription: d\n---\nchanged\n")
        changed = self.openskills("activate", skill, "--json", "--already", first["text_sha256"]).json()
        self.assertFalse(changed["already_active"])
        self.assertIn("changed", changed["text"])

    def test_CC09_CC10_WhoMayActivate(self):
        manual = self.make_skill("manual", {"SKILL.md": "---\nname: manual\ndescription: d\ndisable-model-invocation: true\n---\nb\n"})
        hidden = self.make_skill("hidden", {"SKILL.md": "---\nname: hidden\ndescription: d\nuser-invocable: false\n---\nb\n"})
        self.assert_error(self.openskills("activate", manual, "--by", "model"), 126, "skill-not-invocable")
        self.assertEqual(self.openskills("activate", manual, "--by", "user").code, 0)
        self.assert_error(self.openskills("activate", hidden, "--by", "user"), 126, "skill-not-invocable")
        self.assertEqual(self.openskills("activate", hidden, "--by", "model").code, 0)

    def test_T33_NoCommandIsRun(self):
        mark = self.root / "mark"
        skill = self.make_skill("demo", {"SKILL.md": f"---\nname: demo\ndescription: d\n---\nNow: !`touch {mark}`\n"})
        result = self.openskills("activate", skill, "--json").json()
        self.assertEqual(result["shell_commands"][0]["command"], f"touch {mark}")
        self.openskills("--profile", "claude-code", "activate", skill)
        self.assertFalse(mark.exists())

    def test_C50_UnknownNamesGetSuggestions(self):
        self.make_skill("report")
        result = self.openskills("--skills", self.skills, "activate", "reprot")
        self.assert_error(result, 127, "skill-not-found")
        self.assertIn("'report'", result.error_text)


class Reading(TestCase):
    def setUp(self):
        super().setUp()
        self.data = bytes(range(256)) * 3
        self.skill = self.make_skill("demo", {"assets/data.bin": self.data, "references/a.md": "text"})
        (self.root / "secret.txt").write_text("secret")

    def read(self, path):
        return self.openskills("read", self.skill, path)

    def test_ByteForByteAndAsJson(self):
        self.assertEqual(self.read("assets/data.bin").out, self.data)
        result = self.openskills("read", self.skill, "assets/data.bin", "--json").json()
        self.assertEqual((result["bytes"], result["sha256"]), (768, hashlib.sha256(self.data).hexdigest()))
        self.assertEqual(self.openskills("read", self.skill, "references/a.md", "--json").json()["content"], "text")
        self.assertEqual(self.openskills("files", self.skill, "--json").json()["files"],
                         [{"path": "assets/data.bin", "bytes": 768}, {"path": "references/a.md", "bytes": 4}])

    def test_T1_PathsThatLeadOutAreRefused(self):
        for path in ("../../secret.txt", self.root / "secret.txt", "/etc/passwd", "assets/../../../secret.txt",
                     "//etc/passwd", "..\\secret.txt", "C:/secret.txt", "\\\\host\\share", "/proc/self/environ"):
            self.assert_error(self.read(path), 126, "path-escapes-root")
        for path in ("%2e%2e/secret.txt", "none.md", "x" * 300):
            self.assertNotEqual(self.read(path).code, 0)
            self.assertEqual(self.read(path).out, b"")
        # The control: the same way of naming reaches what is inside.
        self.assertEqual(self.read("assets/../references/a.md").text, "text")

    def test_T2_LinksThatLeadOutAreRefused(self):
        (self.skill / "out").symlink_to("../../secret.txt")
        (self.skill / "absolute").symlink_to(self.root / "secret.txt")
        (self.skill / "up").symlink_to("..")
        (self.skill / "chain").symlink_to("out")
        (self.skill / "inside").symlink_to("references/a.md")
        for path in ("out", "absolute", "up/../secret.txt", "chain"):
            self.assert_error(self.read(path), 126, "path-escapes-root")
        self.assertEqual(self.read("inside").text, "text")
        files = self.openskills("files", self.skill, "--json").json()
        self.assertNotIn("out", [file["path"] for file in files["files"]])
        self.assertIn("link-outside", [one["code"] for one in files["diagnostics"]])

    def test_T5_AFolderSwappedForALinkNeverLeadsOut(self):
        folder, other = self.skill / "swap", self.skill / "kept"
        folder.mkdir()
        (folder / "f").write_text("inside")
        (self.root / "outside").mkdir()
        (self.root / "outside" / "f").write_text("secret")
        stop = threading.Event()

        def swap():
            while not stop.is_set():
                folder.rename(other)
                folder.symlink_to(self.root / "outside")
                folder.unlink()
                other.rename(folder)

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            outputs = [self.read("swap/f") for _ in range(60)]
        finally:
            stop.set()
            thread.join()
        self.assertEqual({result.out for result in outputs} - {b"inside", b""}, set())
        # The control: left alone, it is read.
        self.assertEqual(self.read("swap/f").text, "inside")

    def test_T6_SpecialFilesAreNotWaitedFor(self):
        os.mkfifo(self.skill / "pipe")
        self.assert_error(self.read("pipe"), 2, "not-a-file")


class Searching(TestCase):
    def test_FindsAmongAThousand(self):
        for i in range(1000):
            self.make_skill(f"skill-{i:04}", {"SKILL.md": f"---\nname: skill-{i:04}\ndescription: Does thing {i} with data.\n---\n"})
        self.make_skill("pdf-forms", {"SKILL.md": "---\nname: pdf-forms\ndescription: Fills in forms.\n---\n"})
        result = self.openskills("--skills", self.skills, "search", "fill", "a", "form", "--json").json()
        self.assertEqual(result["query"], "fill a form")
        self.assertEqual(result["skills"][0]["id"], "pdf-forms")
        self.assertEqual(len(self.openskills("--skills", self.skills, "search", "data", "--limit", "7").text.splitlines()), 7)
        nothing = self.openskills("--skills", self.skills, "search", "qqqqq")
        self.assertEqual((nothing.code, nothing.text), (0, ""))
        self.assertIn("None of 1001", nothing.error_text)


class Trusting(TestCase):
    def setUp(self):
        super().setUp()
        folder = self.work / ".agents" / "skills" / "local"
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text("---\nname: local\ndescription: Local.\n---\nbody\n")

    def visible(self):
        return [skill["id"] for skill in self.openskills("list", "--json").json()["skills"]]

    def test_C39_TrustLastsUntilItIsTakenBack(self):
        self.assertEqual(self.visible(), [])
        self.assert_error(self.openskills("activate", "local"), 127, "skill-not-found")
        added = self.openskills("trust", "add", ".", "--json").json()
        self.assertEqual((added["path"], added["state"], added["skills"]), (str(self.work), "trusted", ["local"]))
        self.assertEqual(self.visible(), ["local"])
        self.assertEqual(self.openskills("activate", "local").code, 0)
        self.assertEqual([one["path"] for one in self.openskills("trust", "list", "--json").json()["folders"]],
                         [str(self.work)])
        self.assertEqual(self.openskills("trust", "remove", ".").code, 0)
        self.assertEqual(self.visible(), [])
        self.assert_error(self.openskills("trust", "remove", "."), 2, "path-not-found")

    def test_TheListIsPrivateAndNotBelievedOtherwise(self):
        self.openskills("trust", "add", ".")
        store = self.home / ".config" / "openskills" / "trust.json"
        self.assertEqual(store.stat().st_mode & 0o777, 0o600)
        store.chmod(0o666)
        self.assertEqual(self.visible(), [])
        self.assert_error(self.openskills("trust", "list"), 126, "trust-unusable")
        store.chmod(0o600)
        self.assertEqual(self.visible(), ["local"])

    def test_AnotherProjectInThePlaceOfATrustedOneIsNot(self):
        project = self.root / "project"
        shutil.copytree(self.work, project)
        self.openskills("trust", "add", project)
        listing = lambda: [s["id"] for s in self.openskills("--project", project, "list", "--json").json()["skills"]]
        self.assertEqual(listing(), ["local"])
        project.rename(self.root / "moved")
        shutil.copytree(self.work, project)
        self.assertEqual(listing(), [])
        self.assertIn("replaced", self.openskills("trust", "list").text)

    def test_ARunCannotWriteTheList(self):
        self.openskills("trust", "add", ".")
        skill = self.make_skill("demo", {"scripts/x.py": "open('trust.json', 'w')"})
        outcome = self.openskills("run", skill, "scripts/x.py", "--json", "--workspace",
                                  self.home / ".config" / "openskills").json()
        self.assertEqual(outcome["error"]["code"], "workspace-refused")


class Opening(TestCase):
    """C-41: tier 1 opens no file of a skill but SKILL.md, and reads no more of it than the frontmatter needs."""

    def trace(self, *arguments):
        log = self.root / "trace"
        subprocess.run(["strace", "-f", "-qq", "-y", "-e", "trace=open,openat,openat2,read,pread64,mmap,execve",
                        "-o", log, str(BINARY), *map(str, arguments)],
                       cwd=self.work, env=self.environment(), check=True, stdout=subprocess.DEVNULL, timeout=120)
        return log.read_text()

    def opened_below_skills(self, trace):
        names = re.findall(r'open(?:at2?)?\((?:\d+<([^>]*)>|AT_FDCWD(?:<[^>]*>)?), "([^"]*)"[^\n]*= \d+<([^>]*)>', trace)
        return {path for _, _, path in names if path.startswith(str(self.skills))}

    def test_C41_Tier1OpensNothingButSkillFiles(self):
        body = "x" * 200_000
        for name in ("one", "two"):
            self.make_skill(name, {"SKILL.md": f"---\nname: {name}\ndescription: d\n---\n{body}", "scripts/x.py": "pass",
                                   "references/a.md": "a", "assets/b": "b", "LICENSE.txt": "c"})
        for command in (("list",), ("list", "--json"), ("prompt",), ("search", "d")):
            trace = self.trace("--skills", self.skills, *command)
            opened = self.opened_below_skills(trace)
            self.assertEqual({path for path in opened if os.path.isfile(path)},
                             {str(self.skills / name / "SKILL.md") for name in ("one", "two")}, command)
            read = re.findall(r"p?read(?:64)?\(\d+<" + re.escape(str(self.skills)) + r"[^>]*>.*= (\d+)", trace)
            self.assertLessEqual(sum(map(int, read)), 2 * 4096, command)
        # The control: the trace does show other files when they are opened.
        trace = self.trace("read", self.skills / "one", "references/a.md")
        self.assertIn(str(self.skills / "one" / "references" / "a.md"), self.opened_below_skills(trace))


if __name__ == "__main__":
    unittest.main()
