#!/usr/bin/env python3
"""Makes a folder of skills that look like public ones, the same on every machine.

    make_skills.py DIR [--count 10000] [--seed 1]

How often each trait occurs follows a count over 13,287 public skills: unknown frontmatter keys in 55 %, block scalars
in 26 %, scripts in 23 %, flow collections in 5.5 %, nested metadata, CRLF and missing frontmatter in a few.
"""

import argparse
import random
import sys
from pathlib import Path

VERBS = "extract convert review generate analyze summarize validate deploy migrate format translate monitor".split()
NOUNS = ("pdf invoice spreadsheet api database schema log report email diagram dataset test image changelog config "
         "contract notebook dashboard ticket translation").split()
EXTRAS = "pro lite kit helper assistant workflow toolkit guide expert runner".split()
WORDS = ("the file output input when user asks data check each value before section result format step table project "
         "command option error always never use run write read list create update existing first then value field name "
         "document folder version request response schema key column record example template default required").split()
UNKNOWN_KEYS = ["version: 1.2.0", "author: Example Team", "category: productivity", "tags: [data, files, automation]",
                "user-invocable: true", "model: inherit", "triggers:\n  - \"when the user asks\"\n  - \"on request\"",
                "argument-hint: \"[file]\"", "priority: 5"]


def sentence(rng, low, high):
    words = [rng.choice(WORDS) for _ in range(rng.randint(low, high))]
    return " ".join(words).capitalize()


def paragraph(rng):
    return ". ".join(sentence(rng, 6, 18) for _ in range(rng.randint(2, 6))) + "."


def description(rng, name):
    text = f"{name.replace('-', ' ').capitalize()}: " if rng.random() < 0.05 else ""
    sentences = [sentence(rng, 8, 16) for _ in range(rng.randint(1, 5))]
    return (text.replace(":", ",") + ". ".join(sentences) + ". Use when " + sentence(rng, 6, 14).lower() + ".")[:1000]


def frontmatter(rng, name):
    lines = [f"name: {name}"]
    text = description(rng, name)
    if rng.random() < 0.26:
        words, folded = text.split(), []
        for start in range(0, len(words), 14):
            folded.append("  " + " ".join(words[start:start + 14]))
        lines += ["description: " + rng.choice([">", ">-", "|"]), *folded]
    elif rng.random() < 0.3:
        lines.append('description: "' + text + '"')
    else:
        lines.append("description: " + text)
    if rng.random() < 0.35:
        lines.append("license: " + rng.choice(["MIT", "Apache-2.0", "Complete terms in LICENSE.txt"]))
    if rng.random() < 0.15:
        tools = rng.choice(["Read, Write, Bash", "Bash(git add *) Read", "[Read, Grep, Glob]"])
        lines.append("allowed-tools: " + tools)
    if rng.random() < 0.12:
        nested = "  links:\n    home: https://example.org" if rng.random() < 0.5 else "  stage: beta"
        lines += ["metadata:", "  version: \"1.0\"", "  author: example", nested]
    if rng.random() < 0.55:
        lines += rng.sample(UNKNOWN_KEYS, rng.randint(1, 3))
    return "---\n" + "\n".join(lines) + "\n---\n"


def body(rng, name):
    parts = [f"# {name.replace('-', ' ').title()}", paragraph(rng)]
    for _ in range(rng.randint(2, 12)):
        parts.append("## " + sentence(rng, 2, 5))
        parts.append(paragraph(rng))
        if rng.random() < 0.4:
            parts.append("\n".join("- " + sentence(rng, 4, 12) for _ in range(rng.randint(2, 7))))
        if rng.random() < 0.3:
            parts.append("```bash\npython3 scripts/run.py input.json --output out.json\n```")
    return "\n\n".join(parts) + "\n"


def make_skill(folder, name, rng):
    path = folder / name
    path.mkdir()
    text = body(rng, name) if rng.random() < 0.013 else frontmatter(rng, name) + "\n" + body(rng, name)
    newline = "\r\n" if rng.random() < 0.0045 else "\n"
    (path / "SKILL.md").write_text(text, encoding="utf-8", newline=newline)
    if rng.random() < 0.23:
        (path / "scripts").mkdir()
        (path / "scripts" / "run.py").write_text("import sys\n\nprint(sys.argv[1:])\n", encoding="utf-8")
    if rng.random() < 0.2:
        (path / "references").mkdir()
        (path / "references" / "guide.md").write_text(paragraph(rng) + "\n", encoding="utf-8")


def make_skills(folder, count, seed=1):
    """Fills `folder`, which must not exist yet; returns it."""
    rng = random.Random(seed)
    # A half-made folder must never be taken for the whole.
    part = folder.with_name(folder.name + ".part")
    part.mkdir(parents=True)
    for number in range(count):
        words = [rng.choice(NOUNS), rng.choice(VERBS)]
        if rng.random() < 0.5:
            words.append(rng.choice(EXTRAS))
        make_skill(part, "-".join(words) + f"-{number:05}", rng)
    part.rename(folder)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.folder.exists():
        sys.exit(f"{options.folder} exists already")
    make_skills(options.folder, options.count, options.seed)


if __name__ == "__main__":
    main()
