import os
import sys

import pytest


@pytest.fixture(scope="session")
def qapp_cls():
    """The application of pytest-qt; without a display Qt would end the whole run."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        pytest.skip("no display")
    return pytest.importorskip("qtpy.QtWidgets").QApplication
