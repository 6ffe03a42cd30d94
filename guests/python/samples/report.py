"""What the text of a file says: arguments, patterns, JSON."""
import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Entry:
    line: int
    words: list = field(default_factory=list)


def entries(text):
    for number, line in enumerate(text.splitlines(), 1):
        if words := re.findall(r"[A-Za-z_]+", line):
            yield Entry(number, [word.lower() for word in words])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__))
    parser.add_argument("--top", type=int, default=3, help="how many (default: %(default)s)")
    options = parser.parse_args()
    counts, places = Counter(), defaultdict(set)
    for entry in entries(options.path.read_text(encoding="utf-8")):
        counts.update(entry.words)
        for word in entry.words:
            places[word].add(entry.line)
    report = {word: {"count": count, "lines": sorted(places[word])} for word, count in counts.most_common(options.top)}
    print(json.dumps({"words": sum(counts.values()), "top": report, "entry": asdict(Entry(1))}, indent=2))
    assert json.loads(json.dumps(report)) == report
    print(f"{len(counts):>6} words, {max(counts.values()) / len(counts):.2%}", file=sys.stderr)


if __name__ == "__main__":
    main()
