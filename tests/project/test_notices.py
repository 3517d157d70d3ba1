import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.project.notices import explain


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
