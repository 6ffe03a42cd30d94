"""lock and --frozen (C-91), and what settings and files at hand do to skills in the profile claude-code."""

import json
import unittest

from support import TestCase


def skill(name, description="d", more=""):
    return f"---\nname: {name}\ndescription: {description}\n{more}---\nInstructions of {name}.\n"


class Lock(TestCase):
    def setUp(self):
        super().setUp()
        self.skills = self.root / "skills"
        self.lock = self.root / "openskills.lock"
        for name in ("a", "b"):
            (self.skills / name / "scripts").mkdir(parents=True)
            (self.skills / name / "SKILL.md").write_text(skill(name))
            (self.skills / name / "scripts" / "x.py").write_text("print(1)\n")
        self.assertEqual(self.locked().code, 0)

    def locked(self, *flags):
        return self.openskills("--skills", self.skills, "lock", "--file", self.lock, *flags)

    def test_C91_CheckNamesWhatWasAddedRemovedAndChanged(self):
        self.assertEqual(self.locked("--check").code, 0)
        (self.skills / "a" / "new.md").write_text("x")
        (self.skills / "a" / "scripts" / "x.py").write_text("print(2)\n")
        (self.skills / "b" / "scripts" / "x.py").unlink()
        before = self.lock.read_bytes()
        result = self.locked("--check", "--json")
        self.assertEqual(result.code, 1)
        found = [(one["change"], one["skill"], one["path"]) for one in json.loads(result.text)["differences"]]
        self.assertEqual(found, [("file-added", "a", "new.md"), ("file-changed", "a", "scripts/x.py"),
                                 ("file-removed", "b", "scripts/x.py")])  # fmt: skip
        self.assertIn("file-changed: a/scripts/x.py\n", self.locked("--check").text)
        self.assertEqual(self.lock.read_bytes(), before, "a check writes nothing")

    def test_C91_FrozenRefusesWhatHasChanged(self):
        frozen = ("--frozen", self.lock)
        for command in (("list",), ("activate", "a"), ("run", "a", "scripts/x.py")):
            self.assertEqual(self.openskills("--skills", self.skills, *frozen, *command).code, 0, command)
        self.assertEqual(self.openskills(*frozen, "run", self.skills / "a", "scripts/x.py").code, 0)
        (self.skills / "a" / "scripts" / "x.py").write_text("print('changed')\n")
        for command in (("list",), ("activate", "a"), ("run", "a", "scripts/x.py"), ("exec", "--skill", "b", "--", "python3", "-c", "1")):
            self.assert_error(self.openskills("--skills", self.skills, *frozen, *command), 126, "skill-changed")
        for command in (("run", self.skills / "a", "scripts/x.py"), ("activate", self.skills / "a")):
            self.assert_error(self.openskills(*frozen, *command), 126, "skill-changed")
        self.assertEqual(self.openskills(*frozen, "activate", self.skills / "b").code, 0, "it is as it was locked")

    def test_C91_ALockThatIsDamagedOrMissingRefuses(self):
        self.lock.write_text(self.lock.read_text().replace("x.py", "y.py", 1))
        self.assert_error(self.openskills("--skills", self.skills, "--frozen", self.lock, "list"), 126, "lock-invalid")
        self.lock.unlink()
        self.assert_error(self.openskills("--skills", self.skills, "--frozen", self.lock, "list"), 2, "path-not-found")

    def test_C92_TheSourcesDigestLeavesOutWhatAnInstallerWrote(self):
        plain = self.openskills("digest", self.skills / "a").text
        self.assertEqual(self.openskills("digest", "--source", self.skills / "a").text, plain)
        (self.skills / "a" / "SKILL.md").write_text(skill("a", more="metadata:\n  github-repo: x/y\n"))
        self.assertNotEqual(self.openskills("digest", self.skills / "a").text, plain)
        self.assertEqual(self.openskills("digest", "--source", self.skills / "a").text, plain)


class ClaudeCode(TestCase):
    def setUp(self):
        super().setUp()
        self.project = self.root / "project"
        (self.project / ".git").mkdir(parents=True)
        for folder in (".claude/skills/deploy", "web/.claude/skills/deploy"):
            (self.project / folder).mkdir(parents=True)
            (self.project / folder / "SKILL.md").write_text(skill("deploy"))
        styles = self.project / ".claude/skills/styles"
        styles.mkdir()
        (styles / "SKILL.md").write_text(skill("styles", more="paths: web/**/*.css\n"))

    def claude(self, *arguments):
        return self.openskills("--profile", "claude-code", "--project", self.project, "--trust-project", *arguments)

    def ids(self, *arguments):
        return [one["id"] for one in json.loads(self.claude("--json", *arguments).text)["skills"]]

    def test_CC03_CC04_NestedSkillsAppearWithTheFilesTheyAreFor(self):
        self.assertEqual(self.ids("list"), ["deploy", "styles"])
        nested = ("--accessed", "web/main.css")
        self.assertEqual(self.ids(*nested, "list"), ["deploy", "styles", "web:deploy"])
        self.assertIn("- web:deploy\n", self.claude(*nested, "activate", "deploy").text)
        self.assertIn("project/web/.claude", self.claude(*nested, "activate", "web:deploy").text)

    def test_CC05_AnAddedFolderBringsItsSkills(self):
        other = self.root / "other/.claude/skills/extra"
        other.mkdir(parents=True)
        (other / "SKILL.md").write_text(skill("extra"))
        self.assertIn("extra", self.ids("--add-dir", self.root / "other", "list"))

    def test_CC11_OverridesHideSkills(self):
        flags = ("--override", "deploy=off", "--override", "styles=name-only")
        text = self.claude(*flags, "prompt", "--format", "markdown", "--no-location").text
        self.assertEqual(text, "- **styles**: \n")
        found = json.loads(self.claude(*flags, "--json", "search", "styles", "deploy").text)["skills"]
        self.assertEqual([one["id"] for one in found], ["styles"])
        self.assert_error(self.claude(*flags, "activate", "deploy"), 126, "skill-not-invocable")
        self.assertEqual(self.claude("--override", "deploy=maybe", "list").code, 2)

    def test_CC16_SkillsWithPathsAreOfferedForMatchingFiles(self):
        prompt = ("prompt", "--format", "markdown")
        self.assertIn("styles", self.claude("--accessed", "web/a/b.css", *prompt).text)
        self.assertNotIn("styles", self.claude("--accessed", "README.md", *prompt).text)


if __name__ == "__main__":
    unittest.main()
