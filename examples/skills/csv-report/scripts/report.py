#!/usr/bin/env python3
"""Profiles a CSV file and writes a Markdown report about it."""

import argparse
import csv
import datetime
import io
import math
import re
import sys
from collections import Counter
from pathlib import Path

MISSING = {"", "na", "n/a", "null", "none", "-"}
BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
NUMBER = re.compile(r"[-+]?[$€£]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][-+]?\d+)?%?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?")
# A text column with at most this share of cells that are not numbers was probably meant to be numeric.
STRAY_SHARE = 0.05


class InputError(Exception):
    """What is wrong with the input, in a sentence for the user."""


def parse_number(text):
    """The value of a number as people write it, or None."""
    if not NUMBER.fullmatch(text) or not any(c.isdigit() for c in text):
        return None
    number = float(re.sub(r"[$€£,%]", "", text))
    if not math.isfinite(number):
        return None
    return number / 100 if text.endswith("%") else number


def parse_date(text):
    """A datetime, or None."""
    if not DATE.fullmatch(text):
        return None
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


class Column:
    """What the report knows about one column, fed cell by cell."""

    def __init__(self, name):
        self.name = name
        self.missing = 0
        self.counts = Counter()
        self.numbers = []
        self.dates = []
        self.booleans = 0
        self.integers = 0
        self.percents = 0
        self.stray = None  # one cell that is not a number

    def add(self, text):
        """Takes a cell; returns its number, if it is one."""
        if text.lower() in MISSING:
            self.missing += 1
            return None
        self.counts[text] += 1
        number = parse_number(text)
        if number is not None:
            self.numbers.append(number)
            self.percents += text.endswith("%")
            self.integers += "." not in text and "%" not in text and "e" not in text.lower()
            return number
        self.stray = text
        if text.lower() in BOOLEANS:
            self.booleans += 1
        else:
            date = parse_date(text)
            if date is not None:
                self.dates.append(date)
        return None

    @property
    def present(self):
        return sum(self.counts.values())

    @property
    def kind(self):
        present = self.present
        if present == 0:
            return "empty"
        if self.integers == present:
            return "integer"
        if len(self.numbers) == present:
            return "number"
        if len(self.dates) == present:
            return "date"
        if self.booleans == present:
            return "boolean"
        return "text"

    @property
    def is_numeric(self):
        return self.kind in ("integer", "number")

    def show(self, number):
        """One of the column's figures, in the column's own notation."""
        if self.percents == len(self.numbers):
            return f"{show(round(number * 100, 6))} %"
        return show(number)

    def stray_note(self):
        """A sentence when nearly all cells are numbers, else None."""
        strays = self.present - len(self.numbers)
        if self.kind == "text" and self.numbers and strays <= self.present * STRAY_SHARE:
            cells = "cell is" if strays == 1 else "cells are"
            return f"{strays} {cells} not a number, for example `{escape(self.stray)}`."
        return None


def read_table(path, delimiter):
    """Returns (header, rows as an iterator, delimiter)."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if not text.strip():
        raise InputError(f"{path}: the file is empty")
    if delimiter is None:
        first_line = text.lstrip().split("\n", 1)[0]
        delimiter = max(",;\t|", key=first_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [cell.strip() for cell in next(row for row in rows if row)]
    names = [name or f"column {index}" for index, name in enumerate(header, start=1)]
    return names, rows, delimiter


class Groups:
    """Rows, sums and means of numbers per value of one column."""

    def __init__(self, header, column):
        if column not in header:
            raise InputError(f"there is no column {column!r}; the columns are: {', '.join(header)}")
        self.column = column
        self.index = header.index(column)
        self.rows = Counter()
        self.numbers = {}

    def add(self, cells, numbers):
        key = cells[self.index]
        if key.lower() in MISSING:
            key = ""
        self.rows[key] += 1
        for position, number in enumerate(numbers):
            if number is not None:
                self.numbers.setdefault((key, position), []).append(number)


def profile(header, rows, group_by):
    """Reads all rows; returns (columns, groups or None, number of rows, ragged rows)."""
    columns = [Column(name) for name in header]
    groups = Groups(header, group_by) if group_by else None
    total = ragged = 0
    for row in rows:
        if not row:
            continue
        total += 1
        if len(row) != len(header):
            ragged += 1
            row = (row + [""] * len(header))[: len(header)]
        cells = [cell.strip() for cell in row]
        numbers = [column.add(cell) for column, cell in zip(columns, cells)]
        if groups:
            groups.add(cells, numbers)
    return columns, groups, total, ragged


def escape(text):
    """Makes a cell safe inside a Markdown table, and short."""
    text = " ".join(text.split()).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= 60 else text[:57] + "..."


def show(number):
    """A number for people: no digits beyond what helps, thousands separated."""
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:,.2f}" if abs(number) >= 1 else f"{number:.4g}"


def quantile(ordered, share):
    """Linear interpolation between the two nearest values of a sorted list."""
    position = (len(ordered) - 1) * share
    low = math.floor(position)
    high = math.ceil(position)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def spread(values, mean):
    """The sample standard deviation."""
    if len(values) < 2:
        return 0.0
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def overview(columns, total):
    lines = []
    for column in columns:
        share = f" ({column.missing / total:.1%})" if column.missing else ""
        if column.is_numeric:
            span = f"{column.show(min(column.numbers))} to {column.show(max(column.numbers))}"
        elif column.kind == "date":
            span = f"{min(column.dates):%Y-%m-%d} to {max(column.dates):%Y-%m-%d}"
        else:
            span = ""
        lines.append([escape(column.name), column.kind, f"{column.missing}{share}", f"{len(column.counts):,}", span])
    return table(["Column", "Type", "Missing", "Distinct", "Range"], lines)


def numeric_details(column):
    ordered = sorted(column.numbers)
    mean = math.fsum(ordered) / len(ordered)
    figures = {
        "Sum": math.fsum(ordered),
        "Mean": mean,
        "Standard deviation": spread(ordered, mean),
        "Minimum": ordered[0],
        "25 %": quantile(ordered, 0.25),
        "Median": quantile(ordered, 0.5),
        "75 %": quantile(ordered, 0.75),
        "Maximum": ordered[-1],
    }
    return table(["Figure", "Value"], ([name, column.show(value)] for name, value in figures.items()))


def top_values(column, top):
    present = column.present
    # Ties in the order of the text, so that the report does not depend on the order of the rows.
    ranked = sorted(column.counts.items(), key=lambda item: (-item[1], item[0]))[:top]
    lines = ([escape(value), str(count), f"{count / present:.1%}"] for value, count in ranked)
    return table(["Value", "Rows", "Share"], lines)


def details(column, top):
    yield f"### {escape(column.name)}"
    yield ""
    note = column.stray_note()
    if note:
        yield f"**Looks numeric, but {note}**"
        yield ""
    if column.kind == "empty":
        yield "Every cell is missing."
        yield ""
    elif column.is_numeric:
        yield from numeric_details(column)
    elif len(column.counts) == column.present:
        yield "Every value is different."
        yield ""
    else:
        yield from top_values(column, top)


def group_table(groups, columns, max_groups):
    numeric = [i for i, column in enumerate(columns) if column.is_numeric and i != groups.index]
    head = [escape(groups.column), "Rows"]
    for i in numeric:
        name = escape(columns[i].name)
        head += [f"{name}, sum", f"{name}, mean"]
    ranked = sorted(groups.rows.items(), key=lambda item: (-item[1], item[0]))
    lines = []
    for key, rows in ranked[:max_groups]:
        line = [escape(key) or "(missing)", str(rows)]
        for i in numeric:
            values = groups.numbers.get((key, i), [])
            total = math.fsum(values)
            line += [columns[i].show(total), columns[i].show(total / len(values))] if values else ["", ""]
        lines.append(line)
    yield f"## By {escape(groups.column)}"
    yield ""
    yield from table(head, lines)
    if len(ranked) > max_groups:
        yield f"{len(ranked) - max_groups} smaller groups are left out; `--max-groups` shows more."
        yield ""


def render(name, columns, groups, total, ragged, options):
    cells = total * len(columns)
    missing = sum(column.missing for column in columns)
    yield f"# Report on {escape(name)}"
    yield ""
    yield f"{total:,} rows, {len(columns)} columns, {missing:,} of {cells:,} cells missing."
    yield ""
    if ragged:
        yield f"**{ragged} rows have more or fewer cells than the header.**"
        yield "Extra cells are ignored, absent ones count as missing."
        yield ""
    yield "## Columns"
    yield ""
    yield from overview(columns, total)
    if groups:
        yield from group_table(groups, columns, options.max_groups)
    yield "## Details"
    yield ""
    for column in columns:
        yield from details(column, options.top)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", help="the CSV file")
    parser.add_argument("--output", default="-", metavar="FILE", help="the report; - for standard output (default)")
    parser.add_argument("--group-by", metavar="COLUMN", help="add totals per value of this column")
    parser.add_argument("--delimiter", metavar="CHAR", help="the separator (default: found out)")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="most frequent values to list (default 5)")
    parser.add_argument("--max-groups", type=int, default=20, metavar="N", help="groups to list (default 20)")
    options = parser.parse_args()
    if options.delimiter is not None:
        options.delimiter = options.delimiter.replace("\\t", "\t")
        if len(options.delimiter) != 1:
            parser.error("--delimiter wants one character")
    return options


def main():
    options = parse_arguments()
    try:
        header, rows, _ = read_table(options.input, options.delimiter)
        columns, groups, total, ragged = profile(header, rows, options.group_by)
        if total == 0:
            raise InputError(f"{options.input}: there is a header but no row")
    except (InputError, csv.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report = "\n".join(render(Path(options.input).name, columns, groups, total, ragged, options)).rstrip() + "\n"
    if options.output == "-":
        sys.stdout.write(report)
        return 0
    try:
        Path(options.output).write_text(report, encoding="utf-8")
    except OSError as error:
        print(f"error: {options.output}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{options.output}: {total} rows, {len(columns)} columns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
