"""Carries out the cases of one request through the Python package, for tests/parity/compare.py.

    driver.py REQUEST_FILE     prints a JSON list: of each case the answer, or the error of the call
"""

import json
import sys
import threading
from pathlib import Path

from openskills import CancelToken, Conversation, Mount, OpenSkillRuntime, OpenSkillsError, Outcome, SkillWatcher


def plain(value):
    """An answer with the names of vocabulary.json."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if hasattr(value, "__slots__"):
        return {name: plain(getattr(value, name)) for name in value.__slots__}
    return value


def bytes_or_text(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        return list(data)


def run(runtime, test):
    takes, options, streamed = test["takes"], dict(test.get("options", {})), {"stdout": b"", "stderr": b""}
    if "mounts" in options:
        options["mounts"] = [Mount(**mount) if isinstance(mount, dict) else mount for mount in options["mounts"]]
    if test.get("streamed"):
        options["on_output"] = lambda kind, data: streamed.update({kind: streamed[kind] + data})
    if "cancel_after_ms" in test:
        options["cancel"] = CancelToken()
        threading.Timer(test["cancel_after_ms"] / 1000, options["cancel"].cancel).start()
    outcome: Outcome = getattr(runtime, test["call"])(**takes, **options)
    answer = outcome.to_json()
    if test.get("streamed"):
        answer["streamed"] = {kind: data.decode() for kind, data in streamed.items()}
    return answer


def conversation(runtime, takes):
    talk = Conversation()
    answer = {"texts": [runtime.activate(takes["id"], conversation=talk).text for _ in range(2)]}
    answer["active"] = talk.active()
    answer["covers"] = talk.covers(takes["path"])
    answer["render_again"] = talk.render_again(takes["each"], takes["all"])
    answer["active_after"] = talk.active()
    return answer


def change_files(test):
    for path, text in test.get("write", {}).items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)


def filtered(takes):
    takes = dict(takes)
    only = takes.pop("only", None)
    return takes if only is None else {**takes, "filter": lambda skill: skill.id in only}


def carry_out(runtime, test):
    call, takes = test["call"], test["takes"]
    if call == "load_skills":
        return None
    if call == "refresh":
        change_files(test)
        return plain(runtime.refresh())
    if call == "watch":
        watcher = SkillWatcher.start(**test["runtime"])
        change_files(test)
        return plain(watcher.wait(20_000))
    if call == "conversation":
        return conversation(runtime, takes)
    if call == "activate":
        request = {{"as": "as_"}.get(name, name): value for name, value in takes["request"].items()}
        return plain(runtime.activate(takes["id"], **request))
    if call == "read":
        return bytes_or_text(runtime.read(**takes))
    if call in ("execute_skill", "run_script", "exec", "run_module"):
        return run(runtime, test)
    return plain(getattr(runtime, call)(**filtered(takes)))


def answer_to(test):
    try:
        runtime = OpenSkillRuntime(**test["runtime"])
        runtime.load_skills()
        return carry_out(runtime, test)
    except OpenSkillsError as problem:
        return {"error": {"code": problem.code, "message": problem.message, "hint": problem.hint}}


print(json.dumps([answer_to(test) for test in json.loads(Path(sys.argv[1]).read_text())]))
