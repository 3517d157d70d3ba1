"""Where projects live."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path


def projects_root(setting: str | None) -> Path:
    """Return where projects go that the user gave no folder.

    Parameters
    ----------
    setting : str, optional
        The user's preference. The environment variable ``DRPNET_PROJECTS`` comes before it, and
        the user's data folder after it.
    """
    from platformdirs import user_data_path

    chosen = os.environ.get("DRPNET_PROJECTS") or setting
    return Path(chosen).expanduser() if chosen else user_data_path("napari-drpnet") / "projects"


def default_project_folder(root: Path, sources: Sequence[Path]) -> Path:
    """Return the folder of the project of what was opened: always the same, in any order.

    Parameters
    ----------
    root : pathlib.Path
        Folder of projects.
    sources : sequence of pathlib.Path
        Micrographs, folders, patterns or lists; at least one.
    """
    paths = sorted(os.path.abspath(source) for source in sources)
    digest = hashlib.sha256("\0".join(paths).encode(errors="surrogateescape")).hexdigest()
    stem = re.sub(r"[^\w.-]+", "_", Path(paths[0]).stem)[:60] or "project"
    return root / f"{stem}-{digest[:8]}"
