"""Runs inside the guest: regression_driver.py RESULTS MODULE… runs CPython's own test modules and appends one line for
each test method to the file RESULTS as soon as it is over: "status<TAB>id<TAB>first line of the reason"."""
import os
import sys
import unittest


class Recorder(unittest.TestResult):
    """Keeps nothing in memory, so that a crash loses one test and a long module stays small."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.failed = False

    def record(self, test, status, reason=""):
        line = (str(reason).strip().splitlines() or [""])[-1]
        with open(self.path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{status}\t{test.id().replace(" ", "")}\t{line[:300]}\n")

    def startTest(self, test):
        super().startTest(test)
        self.failed = self.told = False
        self.record(test, "start")

    def stopTest(self, test):
        super().stopTest(test)
        if not self.told and not self.failed:
            self.record(test, "skip", "a part of it is skipped")  # unittest tells neither success nor failure then

    def addSuccess(self, test):
        self.told = True
        if not self.failed:
            self.record(test, "pass")

    def addFailure(self, test, err):
        self.failed = True
        self.record(test, "fail", self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None and not self.failed:
            self.addFailure(test, err)

    def addSkip(self, test, reason):
        if not self.failed and not hasattr(test, "test_case"):  # a skipped part does not make the method a skip
            self.failed = True
            self.record(test, "skip", reason)

    def addExpectedFailure(self, test, err):
        self.told = True
        self.record(test, "pass")

    def addUnexpectedSuccess(self, test):
        self.told = True
        self.record(test, "fail", "unexpected success")


def main():
    path, modules = sys.argv[1], sys.argv[2:]
    from test import support
    support.use_resources = []  # as upstream's own default: nothing large, slow or on a network
    support.verbose = 0
    os.chdir("/tmp")
    for module in modules:
        try:
            suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{module}")
        except unittest.SkipTest as reason:
            with open(path, "a") as file:
                file.write(f"skip\ttest.{module}\t{reason}\n")
            continue
        suite.run(Recorder(path))


main()
