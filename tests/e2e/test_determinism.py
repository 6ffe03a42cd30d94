"""--seed and --clock with an interpreter in between: what a script prints and writes is the same again."""

import unittest

from support import TestCase

SCRIPT = """
import os, random, tempfile, time, uuid, hashlib, datetime, sys
print(random.random(), random.SystemRandom().random(), os.urandom(8).hex(), uuid.uuid4())
print(hash('text'), list({'a', 'b', 'c', 'd', 'e'}))
print(time.time(), time.monotonic(), time.perf_counter(), datetime.datetime.now(datetime.timezone.utc))
time.sleep(0.25)
print(time.time(), time.monotonic(), time.process_time())
print(os.path.basename(tempfile.mkdtemp()))
for i in range(30):
    with open(f'out{i}.txt', 'w') as file: file.write(str(random.random()))
print(os.listdir('.'))
print([(name, os.stat(name)) for name in os.listdir('.')])
"""


class Determinism(TestCase):
    def outcome(self, *flags, mode="process"):
        for path in self.work.iterdir():
            path.unlink()
        outcome = self.run_python(SCRIPT, flags=("--isolation", mode, *flags))
        self.assertEqual(outcome["status"], "ok", outcome["stderr"])
        digests = {artifact["path"]: artifact["sha256"] for artifact in outcome["artifacts"]}
        self.assertEqual(len(digests), 30)
        return outcome["stdout"], digests

    def test_TwoRunsGiveEqualOutputsAndFiles(self):
        flags = ("--seed", "42", "--clock", "2026-01-02T03:04:05Z")
        first = self.outcome(*flags)
        self.assertEqual(self.outcome(*flags), first)
        self.assertEqual(self.outcome(*flags, mode="in-process"), first)
        self.assertIn("2026-01-02 03:04:05", first[0])

    def test_AnotherSeedGivesAnotherOutput(self):
        clock = ("--clock", "2026-01-02T03:04:05Z")
        first, second = self.outcome("--seed", "1", *clock), self.outcome("--seed", "2", *clock)
        self.assertNotEqual(first[0], second[0])
        self.assertNotEqual(first[1], second[1])

    def test_WithoutASeedTwoRunsDiffer(self):
        first, second = self.outcome(), self.outcome()
        self.assertNotEqual(first[0], second[0])
        self.assertNotEqual(first[1], second[1])


if __name__ == "__main__":
    unittest.main()
