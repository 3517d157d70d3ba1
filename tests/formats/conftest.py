import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sample_data() -> Path:
    shared = os.environ.get("DRPNET_SHARED")
    folder = Path(shared) if shared else Path(__file__).parents[3] / "shared"
    if not (folder / "data" / "formats").is_dir():
        pytest.skip("the shared sample files are absent: set DRPNET_SHARED")
    return folder / "data"
