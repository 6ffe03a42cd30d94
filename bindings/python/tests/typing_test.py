"""The whole surface as a program uses it: checked by mypy and pyright, never run. An ignored error that is none any more
is an error itself."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from openskills import (
    ActivatedSkill, Artifact, CancelToken, Conversation, Error, FoundSkill, InvalidArgument, Isolation, Layers,
    Manifest, Mount, OpenSkillRuntime, OpenSkillsError, Outcome, PromptText, RunFailed, RunOptions, SkillChanges, SkillDiagnostic,
    SkillFile, SkillInfo, SkillNotFound, SkillWatcher, Usage,
)  # fmt: skip
from openskills.tools import SkillTools, ToolAnswer, outcome_text


def log(record: Dict[str, Any]) -> None:
    print(record)


def disclosure(runtime: OpenSkillRuntime) -> None:
    runtime.load_skills()
    changes: SkillChanges = runtime.refresh()
    skills: List[SkillInfo] = runtime.skills()
    diagnostics: Tuple[SkillDiagnostic, ...] = runtime.diagnostics()
    prompt: PromptText = runtime.prompt(style="json", show_locations=False, budget_characters=1, filter=lambda skill: skill.model_invocable)
    conversation = Conversation()
    active: ActivatedSkill = runtime.activate("x", "a", as_="whole-file", by="user", shown_directory=Path("/skill"), session_id="s", conversation=conversation)
    files: List[SkillFile] = runtime.files("x")
    manifest: Manifest = runtime.manifest("x")
    print(manifest.metadata["a"].upper(), manifest.other, manifest.arguments[0].upper())
    data: bytes = runtime.read("x", Path("y"))
    found: List[FoundSkill] = runtime.search("words", 3)
    covered: bool = conversation.covers("/x")
    print(changes.added, skills[0].id, diagnostics[0].line, prompt.tool_schema, active.text_sha256, files[0].size_bytes, data,
          found[0].score, covered, conversation.active(), conversation.render_again(1, 2))


def runs(runtime: OpenSkillRuntime, token: CancelToken) -> Outcome:
    options = RunOptions(
        timeout=timedelta(seconds=1), memory_bytes=1 << 28, workspace=Path("."), environment={"A": "b"}, stdin=b"x",
        mounts=[Mount("/h", "/g", writable=False)], cancel=token, seed=1, on_output=lambda kind, data: len(data) > 0,
    )  # fmt: skip
    outcome: Outcome = runtime.execute_skill("x", {"a": 1}, options)
    runtime.run_script("x", Path("scripts/y.py"), ["a"], timeout=1.5)
    runtime.exec(None, ["python3"], tier="wasm")
    runtime.run_module("/m.wasm", isolation="in-process")
    artifact: Artifact = outcome.artifacts[0]
    usage: Usage = outcome.usage
    isolation: Isolation = outcome.isolation
    layers: Layers = isolation.layers
    error: Optional[Error] = outcome.error
    print(artifact.sha256, usage.wall_ms, layers.landlock, error and error.code, outcome.stdout, outcome.stdout_bytes,
          outcome.output, outcome.to_json(), outcome_text(outcome))
    return outcome.raise_for_status()


async def with_asyncio(runtime: OpenSkillRuntime) -> None:
    await runtime.aload_skills()
    task: "asyncio.Task[Outcome]" = asyncio.create_task(runtime.aexec(None, ["python3"]))
    await runtime.aexecute_skill("x", None)
    await runtime.arun_script("x", "y")
    await runtime.arun_module("/m.wasm")
    async for kind, piece in runtime.stream_exec(None, ["python3"]):
        last: Union[bytes, Outcome] = piece
        print(kind, last)
    watcher = SkillWatcher.start("./skills")
    changes: Optional[SkillChanges] = await watcher.await_change()
    print(await task, changes, await runtime.aread("x", "y"), await runtime.arefresh())


def tools(runtime: OpenSkillRuntime) -> None:
    own = SkillTools(runtime, RunOptions(workspace="."), filter=lambda skill: True, max_characters=10)
    answer: ToolAnswer = own.call("exec_command", "{}")
    print(answer.text, answer.is_error, own.for_openai(), own.for_anthropic(), own.for_mcp(), own.system_prompt())


def mistakes() -> None:
    runtime = OpenSkillRuntime("./skills", on_log=log, max_concurrent_runs=4)
    runtime.run_script("x", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    runtime.skills()[0].id = "y"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    OpenSkillRuntime(time_out=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    try:
        runtime.read("x", "y")
    except (SkillNotFound, InvalidArgument, RunFailed, OpenSkillsError) as problem:
        print(problem.code, problem.hint)
