#!/usr/bin/env python3
"""Turns the output of `git log` into release notes."""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

SKILL = Path(__file__).resolve().parent.parent

COMMIT = re.compile(r"commit ([0-9a-f]{7,64})\b.*")
ONELINE = re.compile(r"([0-9a-f]{7,64}) (?:\([^)]*\) )?(\S.*)")
HEADER = re.compile(r"(\w+): +(.*)")
SUBJECT = re.compile(r"(?P<type>[A-Za-z]+)(?:\((?P<scope>[^)]*)\))?(?P<mark>!)?: +(?P<text>.+)")
REVERTS = re.compile(r"This reverts commit ([0-9a-f]{7,64})")
REVERT_SUBJECT = re.compile(r'Revert "(.*)"')
CO_AUTHOR = re.compile(r"Co-authored-by: *([^<]+?) *(?:<.*)?", re.IGNORECASE)
BREAKING = re.compile(r"BREAKING[ -]CHANGE: *(.*)", re.DOTALL)
SKIPPED = re.compile(r"(Merge (branch|pull request|remote-tracking|tag|commit)\b|fixup! |squash! |amend! )")
ISSUE = re.compile(r"(?<![\w/])#(\d+)\b")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class InputError(Exception):
    """What is wrong with a file, in a sentence for the user."""


@dataclass
class Commit:
    identity: str
    subject: str = ""
    author: str = ""
    date: str = ""  # YYYY-MM-DD
    body: list = field(default_factory=list)

    @property
    def paragraphs(self):
        return [p.strip() for p in re.split(r"\n\s*\n", "\n".join(self.body)) if p.strip()]


@dataclass
class Section:
    title: str
    types: list
    listed: bool
    entries: list = field(default_factory=list)


def read_text(path):
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


def iso_date(text):
    """The date of a log line (`Mon Jun 3 16:20:11 2024 +0200`, RFC 2822 or ISO) as YYYY-MM-DD, or nothing."""
    found = re.search(r"\d{4}-\d{2}-\d{2}", text)
    if found:
        return found.group()
    day = re.search(r"\b(\d{1,2})\b", text)
    month = re.search(r"\b(" + "|".join(MONTHS) + r")\b", text)
    year = re.search(r"\b(\d{4})\b", text)
    if not (day and month and year):
        return ""
    return f"{year.group()}-{MONTHS.index(month.group()) + 1:02}-{int(day.group()):02}"


def parse_full(lines):
    """Commits of plain `git log`: headers, a blank line, the message indented by four blanks."""
    commits = []
    for line in lines:
        found = COMMIT.fullmatch(line)
        if found:
            commits.append(Commit(found.group(1)))
            continue
        commit = commits[-1]
        if line.startswith("    "):
            text = line[4:].rstrip()
            if commit.subject:
                commit.body.append(text)
            else:
                commit.subject = text
        elif not line.strip():
            commit.body.append("")
        elif not commit.subject:
            header = HEADER.fullmatch(line)
            if header and header.group(1) == "Author":
                commit.author = re.sub(r" *<[^>]*>$", "", header.group(2))
            elif header and header.group(1) in ("Date", "AuthorDate"):
                commit.date = iso_date(header.group(2))
    return commits


def parse_log(path):
    lines = [line.rstrip("\r") for line in read_text(path).split("\n")]
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise InputError(f"{path}: the log is empty")
    if COMMIT.fullmatch(filled[0]):
        first = lines.index(filled[0])
        return parse_full(lines[first:])
    if all(ONELINE.fullmatch(line) for line in filled):
        return [Commit(*ONELINE.fullmatch(line).groups()) for line in filled]
    raise InputError(f"{path}: neither the output of `git log` nor of `git log --oneline`")


def read_conventions(path):
    """The sections of the first table whose head is Section, Types, Listed."""
    sections = []
    in_table = False
    for line in read_text(path).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells == ["Section", "Types", "Listed"]:
            in_table = True
        elif in_table and len(cells) == 3 and not set(line) <= set("|-: "):
            sections.append(Section(cells[0], re.findall(r"[\w-]+", cells[1].lower()), cells[2] == "yes"))
        elif in_table and len(cells) != 3:
            break
    types = {name for section in sections for name in section.types}
    if not {"breaking", "other"} <= types:
        raise InputError(f"{path}: no table with the columns Section, Types and Listed that has `breaking` and `other`")
    return sections


def without_reverted(commits):
    """Drops each revert together with what it reverts, when both are there."""
    dropped = set()
    for commit in commits:
        found = REVERTS.search("\n".join(commit.body))
        if not found or commit.identity in dropped:
            continue
        for other in commits:
            same = other.identity.startswith(found.group(1)) or found.group(1).startswith(other.identity)
            if same and other is not commit:
                dropped |= {commit.identity, other.identity}
    return [commit for commit in commits if commit.identity not in dropped]


class Notes:
    def __init__(self, sections, repository):
        self.sections = sections
        self.by_type = {}
        for section in sections:
            for name in section.types:
                self.by_type.setdefault(name, section)
        self.repository = (repository or "").rstrip("/")
        self.unplaced = []
        self.contributors = {}

    def link(self, text):
        if not self.repository:
            return text
        return ISSUE.sub(rf"[#\1]({self.repository}/issues/\1)", text)

    def reference(self, commit):
        short = commit.identity[:7]
        return f"[{short}]({self.repository}/commit/{commit.identity})" if self.repository else short

    def add(self, commit):
        found = SUBJECT.fullmatch(commit.subject)
        breaking = next((m.group(1) for m in map(BREAKING.fullmatch, commit.paragraphs) if m), None)
        reverted = REVERT_SUBJECT.fullmatch(commit.subject)
        text, scope = commit.subject, ""
        if reverted:
            section = self.by_type.get("revert")
            text = f"Reverted: {reverted.group(1)}"
        elif found:
            section = self.by_type.get(found["type"].lower())
            if section:
                text, scope = found["text"], found["scope"] or ""
        else:
            section = None
        if breaking is not None or (found and found["mark"]):
            if section:
                text = found["text"] if found else text
            section = self.by_type["breaking"]
        if section is None:
            section = self.by_type["other"]
            self.unplaced.append(commit)
        section.entries.append(self.entry(commit, text, scope, breaking))
        self.thank(commit)

    def entry(self, commit, text, scope, breaking):
        text = text[:1].upper() + text[1:].rstrip(".")
        lead = f"**{scope}**: " if scope else ""
        line = f"- {lead}{self.link(text)} ({self.reference(commit)})"
        if breaking:
            line += f"\n  {self.link(' '.join(breaking.split()))}"
        return line

    def thank(self, commit):
        co_authors = [m.group(1) for m in map(CO_AUTHOR.fullmatch, commit.body) if m]
        for name in [commit.author, *co_authors]:
            if name and not name.endswith("[bot]"):
                self.contributors[name] = self.contributors.get(name, 0) + 1

    def shown(self, show_all):
        return [s for s in self.sections if s.entries and (s.listed or show_all)]

    def render_sections(self, show_all):
        blocks = [f"## {s.title}\n\n" + "\n".join(s.entries) for s in self.shown(show_all)]
        return "\n\n".join(blocks) or "Maintenance only; nothing changes for users."

    def render_contributors(self):
        names = sorted(self.contributors, key=lambda name: (-self.contributors[name], name))
        return ", ".join(names) or "Everyone who took part."

    def render_summary(self, commits, show_all):
        counts = ", ".join(f"{s.title.lower()} {len(s.entries)}" for s in self.shown(show_all))
        noun = "change" if len(commits) == 1 else "changes"
        return f"{len(commits)} {noun}" + (f": {counts}." if counts else ".")


def fill(template, values, path):
    unknown = set(re.findall(r"\{\{(\w+)\}\}", template)) - set(values)
    if unknown:
        raise InputError(f"{path}: unknown placeholder {{{{{sorted(unknown)[0]}}}}}; known are {', '.join(values)}")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found.group(1)], template)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", help="a text file with the output of `git log` or `git log --oneline`")
    parser.add_argument("--version", default="Unreleased", help="the version in the title")
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="the date in the title (default: of the newest commit)")
    parser.add_argument("--repository", metavar="URL", help="turn commit ids and #123 into links")
    parser.add_argument("--all", action="store_true", help="also list what readers rarely need")
    parser.add_argument("--template", default=SKILL / "assets" / "template.md", metavar="FILE")
    parser.add_argument("--conventions", default=SKILL / "references" / "conventions.md", metavar="FILE")
    parser.add_argument("--output", default="-", metavar="FILE", help="the notes; - for standard output (default)")
    options = parser.parse_args()
    if options.date and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", options.date):
        parser.error("--date wants YYYY-MM-DD")
    return options


def make_notes(options):
    """Returns (the text, the Notes, how many commits were left out)."""
    everything = parse_log(options.log)
    commits = without_reverted([c for c in everything if not SKIPPED.match(c.subject)])
    notes = Notes(read_conventions(options.conventions), options.repository)
    for commit in commits:
        notes.add(commit)
    values = {
        "version": options.version,
        "date": options.date or max((c.date for c in everything), default="") or "undated",
        "summary": notes.render_summary(commits, options.all),
        "sections": notes.render_sections(options.all),
        "contributors": notes.render_contributors(),
    }
    text = fill(read_text(options.template), values, options.template)
    return text.rstrip() + "\n", notes, len(everything) - len(commits)


def main():
    options = parse_arguments()
    try:
        text, notes, left_out = make_notes(options)
        if options.output != "-":
            Path(options.output).write_text(text, encoding="utf-8")
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {options.output}: {error.strerror}", file=sys.stderr)
        return 2
    # The report must not mix with notes that go to standard output.
    report = sys.stderr if options.output == "-" else sys.stdout
    if options.output == "-":
        sys.stdout.write(text)
    for section in notes.sections:
        if section.entries:
            hidden = "" if section.listed or options.all else " (not listed; --all shows them)"
            print(f"{len(section.entries):4}  {section.title}{hidden}", file=report)
    if left_out:
        print(f"{left_out:4}  left out (merges, fixups, reverted)", file=report)
    for commit in notes.unplaced:
        print(f"      no known type: {commit.identity[:7]} {commit.subject}", file=report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
