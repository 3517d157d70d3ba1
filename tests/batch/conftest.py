import pytest

from napari_drpnet.parameters import ParticleParameters, PickParameters


@pytest.fixture
def parameters() -> PickParameters:
    return PickParameters(particle=ParticleParameters(diameter_angstrom=36))
