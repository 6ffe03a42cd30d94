"""seal_manifest_test.py SOURCE: the manifest that docs/developers.md shows, and one with contents, sealed."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])


def documented_manifest():
    text = (SOURCE / "docs" / "developers.md").read_text(encoding="utf-8")
    section = text[text.index("### Adding a guest"):]
    return json.loads(re.search(r"```json\n(.*?)```", section, re.DOTALL)[1])


class SealManifest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pack = pathlib.Path(folder.name)
        (self.pack / "lib").mkdir()
        (self.pack / "lib" / "file").write_text("text")
        self.manifest = documented_manifest()

    def seal(self):
        (self.pack / "guest.json").write_text(json.dumps(self.manifest))
        for _ in range(2):  # sealing again changes nothing
            subprocess.run([sys.executable, "-B", SOURCE / "guests" / "python" / "seal_manifest.py", self.pack], check=True)
        return json.loads((self.pack / "guest.json").read_text())

    def test_the_documented_one_gets_digests_and_nothing_else(self):
        sealed = self.seal()
        digest = sealed["mounts"][0]["sha256"]
        self.assertRegex(digest, "^[0-9a-f]{64}$")
        self.assertEqual({**sealed, "mounts": self.manifest["mounts"]}, {"start": "command", **self.manifest})
        self.assertFalse((self.pack / "contents.json").exists())
        (self.pack / "lib" / "file").write_text("another text")
        self.assertNotEqual(self.seal()["mounts"][0]["sha256"], digest)

    def test_what_scripts_can_import_moves_to_its_own_file(self):
        contents = {"modules": ["json", "re"], "packages": [{"name": "p", "version": "1"}]}
        self.manifest.update(contents)
        sealed = self.seal()
        self.assertEqual(sealed["contents"], "contents.json")
        self.assertFalse(contents.keys() & sealed.keys())
        self.assertEqual(json.loads((self.pack / "contents.json").read_text()), contents)


unittest.main(argv=sys.argv[:1])
