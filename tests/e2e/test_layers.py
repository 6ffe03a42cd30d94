"""T16: a kernel without a layer of the sandbox, made by a filter that takes its system call away."""

import ctypes
import errno
import json
import platform
import struct
import subprocess
import unittest

from support import BINARY, TestCase

LANDLOCK_CREATE_RULESET = 444
SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
NOTHING_USED = 168 if platform.machine() == "aarch64" else 309  # getcpu


def take_away(number):
    """Makes one system call fail with ENOSYS, in this process and what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = b"".join(struct.pack("=HBBI", *instruction) for instruction in (
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 0, 1, number),
        (0x06, 0, 0, 0x00050000 | errno.ENOSYS),
        (0x06, 0, 0, 0x7FFF0000),
    ))
    program = ctypes.create_string_buffer(instructions, len(instructions))
    filter_of = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", 4, ctypes.addressof(program)))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter_of):
        raise OSError(ctypes.get_errno(), "the filter cannot be put in force")


class MissingLayers(TestCase):
    def outcome(self, number, *flags):
        module = self.root / "ends.wasm"
        # (module (memory (export "memory") 1) (func (export "_start")))
        module.write_bytes(bytes.fromhex(
            "0061736d01000000010401600000030201000503010001071302066d656d6f727902000"
            "65f737461727400000a040102000b"))
        command = [BINARY, "wasm", str(module), "--json", *flags]
        done = subprocess.run(command, capture_output=True, env=self.environment(), preexec_fn=lambda: take_away(number))
        return done.returncode, json.loads(done.stdout)

    def test_T16_ARunIsRefusedByDefaultAndSaysWhatIsMissing(self):
        for number, layer in ((LANDLOCK_CREATE_RULESET, "landlock"), (SECCOMP, "seccomp")):
            code, outcome = self.outcome(number)
            self.assertEqual((code, outcome["status"], outcome["error"]["code"]), (126, "refused", "layer-missing"))
            self.assertIn(layer, outcome["error"]["message"])
            self.assertTrue(outcome["error"]["hint"])

    def test_T16_WhenAcceptedItRunsAndTheOutcomeSaysWhatHeld(self):
        code, outcome = self.outcome(LANDLOCK_CREATE_RULESET, "--accept-missing-layers")
        layers = outcome["isolation"]["layers"]
        self.assertEqual((code, layers["landlock"], layers["seccomp"], layers["wasm"]), (0, 0, True, True))
        code, outcome = self.outcome(SECCOMP, "--accept-missing-layers")
        layers = outcome["isolation"]["layers"]
        self.assertEqual((code, layers["seccomp"], layers["wasm"]), (0, False, True))
        self.assertGreaterEqual(layers["landlock"], 1)

    def test_T16_AcceptingChangesNothingWhereNothingIsMissing(self):
        for flags in ((), ("--accept-missing-layers",)):
            code, outcome = self.outcome(NOTHING_USED, *flags)
            layers = outcome["isolation"]["layers"]
            self.assertEqual((code, layers["seccomp"]), (0, True))
            self.assertGreaterEqual(layers["landlock"], 1)


if __name__ == "__main__":
    unittest.main()
