"""The command line as one side of the comparison: cases as flags, what it prints under the names of vocabulary.json."""

import base64
import datetime
import json
import os
import subprocess

GLOBAL = {"project_directory": "--project", "profile": "--profile"}
FLAGS = {
    "memory_bytes": "--memory", "output_limit_bytes": "--output-limit", "workspace": "--workspace",
    "workspace_access": "--workspace-access", "cwd": "--cwd", "tier": "--tier", "isolation": "--isolation",
    "artifacts_directory": "--artifacts", "seed": "--seed", "expected_digest": "--digest",
}  # fmt: skip


def run_flags(options, is_module):
    flags = []
    for name, value in options.items():
        if name in FLAGS:
            if not (is_module and name in ("workspace", "workspace_access")):
                flags += [FLAGS[name], str(value)]
        elif name == "timeout_ms":
            flags += ["--timeout", f"{value}ms"]
        elif name == "clock_start_ns":
            started = datetime.datetime.fromtimestamp(value // 10**9, datetime.timezone.utc)
            flags += ["--clock", started.isoformat()]
        elif name == "environment":
            for variable, text in value.items():
                flags += ["--env", f"{variable}={text}"]
        elif name == "mounts":
            for mount in value:
                flags += ["--mount", f"{mount['host_path']}:{mount['guest_path']}" + ("" if mount.get("writable", True) else ":ro")]
        elif name == "stdin":
            flags += ["--stdin", "-"]
        elif name == "requirements":
            flags += ["--ignore-requirements"] if value == "ignore" else []
        elif name == "missing_layers":
            flags += ["--accept-missing-layers"] if value == "accept" else []
        else:
            raise ValueError(f"the command line has no flag for '{name}'")
    return flags


def words(test):
    call, takes = test["call"], test["takes"]
    only = [word for id in takes.get("only", ()) for word in ("--only", id)]
    options = run_flags(test.get("options", {}), call == "run_module")
    if call in ("load_skills", "skills", "diagnostics"):
        return ["list"]
    if call == "prompt":
        flags = ["--format", takes.get("style", "xml"), *only]
        flags += ["--budget", str(takes["budget_characters"])] if "budget_characters" in takes else []
        return ["prompt", *flags, *([] if takes.get("show_locations", True) else ["--no-location"])]
    if call == "activate":
        request = takes["request"]
        flags = {"instructions": ["--raw"], "whole-file": ["--whole-file"]}.get(request.get("as"), [])
        for name, flag in (("by", "--by"), ("shown_directory", "--skill-dir"), ("session_id", "--session")):
            flags += [flag, request[name]] if name in request else []
        return ["activate", takes["id"], *flags, "--", *request.get("arguments", "").split()]
    if call == "files":
        return ["files", takes["id"]]
    if call == "manifest":
        return ["show", takes["id"]]
    if call == "read":
        return ["read", takes["id"], takes["path"]]
    if call == "search":
        return ["search", takes["query"], "--limit", str(takes.get("limit", 10)), *only]
    if call == "execute_skill":
        return ["run", takes["id"], "--input", json.dumps(takes["input"]), *options]
    if call == "run_script":
        return ["run", takes["id"], takes["script"], *options, "--", *takes["arguments"]]
    if call == "exec":
        return ["exec", *(["--skill", takes["id"]] if takes["id"] else []), *options, "--", *takes["command"]]
    return ["wasm", takes["path"], *options, "--", *takes["arguments"]]


def diagnostic(one):
    return {**one, "line": one["line"] or 0, "column": one["column"] or 0}


def renamed(call, printed):
    """What the command printed as the call answers it. Members that a command leaves out are left out."""
    if set(printed) == {"error"}:
        return {"error": {**printed["error"], "hint": printed["error"]["hint"] or ""}}
    if call == "load_skills":
        return None
    if call == "skills":
        return printed["skills"]
    if call == "diagnostics":  # of the search alone; `list` has those of the skills as well
        return [diagnostic(one) for one in printed["diagnostics"] if one["severity"] == "error"]
    if call == "prompt":
        return {name: printed[name] for name in ("text", "instructions", "skills", "shortened", "omitted")}
    if call == "activate":
        answer = {name: printed[name] for name in ("id", "text", "text_sha256", "files")}
        return {**answer, "diagnostics": [diagnostic(one) for one in printed["diagnostics"]]}
    if call == "files":
        return [{"path": one["path"], "size_bytes": one["bytes"]} for one in printed["files"]]
    if call == "manifest":
        return {name: value for name, value in printed["manifest"].items() if name != "model_invocable"}
    if call == "read":
        content = printed["content"]
        return content if isinstance(content, str) else list(base64.b64decode(content["base64"]))
    if call == "search":
        return [{"skill": {name: one[name] for name in ("id", "description", "path", "source")}, "score": one["score"]} for one in printed["skills"]]
    return printed


class CommandLine:
    def __init__(self, program):
        self.program = program

    def answer(self, test, environment):
        """The answer and the exit code."""
        runtime = test["runtime"]
        flags = [word for folder in runtime.get("skills", ()) for word in ("--skills", folder)]
        for name, flag in GLOBAL.items():
            flags += [flag, runtime[name]] if name in runtime else []
        flags += ["--trust-project"] if runtime.get("project_trust") == "trusted" else []
        ended = subprocess.run(
            [self.program, "--json", *flags, *words(test)], env={**os.environ, **environment}, timeout=120,
            input=test.get("options", {}).get("stdin", ""), capture_output=True, text=True, encoding="utf-8",
        )  # fmt: skip
        try:
            return renamed(test["call"], json.loads(ended.stdout)), ended.returncode
        except ValueError:
            raise SystemExit(f"{test['name']}: the command line printed no JSON: {ended.stdout}{ended.stderr}") from None
