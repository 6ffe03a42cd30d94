"""pip for the sandbox: tells what the guest has. Nothing can be installed."""
__version__ = "0"


def main(args=None):
    import sys
    from pip._commands import run
    return run(sys.argv[1:] if args is None else args)
