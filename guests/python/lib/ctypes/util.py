"""ctypes.util for the sandbox: there are no libraries to find."""


def find_library(name):
    return None


def find_msvcrt():
    return None
