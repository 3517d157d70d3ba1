"""Paths that come from files and must stay inside their folder."""

from pathlib import Path, PurePath


def is_relative_inside(path: str) -> bool:
    """Return whether a path names something below a folder: relative, and without ``..``.

    Parameters
    ----------
    path : str
        Path from a file, relative to a folder.
    """
    place = PurePath(path)
    return bool(place.parts) and not place.anchor and ".." not in place.parts and "\0" not in path


def is_inside(folder: Path, path: str | PurePath) -> bool:
    """Return whether a path below a folder stays there, also where folders are links.

    Parameters
    ----------
    folder : pathlib.Path
        Folder, which itself may be a link.
    path : str or pathlib.PurePath
        Path relative to `folder`. It may be missing, and may itself be a link, which is replaced or
        removed without a change of its target.
    """
    if not is_relative_inside(str(path)):
        return False
    try:
        real = (folder / path).parent.resolve()
    except (OSError, RuntimeError):  # links that form a cycle, until Python 3.12
        return False
    is_cycle = any(place.is_symlink() for place in (real, *real.parents))  # since Python 3.13
    return not is_cycle and real.is_relative_to(folder.resolve())
