"""OpenSkills: finds, discloses and safely executes Agent Skills.

    from openskills import OpenSkillRuntime

    runtime = OpenSkillRuntime("./skills")
    runtime.load_skills()
    outcome = runtime.run_script("csv-report", "scripts/report.py", ["orders.csv"], workspace="work", timeout=10)
"""

from ._native import version as __version__
from .errors import InvalidArgument, OpenSkillsError, RunFailed, SkillNotFound
from .options import CancelToken, Mount, RunOptions
from .outcome import Artifact, Error, Isolation, Layers, Outcome, Usage
from .runtime import Conversation, OpenSkillRuntime, SkillWatcher
from .values import (
    ActivatedSkill, FoundSkill, Manifest, PromptText, SkillChanges, SkillDiagnostic, SkillFile, SkillInfo,
)  # fmt: skip

__all__ = [
    "ActivatedSkill", "Artifact", "CancelToken", "Conversation", "Error", "FoundSkill", "InvalidArgument",
    "Isolation", "Layers", "Manifest", "Mount", "OpenSkillRuntime", "OpenSkillsError", "Outcome", "PromptText", "RunFailed",
    "RunOptions", "SkillChanges", "SkillDiagnostic", "SkillFile", "SkillInfo", "SkillNotFound", "SkillWatcher",
    "Usage", "__version__",
]  # fmt: skip
