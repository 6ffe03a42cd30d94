"""The guests that the package carries, unpacked once into the user's cache.

They are one file in the wheel, since installers compile every `*.py` they put down beside it, and a guest is used only
with exactly the files its manifest tells of.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Optional

from .errors import OpenSkillsError

_SHARE = Path(__file__).parent / "share" / "openskills"


def _cache() -> Path:
    own = os.environ.get("OPENSKILLS_CACHE_DIR")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "openskills"


def bundled_guests() -> Optional[str]:
    """The folder with the guests; None for a package that carries none. The runtime verifies them at their use."""
    archive = _SHARE / "guests.tar"
    if not archive.is_file():
        return None
    parent = _cache() / "packaged-guests"
    folder = parent / (_SHARE / "guests.sha256").read_text().strip()
    if not folder.is_dir():
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _unpack(archive, parent, folder)
        except (OSError, tarfile.TarError) as problem:
            raise OpenSkillsError(
                "cache-unusable", f"the guests of the package cannot be unpacked into '{parent}': {problem}",
                "make room on the disk, or name a folder that can be written in OPENSKILLS_CACHE_DIR",
            ) from None  # fmt: skip
    return str(folder)


def _unpack(archive: Path, parent: Path, folder: Path) -> None:
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=parent))
    try:
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(partial, filter="data")
            else:
                tar.extractall(partial)
        try:
            os.rename(partial, folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
