import click
import pytest

from napari_drpnet.cli.plausibility import require_plausible
from napari_drpnet.picking.parameters import ParticleParameters


@pytest.mark.parametrize(
    ("diameter", "pixel_size", "message"),
    [
        (15, None, "15 nm are 150 Å"),
        (0.001, None, "less than any particle"),
        (180, 0.05, "--pixel-size: 0.05 Å is unusual"),
        (180, 21, "--pixel-size: 21 Å is unusual"),
        (30, 6, "only 5.0 pixels wide"),
    ],
)
def test_a_number_that_is_hardly_meant_is_refused(diameter, pixel_size, message):
    particle = ParticleParameters(diameter_angstrom=diameter, pixel_size_angstrom=pixel_size)
    with pytest.raises(click.UsageError, match=message) as caught:
        require_plausible(particle)
    assert "--unusual" in caught.value.message


@pytest.mark.parametrize(("diameter", "pixel_size"), [(20, None), (180, 0.1), (600, 20), (36, 6)])
def test_usual_numbers_are_taken(diameter, pixel_size):
    require_plausible(
        ParticleParameters(diameter_angstrom=diameter, pixel_size_angstrom=pixel_size)
    )


def test_an_unusual_number_is_picked_with_on_request(drpnet, use_toy_weights, tmp_path):
    command = ("pick", "gone.mrc", "--out", tmp_path / "out", "--diameter", 15)
    assert "150 Å" in drpnet(*command, code=2).stderr
    assert "there is no such file" in drpnet(*command, "--unusual", code=1).stderr
