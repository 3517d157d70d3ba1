import pytest
from click.testing import CliRunner

from napari_drpnet.cli import main


@pytest.fixture
def drpnet(tmp_path, monkeypatch, use_toy_weights):
    """A function that runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def micrographs(drpnet, write_discs):
    for number in range(3):
        write_discs(f"in/m{number}.mrc", number)
