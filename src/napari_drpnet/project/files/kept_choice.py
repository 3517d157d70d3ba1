"""Base class of choices of the user that are saved in a small file."""

import json
from pathlib import Path
from typing import Self

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.frozen import Parameters


class KeptChoice(Parameters):
    """Choice of the user that is saved; it has defaults and is never undone."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a saved choice; return the defaults if there is none or it is damaged."""
        try:
            return cls.model_validate(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            return cls()

    def save(self, path: Path) -> None:
        """Save the choice to a file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        # ASCII only, so that names which are not UTF-8 survive too.
        text = json.dumps(self.model_dump(mode="json"))
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="ascii")
