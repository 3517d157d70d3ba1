import pytest
from click.testing import CliRunner

from napari_drpnet.cli import evaluate, main

COMMAND = ["evaluate", "a", "b", "--diameter", "9"]


@pytest.fixture
def failing(monkeypatch, tmp_path):
    def fail_with(error):
        def fail(*arguments):
            raise error

        monkeypatch.setattr(evaluate, "pair_coordinates", fail)
        monkeypatch.setattr("platformdirs.user_log_path", lambda name: tmp_path / "logs")
        return CliRunner().invoke(main, COMMAND)

    return fail_with


def test_an_unexpected_error_is_one_line_with_a_place_for_its_details(failing, tmp_path):
    result = failing(RuntimeError("the\nflux\x1b[2J broke"))
    log = tmp_path / "logs" / "errors.log"
    expected = "Error: unexpected RuntimeError: the flux\\x1b[2J broke. The details are in "
    assert result.exit_code == 1
    assert result.stderr.startswith(expected)
    assert result.stderr.count("\n") == 1
    assert str(log) in result.stderr
    assert "Traceback (most recent call last)" in log.read_text()
    failing(RuntimeError("again"))
    assert log.read_text().count("Traceback") == 2


def test_a_long_log_starts_again(failing, tmp_path):
    log = tmp_path / "logs" / "errors.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (1 << 21))
    failing(RuntimeError("new"))
    assert log.stat().st_size < 1 << 20


def test_without_a_log_the_line_tells_how_to_see_the_details(failing, tmp_path):
    (tmp_path / "logs").touch()
    assert "Set DRPNET_TRACEBACK=1 to see the details" in failing(RuntimeError("x")).stderr


def test_the_traceback_is_shown_on_request(failing, monkeypatch):
    monkeypatch.setenv("DRPNET_TRACEBACK", "1")
    assert isinstance(failing(RuntimeError("x")).exception, RuntimeError)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libtorch.so: failed to map segment: Cannot allocate memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_lack_of_memory_is_told_as_such(failing, error):
    assert failing(error).stderr.startswith("Error: the memory ran out (")
