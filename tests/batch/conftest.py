from pathlib import Path

import pytest

from napari_drpnet.batch import Outputs, list_entries, pick_micrographs
from napari_drpnet.picking.parameters import ParticleParameters, PickParameters


@pytest.fixture
def parameters() -> PickParameters:
    return PickParameters(particle=ParticleParameters(diameter_angstrom=36))


@pytest.fixture
def folder(tmp_path, write_discs, monkeypatch):
    for number in range(3):
        write_discs(tmp_path / f"in/sub/m{number}.mrc", number)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pick(folder, parameters):
    def pick(*sources, out=Outputs(Path("out")), **settings):  # noqa: B008 - frozen
        given = settings.pop("parameters", parameters)
        return pick_micrographs(list_entries(sources or ["in"], "out"), given, out, **settings)

    return pick
