"""The last resort: an error that no command expects, in one line with a place for its details."""

import traceback
from datetime import datetime
from pathlib import Path

#: Environment variable that shows the traceback in place of the line.
SHOW_TRACEBACK = "DRPNET_TRACEBACK"
_MOST_BYTES = 1 << 20
#: Words in errors of other libraries, which have types of their own for a lack of memory.
_NO_MEMORY = ("allocate memory", "out of memory", "not enough memory", "unable to allocate")


def explain_unexpected(error: Exception) -> str:
    """Describe an unexpected error in one line, and append its traceback to a log file."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if is_lack_of_memory(error):
        return (
            f"the memory ran out ({text}). Close other programs, use fewer --workers, or choose a "
            "computer with more memory"
        )
    try:
        place = f"The details are in {_write_log(error)}: please report them"
    except OSError:
        place = f"Set {SHOW_TRACEBACK}=1 to see the details, and please report them"
    return f"unexpected {text}. {place}"


def is_lack_of_memory(error: BaseException) -> bool:
    """Return whether an error of any library means that the memory ran out."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY)


def _write_log(error: Exception) -> Path:
    from platformdirs import user_log_path

    path = user_log_path("napari-drpnet") / "errors.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    is_long = path.exists() and path.stat().st_size > _MOST_BYTES
    with path.open("w" if is_long else "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')}\n")
        file.writelines(traceback.format_exception(error))
    return path
