import click
import pytest

from napari_drpnet.cli.plausibility import require_plausible
from napari_drpnet.picking.parameters import ParticleParameters


@pytest.mark.parametrize(
    ("diameter", "pixel_size", "message"),
    [
        (15, None, "--diameter: .*15 nm are 150 Å"),
        (180, 21, "--pixel-size: 21 Å is unusual"),
        (30, 6, "--diameter: .*only 5.0 pixels wide"),
    ],
)
def test_a_number_that_is_hardly_meant_is_refused(diameter, pixel_size, message):
    particle = ParticleParameters(diameter_angstrom=diameter, pixel_size_angstrom=pixel_size)
    with pytest.raises(click.UsageError, match=message) as caught:
        require_plausible(particle)
    assert "--unusual" in caught.value.message


def test_an_unusual_number_is_picked_with_on_request(drpnet, use_toy_weights, tmp_path):
    command = ("pick", "gone.mrc", "--out", tmp_path / "out", "--diameter", 15)
    assert "150 Å" in drpnet(*command, code=2).stderr
    assert "there is no such file" in drpnet(*command, "--unusual", code=1).stderr


@pytest.mark.parametrize(
    ("pixel_size", "reason"),
    [(21.0, "its pixel size: 21 Å is unusual"), (4.0, "its diameter: a particle is only 5.0 pix")],
)
def test_a_micrograph_with_an_unusual_header_fails(
    drpnet, use_toy_weights, tmp_path, write_discs, pixel_size, reason
):
    write_discs(tmp_path / "good.mrc")
    write_discs(tmp_path / "odd.mrc", pixel_size=pixel_size)
    diameter = 200 if pixel_size > 20 else 20
    command = ("pick", tmp_path / "good.mrc", tmp_path / "odd.mrc", "--out", tmp_path / "out")
    command += ("--diameter", diameter, "--workers", 1)
    result = drpnet(*command, code=1)
    assert f"odd.mrc: {reason}" in " ".join(result.stderr.split())
    assert "--unusual" in result.stderr
    assert (tmp_path / "out" / "good_autopick.star").exists()
    drpnet(*command, "--resume", "--unusual")
    assert (tmp_path / "out" / "odd_autopick.star").exists()
