"""Which scripts of a folder of skills are programs the guest should run, and with what arguments they may be tried."""
import ast
import collections
import dataclasses
import hashlib
import pathlib

DATA_ENDINGS = (".json", ".csv", ".md", ".txt", ".yaml", ".yml", ".toml")
MOST_LINES = 8  # command lines tried with one script


@dataclasses.dataclass(frozen=True)
class Program:
    path: pathlib.Path
    skill: pathlib.Path
    tree: ast.Module = dataclasses.field(compare=False, repr=False)


def skill_of(path, top):
    for parent in path.parents:
        if (parent / "SKILL.md").is_file():
            return parent
        if parent == top:
            return None
    return None


def roots(tree):
    """Names of the top-level modules that are imported without a condition."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def all_imports(path, tree, known, seen):
    """What the script and the siblings it imports need and nobody has."""
    missing = set()
    for name in roots(tree) - known:
        sibling = next((p for p in (path.parent / f"{name}.py", path.parent / name / "__init__.py") if p.is_file()), None)
        if sibling is None:
            if not (path.parent / name).is_dir():
                missing.add(name)
        elif sibling not in seen:
            seen.add(sibling)
            try:
                missing |= all_imports(sibling, ast.parse(sibling.read_bytes()), known, seen)
            except (SyntaxError, ValueError):
                pass
    return missing


def is_program(tree):
    return any(isinstance(node, ast.If) and "__main__" in ast.dump(node.test) for node in tree.body) or any(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) for node in tree.body)


def find_programs(folders, known):
    """(programs, Counter of why others are left out). The same text in two collections counts once."""
    programs, left_out, texts = [], collections.Counter(), set()
    for top in folders:
        for path in sorted(top.rglob("*.py")):
            reason, program = judge(path, top, known, texts)
            if program:
                programs.append(program)
            else:
                left_out[reason] += 1
    return programs, left_out


def judge(path, top, known, texts):
    skill = skill_of(path, top)
    if skill is None:
        return "not in a skill", None
    data = path.read_bytes()
    digest = hashlib.sha256(data).digest()
    if digest in texts:
        return "a copy", None
    texts.add(digest)
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return "not Python 3", None
    if path.name.startswith("test_") or path.name in ("conftest.py", "__init__.py"):
        return "a test or a package", None
    if not is_program(tree):
        return "a module", None
    if all_imports(path, tree, known, {path}):
        return "needs a package that is not in the guest", None
    return "", Program(path, skill, tree)


# ---- arguments ----

def text_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def value_for(name, keywords):
    choices = keywords.get("choices")
    if isinstance(choices, (ast.List, ast.Tuple)) and choices.elts:
        return str(getattr(choices.elts[0], "value", "a"))
    kind = getattr(keywords.get("type"), "id", "")
    if kind in ("int", "float"):
        return "3"
    name = name.lower()
    for part, value in (("output", "made.out"), ("dest", "made.out"), ("json", "data.json"), ("csv", "data.csv"),
                        ("xlsx", "book.xlsx"), ("excel", "book.xlsx"), ("pdf", "paper.pdf"), ("docx", "text.docx"),
                        ("yaml", "data.yaml"), ("toml", "data.toml"), ("html", "page.html"), ("xml", "data.xml"),
                        ("sql", "query.sql"), ("log", "app.log"), ("code", "code.py"), ("repo", "."), ("project", "."), ("dir", "."),
                        ("folder", "."), ("root", "."), ("path", "notes.md"), ("file", "notes.md"), ("input", "data.json"),
                        ("config", "data.json"), ("data", "data.json"), ("url", "http://localhost:1/"), ("date", "2024-01-02")):
        if part in name:
            return value
    return "word"


def guessed(tree):
    """Words for every positional and required option of the script's parsers, or nothing when it has none."""
    words = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        names = [text for text in map(text_of, node.args) if text]
        if node.func.attr == "add_parser" and names and not words:
            words.append(names[0])
        if node.func.attr != "add_argument" or not names:
            continue
        required = getattr(keywords.get("required"), "value", False)
        optional = getattr(keywords.get("nargs"), "value", "") in ("?", "*")
        if names[0].startswith("-"):
            if required:
                words += [names[0]] + ([] if "action" in keywords else [value_for(names[-1], keywords)])
        elif not optional:
            words.append(value_for(names[0], keywords))
    return words


def own_data(program):
    """Sample inputs the skill brings along."""
    found = [path for path in sorted(program.skill.rglob("*")) if path.suffix in DATA_ENDINGS and path.is_file() and
             path.name != "SKILL.md" and ("sample" in path.name or "example" in path.name or "assets" in path.parts)]
    return [f"/skill/{path.relative_to(program.skill)}" for path in found[:3]]


def command_lines(program):
    lines = [["--help"], []]
    words = guessed(program.tree)
    if words:
        lines.append(words)
        lines.append([*words, "--json"])
    lines += [["notes.md"], ["data.json"], ["."], ["data.csv"], ["code.py"]]
    return [line for at, line in enumerate(lines) if line not in lines[:at]][:MOST_LINES]
