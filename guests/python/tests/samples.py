"""The workspace of collection.py: small files of the kinds that skills' scripts read, the same for every run."""
import json
import os
import shutil
import subprocess

ROWS = [{"id": number, "name": f"name {number}", "date": f"2024-01-{number:02}", "amount": number * 1.5, "ok": number % 2 == 0,
         "tags": ["one", "two"][: number % 3]} for number in range(1, 9)]

TEXTS = {
    "notes.md": "---\nname: notes\ndescription: Notes to read. Use when trying.\n---\n# Notes\n\nSome *text* with a [link](https://example.org/)"
                " and `code`.\n\n## Part\n\n- [ ] one\n- [x] two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n",
    "data.json": json.dumps({"name": "sample", "items": ROWS, "total": 54.0, "description": "Some words ü é 漢字"}, indent=1),
    "data.csv": "id,name,date,amount\n" + "".join(f"{r['id']},{r['name']},{r['date']},{r['amount']}\n" for r in ROWS),
    "data.yaml": "name: sample\nitems:\n  - a\n  - b: 1\n",
    "data.toml": '[project]\nname = "sample"\nversion = "1.0"\n',
    "data.xml": "<root><item id='1'>one</item><item id='2'>two</item></root>\n",
    "page.html": "<!doctype html><html><head><title>T</title></head><body><h1>Head</h1><p>text</p><img src='x.png'></body></html>\n",
    "query.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nSELECT * FROM t WHERE id = 1;\n",
    "app.log": "2024-01-02T03:04:05Z ERROR failed to open x\n2024-01-02T03:04:06Z INFO done in 12 ms\n",
    "code.py": "import os\n\ndef area(width, height=2):\n    \"\"\"The area.\"\"\"\n    if width > 3:\n        return width * height\n"
               "    return eval('1')\n\nclass Box:\n    pass\n",
    "src/app.js": "const a = 1;\nexport function f(x) { return x == a ? a : null }\n",
    "package.json": '{"name": "sample", "version": "1.0.0", "dependencies": {"left-pad": "^1.0.0"}}\n',
    "requirements.txt": "requests==2.31.0\npyyaml>=6\n",
    "README.md": "# Sample\n\nA project to look at.\n",
}

MADE_BY_PACKAGES = """
import sys, openpyxl, pypdf, datetime
book = openpyxl.Workbook()
sheet = book.active
sheet.append(["id", "name"])
for number in range(5):
    sheet.append([number, f"name {number}"])
sheet["C1"] = "=SUM(A2:A6)"
book.properties.created = book.properties.modified = datetime.datetime(2024, 1, 2)
book.save("book.xlsx")
writer = pypdf.PdfWriter()
writer.add_blank_page(200, 200)
writer.add_metadata({"/Title": "Paper"})
writer.write("paper.pdf")
"""


def make(folder, native, library):
    for name, text in TEXTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run([native, "-c", MADE_BY_PACKAGES], cwd=folder, check=True,
                   env={"PYTHONPATH": f"{library}/site-packages", "PYTHONDONTWRITEBYTECODE": "1"})


def fill(folder, samples):
    """A copy with fixed times, since scripts print them."""
    shutil.copytree(samples, folder)
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in [*files, *folders]:
            os.utime(os.path.join(parent, name), (1704164645, 1704164645))
    os.utime(folder, (1704164645, 1704164645))


def modules_of(library, native):
    """Top-level names a script may import: the standard library's and those of the guest's packages."""
    standard = subprocess.run([native, "-c", "import sys; print(*sys.stdlib_module_names)"], capture_output=True, text=True, check=True)
    packages = os.listdir(os.path.join(library, "site-packages"))
    return set(standard.stdout.split()) | {name.removesuffix(".py") for name in packages}
