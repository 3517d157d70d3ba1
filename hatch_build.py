"""What the metadata of the package takes from the address of the repository.

The address is given by the variable ``DRPNET_REPOSITORY``, which the workflows of GitHub set, since
a copy of the repository does not know where it is published. The links of README.md are relative
and lead nowhere on the page of a package index. With an address they become absolute; without one
they are plain text, and pictures are left out.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?!https?://)(?P<target>[^)]+)\)")
_CAPTION = re.compile(r"(!\[[^\]]*\]\([^)]*\))\n\n\*[^*]+\*\n\n")


def urls(address: str) -> dict[str, str]:
    """Return the addresses that a package index shows."""
    return {
        "Source": address,
        "Documentation": f"{address}/blob/HEAD/docs/index.md",
        "Issues": f"{address}/issues",
        "Changelog": f"{address}/blob/HEAD/CHANGELOG.md",
    }


def description(readme: str, address: str) -> str:
    """Return the text of README.md as it stands on the page of a package index."""
    if not address:
        readme = _CAPTION.sub("", readme)

    def replace(link: re.Match[str]) -> str:
        picture, text, target = link["picture"], link["text"], link["target"]
        if not address:
            return "" if picture else text
        return f"{picture}[{text}]({address}/{'raw' if picture else 'blob'}/HEAD/{target})"

    return _LINK.sub(replace, readme)


class RepositoryHook(MetadataHookInterface):
    """Sets the fields ``readme`` and ``urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the fields."""
        address = os.environ.get("DRPNET_REPOSITORY", "").rstrip("/")
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        text = description(readme, address)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = urls(address) if address else {}
