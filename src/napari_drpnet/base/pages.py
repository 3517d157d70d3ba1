"""Self-contained HTML pages: templates of Jinja with one style sheet for all pages."""

from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

_STYLE = Path(__file__).with_name("page.css")


def render_page(template: Path, **content: Any) -> str:
    """Render an HTML page.

    Parameters
    ----------
    template : pathlib.Path
        Template of Jinja. It is given the style sheet as ``style`` and the time as ``written``.
    **content
        Values of its other variables. Text is escaped.

    Returns
    -------
    str
        The page.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        style=_STYLE.read_text(encoding="utf-8"),
        written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        **content,
    )


def data_url(kind: str, content: bytes) -> str:
    """Return the content of a file of a media type, such as ``image/png``, as a ``data:`` URL."""
    return f"data:{kind};base64,{b64encode(content).decode()}"
