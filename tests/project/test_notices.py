import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.project.notices import explain, path_last


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            InputFileError("a.mrc", "it is blank", "Leave it out"),
            "a.mrc: it is blank. Leave it out.",
        ),
        (ValueError("a low-pass needs a pixel size"), "a low-pass needs a pixel size"),
        (PermissionError(13, "Permission denied", "/a"), "/a: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
        (MemoryError(), "MemoryError"),
        (RuntimeError("CUDA out of memory"), "RuntimeError: CUDA out of memory"),
    ],
)
def test_errors_in_words(error, text):
    assert explain(error) == text


LONG = "/data/2026-11-20/session_of_the_whole_night/MotionCorr/job002/Movies"
NAME = "FoilHole_30123456_Data_30112233_20261120_fractions.mrc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/d/a.mrc: it is blank. Leave it out.", "a.mrc: it is blank. Leave it out.\n/d/a.mrc"),
        (
            "Cannot save: /a b/c: No space. Free some.",
            "Cannot save: c: No space. Free some.\n/a b/c",
        ),
        (
            "Incomplete. Movies/a.mrc: Permission denied. Try again.",
            "Incomplete. a.mrc: Permission denied. Try again.\nMovies/a.mrc",
        ),
        ("C:\\x\\a.mrc: it is blank.", "a.mrc: it is blank.\nC:\\x\\a.mrc"),
        ("a.mrc: it is blank.", "a.mrc: it is blank."),
        ("Press Pick/Pick all first: there are no picks.", None),
        ("accept/reject: which?", None),
        ("12 labels written to labels.csv.", None),
        (
            f"{LONG}/{NAME}: it is blank.",
            "FoilHole_30123…_fractions.mrc: it is blank.\n/data/2026-11-20/\n"
            "session_of_the_whole_night/\nMotionCorr/job002/Movies/\n"
            f"{NAME[:36]}\n{NAME[36:]}",
        ),
    ],
)
def test_the_path_comes_last(text, shown):
    assert path_last(text) == (shown or text)
