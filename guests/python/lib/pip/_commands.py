"""The commands that make sense in the sandbox: install answers for what is there, list, show, freeze, check."""
import re
import sys
from importlib import metadata

from _sandbox import missing


def _installed():
    return {_plain(each.metadata["Name"]): each for each in metadata.distributions() if each.metadata["Name"]}


def _plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _wanted(arguments):
    """The requirements that `pip install`'s arguments name."""
    words = iter(arguments)
    for word in words:
        if word in ("-r", "--requirement"):
            with open(next(words, "requirements.txt"), encoding="utf-8") as file:
                yield from (line.partition("#")[0].strip() for line in file)
        elif word in ("-t", "--target", "-i", "--index-url", "--extra-index-url", "-c", "--constraint", "--prefix", "--root"):
            next(words, None)
        elif not word.startswith("-"):
            yield word


def install(arguments):
    from packaging.requirements import InvalidRequirement, Requirement
    installed, lacking = _installed(), []
    for text in _wanted(arguments):
        if not text or text.startswith("-"):
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            lacking.append(text)
            continue
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        found = installed.get(_plain(requirement.name))
        if found is None or not requirement.specifier.contains(found.version, prereleases=True):
            lacking.append(f"{text} (here: {found.version})" if found else text)
        else:
            print(f"Requirement already satisfied: {text} ({found.version})")
    if not lacking:
        return 0
    print(f"ERROR: {', '.join(lacking)}: " + missing("installing packages", "it has a fixed set, see `pip list`"),
          file=sys.stderr)
    return 1


def run(arguments):
    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    installed = _installed()
    if command == "install":
        return install(rest)
    if command in ("list", "freeze"):
        for name in sorted(installed):
            print(f"{installed[name].metadata['Name']}=={installed[name].version}")
        return 0
    if command == "show":
        for name in rest:
            found = installed.get(_plain(name))
            if found is None:
                print(f"WARNING: Package(s) not found: {name}", file=sys.stderr)
                return 1
            print(f"Name: {found.metadata['Name']}\nVersion: {found.version}\nSummary: {found.metadata['Summary']}")
        return 0
    if command == "check":
        print("No broken requirements found.")
        return 0
    if command in ("--version", "-V"):
        print("pip 0 from the OpenSkills guest (packages are fixed)")
        return 0
    print(missing(f"pip {command}", "packages are fixed; install, list, freeze, show and check answer"), file=sys.stderr)
    return 0 if command in ("help", "--help", "-h") else 1
