"""Pages of the documentation that the window shows, without a network."""

import re
from pathlib import Path

import napari_drpnet

#: Page that is shown first.
TUTORIAL = "tutorial.md"

_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n*", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]*)(?:#[^)\s]*)?\)")


def pages_folder() -> Path:
    """Return the folder of the pages: that of the package, or that of the repository."""
    package = Path(napari_drpnet.__file__).parent
    installed = package / "docs"
    return installed if installed.is_dir() else package.parents[1] / "docs"


def read_page(path: Path) -> str:
    """Return the text of a page in Markdown, as far as the window can show it.

    Pictures of the window and comments are left out, and links lead only to pages that are there,
    or to the web.

    Raises
    ------
    OSError
        If the page cannot be read.
    """

    def link(found: re.Match[str]) -> str:
        text, target = found.groups()
        if target.startswith(("https://", "http://")):
            return found[0]
        return f"[{text}]({target})" if target and (path.parent / target).is_file() else text

    text = _PICTURE.sub("", _COMMENT.sub("", path.read_text(encoding="utf-8")))
    return _LINK.sub(link, text)
