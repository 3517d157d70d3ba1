"""Readers of damaged files raise the error of the package, or none.

`make fuzz` draws more files: DRPNET_FUZZ is their number for each reader.
"""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzzed_readers import Reader, make_readers
from fuzzing import damaged, damages
from napari_drpnet.base.errors import InputFileError

_ASKED = os.environ.get("DRPNET_FUZZ")
#: Number of files for each reader; a run that was asked for draws other files each time.
_COUNT = int(_ASKED or 25)
_NAMES = (
    *(f"coordinates {name}" for name in ("relion", "eman", "csv", "cryolo", "topaz", "cryoppp")),
    *("coordinates cryosparc-mirrored", "coordinates cryosparc-stored"),
    *("coordinates eman2", "coordinates xmipp"),
    *("micrographs", "micrographs copied", "index", "index of picks", "labels csv", "labels star"),
    *("mrc", "mrc gz", "tiff", "picture", "class map", "mask", "mask npz", "segmentation"),
    *("refined particles", "sampling", "model", "optimiser", "half map", "postprocess"),
    *("local resolution", "classes", "selection"),
    *("weights", "published weights", "pdb", "mmcif", "density", "density gz"),
    *("recipe", "project", "journal", "record"),
)


@pytest.fixture(scope="module")
def readers(tmp_path_factory) -> dict[str, Reader]:
    return make_readers(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def test_every_reader_is_tried(readers):
    assert set(readers) == set(_NAMES)


@pytest.mark.parametrize("name", _NAMES)
def test_the_valid_files_are_read(readers, folder, name):
    reader = readers[name]
    path = folder / f"file{reader.suffix}"
    for seed in reader.seeds:
        path.write_bytes(seed)
        reader.read(path)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", _NAMES)
@settings(
    max_examples=_COUNT,
    derandomize=not _ASKED,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(choice=st.integers(0, 11), changes=damages())
def test_damaged_files_raise_nothing_else(readers, folder, name, choice, changes):
    reader = readers[name]
    path = folder / f"file{reader.suffix}"
    path.write_bytes(damaged(reader.seeds[choice % len(reader.seeds)], changes))
    with suppress(InputFileError):
        reader.read(path)
