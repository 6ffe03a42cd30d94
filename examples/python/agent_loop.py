"""An agent that uses skills, in the Anthropic tool format. No model service is needed: a scripted stand-in answers as
one would. To use a real one, give `run_agent` a function that calls it.

    python agent_loop.py SKILLS_DIR WORK_DIR
"""

import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

from openskills import OpenSkillRuntime
from openskills.tools import SkillTools

Message = Dict[str, Any]
# (system prompt, tools, messages) -> {"stop_reason": …, "content": [blocks]}, as the Messages API answers.
Model = Callable[[str, List[Dict[str, Any]], List[Message]], Dict[str, Any]]


def run_agent(model: Model, tools: SkillTools, task: str, most_turns: int = 10) -> str:
    """Lets the model call tools until it answers in words."""
    messages: List[Message] = [{"role": "user", "content": task}]
    for _ in range(most_turns):
        answer = model(tools.system_prompt(), tools.for_anthropic(), messages)
        messages.append({"role": "assistant", "content": answer["content"]})
        if answer["stop_reason"] != "tool_use":
            return "".join(block["text"] for block in answer["content"] if block["type"] == "text")
        results: List[Dict[str, Any]] = []
        for block in answer["content"]:
            if block["type"] == "tool_use":
                done = tools.call(block["name"], block["input"])
                print(f"  {block['name']} {block['input']} -> {done.text.splitlines()[0][:80]}")
                results.append({"type": "tool_result", "tool_use_id": block["id"], "content": done.text, "is_error": done.is_error})
        messages.append({"role": "user", "content": results})
    raise RuntimeError(f"no answer after {most_turns} turns")


def scripted_model(system: str, tools: List[Dict[str, Any]], messages: List[Message]) -> Dict[str, Any]:
    """Asks for what a model would ask for, step by step, and reads what it was given."""
    assert "csv-report" in system and any(tool["name"] == "run_skill_script" for tool in tools)
    steps = [
        ("activate_skill", {"skill": "csv-report"}),
        ("run_skill_script", {"skill": "csv-report", "script": "scripts/report.py",
                              "arguments": ["orders.csv", "--output", "report.md", "--group-by", "region"]}),
        ("exec_command", {"command": ["python3", "-c", "print(open('report.md').read().splitlines()[0])"]}),
    ]  # fmt: skip
    turn = len(messages) // 2
    if turn < len(steps):
        name, given = steps[turn]
        return {"stop_reason": "tool_use", "content": [{"type": "tool_use", "id": f"call-{turn}", "name": name, "input": given}]}
    title = messages[-1]["content"][0]["content"]
    return {"stop_reason": "end_turn", "content": [{"type": "text", "text": f"The report is in report.md: {title}"}]}


def main() -> None:
    skills, work = Path(sys.argv[1]), Path(sys.argv[2])
    runtime = OpenSkillRuntime(skills)
    runtime.load_skills()
    # Limits and the workspace are the host's; nothing the model writes changes them.
    tools = SkillTools(runtime, workspace=work, timeout=20)
    print(run_agent(scripted_model, tools, "Make a report of orders.csv, with totals per region."))


if __name__ == "__main__":
    main()
